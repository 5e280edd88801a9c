"""The pages of binding a phone with a letter, in every state that is worth seeing."""

from collections.abc import Iterator
from datetime import timedelta

import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer
from tests.actors import Visitor
from tests.rebinding.steps import (
    NO_CODE,
    PHONE,
    START,
    lose_phone,
    posted,
    printed,
    show_key,
    type_app,
    type_letter,
)
from tests.twofactor.switches import app_code, key_on, not_the_code

Pages = Iterator[tuple[str, HttpResponse]]
_ANOTHER = "ZZZZ0000YYYY"


def letter_pages(language: str, ben: Customer, clock: time_machine.Traveller) -> Pages:
    """Ben has lost his phone; in the end he has bound another."""
    lose_phone(ben)
    printed(ben)
    visitor = Visitor(language, "192.0.2.86")
    visitor.password_step(ben.login)
    yield "ask for the letter", visitor.get(START)
    for name, code in {"shape": "x", "wrong": NO_CODE, "not posted": "K7QM4TXB92HD"}.items():
        type_letter(visitor, code)
        yield f"letter {name}", visitor.get(START)
    posted(ben, _ANOTHER)
    type_letter(visitor)
    yield "letter replaced", visitor.get(START)
    Customer.objects.filter(pk=ben.pk).update(method_held_from=timezone.now())
    type_letter(visitor, _ANOTHER)
    yield "letter held", visitor.get(START)
    Customer.objects.filter(pk=ben.pk).update(method_held_from=None)
    type_letter(visitor, _ANOTHER)
    yield "name the phone of a letter", visitor.get(PHONE)
    shown = show_key(visitor)
    yield "key of a letter", shown
    yield "key of a letter was shown", visitor.get(PHONE)
    seed = key_on(shown)
    type_app(visitor, not_the_code(seed))
    yield "first code wrong", visitor.get(PHONE)
    type_app(visitor, app_code(seed))
    yield "bound by letter", visitor.get("home/")
    visitor.post("logout/")
    yield from _over(language, ben, clock)


def _over(language: str, ben: Customer, clock: time_machine.Traveller) -> Pages:
    visitor = Visitor(language, "192.0.2.87")
    visitor.password_step(ben.login)
    type_letter(visitor, _ANOTHER)
    yield "letter used", visitor.get(START)
    posted(ben)
    for _ in range(5):
        type_letter(visitor, NO_CODE)
    yield "letter spoilt", visitor.get(START)
    type_letter(visitor)
    yield "letter spoilt before", visitor.get(START)
    visitor.get(PHONE)
    yield "nothing to go on with", visitor.get(START)
    type_letter(visitor, NO_CODE)
    yield "too many letter codes", visitor.get("login/")
    posted(ben)
    clock.shift(timedelta(days=30, seconds=1))
    late = Visitor(language, "192.0.2.88")
    late.password_step(ben.login)
    type_letter(late)
    yield "letter lapsed", late.get(START)
    clock.shift(3600)
