"""The pages of a forgotten password, in every state that is worth seeing."""

from collections.abc import Iterator
from datetime import timedelta

import time_machine
from django.http import HttpResponse

from accounts.models import Customer
from tests.actors import Handset, Visitor, wrong
from tests.reset.steps import (
    START,
    begin,
    choose,
    code_by_email,
    posted,
    to_email,
    type_code,
    type_email_code,
    type_letter_code,
)
from tests.twofactor.phone import give_phone, suspend
from tests.twofactor.switches import A_MINUTE, sms_code

Pages = Iterator[tuple[str, HttpResponse]]
_EMAIL, _LETTER, _CODE = f"{START}email/", f"{START}letter/", f"{START}code/"


def reset_pages(language: str, client: Customer, handset: Handset, clock: time_machine.Traveller) -> Pages:
    """By e-mail the whole way, then by letter; at the end the client has a phone, and has lost it."""
    visitor = Visitor(language, "192.0.2.83")
    yield "password forgotten", visitor.get(START)
    yield "reset form empty", visitor.post(START)
    yield "reset without verification", visitor.post(START, {"number": client.login, "way": "email"})
    code = to_email(visitor, client)
    yield "reset by e-mail", visitor.get(_EMAIL)
    begin(visitor, client.login)
    yield "reset asked too soon", visitor.get(_EMAIL)
    type_email_code(visitor, wrong(code))
    yield "reset code wrong", visitor.get(_EMAIL)
    type_email_code(visitor, "x")
    yield "reset code shape", visitor.get(_EMAIL)
    clock.shift(timedelta(minutes=10, seconds=5))
    type_email_code(visitor, code)
    yield "reset code expired", visitor.get(_EMAIL)
    to_email(visitor, client)
    type_email_code(visitor, code)
    yield "reset code of another request", visitor.get(_EMAIL)
    type_email_code(visitor, code_by_email(client.email))
    yield "reset method", visitor.get(_CODE)
    code = sms_code(handset, client)
    type_code(visitor, wrong(code))
    yield "reset method wrong", visitor.get(_CODE)
    type_code(visitor, code)
    yield "reset password", visitor.get(f"{START}password/")
    yield "reset password weak", choose(visitor, "100001")
    choose(visitor)
    yield "reset done", visitor.get(f"{START}done/")
    yield from _by_letter(language, client, handset, clock)


def _by_letter(language: str, client: Customer, handset: Handset, clock: time_machine.Traveller) -> Pages:
    visitor = Visitor(language, "192.0.2.84")
    clock.shift(A_MINUTE)
    _, older = posted(client)
    _, code = posted(client)
    begin(visitor, client.login, "letter")
    yield "reset by letter", visitor.get(_LETTER)
    for name, typed in (("shape", "x"), ("wrong", "0000-0000-0000"), ("replaced", older)):
        type_letter_code(visitor, typed)
        yield f"letter code {name}", visitor.get(_LETTER)
    give_phone(client)
    type_letter_code(visitor, code)
    yield "reset by the app", visitor.get(_CODE)
    type_code(visitor, "000000")
    yield "reset by two codes", visitor.get(f"{START}clock/")
    clock.shift(timedelta(minutes=20, seconds=5))
    visitor.get(_CODE)
    yield "reset over", visitor.get(START)
    suspend(client)
    begin(visitor, client.login, "letter")
    type_letter_code(visitor, code)
    yield "reset without the phone", visitor.get(_CODE)
