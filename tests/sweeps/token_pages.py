"""The pages of a client with a mobile security code, at the door and inside, in every state that is worth seeing."""

from collections.abc import Iterator

import time_machine
from django.http import HttpResponse

from accounts.models import Customer
from tests.actors import PASSWORD, Visitor
from tests.twofactor.phone import STEP, give_phone, suspend

Clock = time_machine.Traveller
Pages = Iterator[tuple[str, HttpResponse]]
_CODE, _PAIR = "login/verify/", "login/clock/"


def token_pages(language: str, ben: Customer, clock: Clock) -> Pages:
    """Ben has bound a phone; in the end he loses it."""
    phone = give_phone(ben, name="Pixel 8")
    visitor = Visitor(language, "192.0.2.82")
    visitor.password_step(ben.login)
    yield "token code", visitor.get(_CODE)
    visitor.code_step("x")
    yield "token code shape", visitor.get(_CODE)
    visitor.code_step(phone.never())
    yield "token code wrong", visitor.get(_CODE)
    visitor.code_step(phone.code(steps=-6))
    yield "clock slow", visitor.get(_CODE)
    visitor.code_step(phone.code(steps=6))
    yield "clock fast", visitor.get(_CODE)
    visitor.code_step(phone.never())
    yield "token one try left", visitor.get(_CODE)
    yield "two codes", visitor.get(_PAIR)
    visitor.post(_PAIR)
    yield "two codes shape", visitor.get(_PAIR)
    visitor.post(_PAIR, phone.pair(steps=8))
    clock.shift(3600)
    yield from _clock_mended(language, ben, clock)
    suspend(ben)
    yield "phone lost", Visitor(language, "192.0.2.85").password_step(ben.login)


def _clock_mended(language: str, ben: Customer, clock: Clock) -> Pages:
    phone = give_phone(ben, name="Pixel 8", off=240)
    visitor, other = Visitor(language, "192.0.2.83"), Visitor(language, "192.0.2.84")
    other.password_step(ben.login)
    visitor.password_step(ben.login)
    visitor.post(_PAIR, phone.pair())
    other.code_step(phone.code())
    yield "token code used", other.get(_CODE)
    clock.shift(3600)
    Customer.objects.filter(pk=ben.pk).update(mobile="")
    other.password_step(ben.login)
    phone.off = 0
    other.code_step(phone.code())
    yield "clock mended", other.get(_CODE)
    other.post(_PAIR, phone.pair())
    yield "home without a mobile", other.get("home/")
    other.get("service/password/")
    yield "prove by app", other.get("service/prove/")
    other.post("service/prove/", {"password": PASSWORD})
    other.post("service/prove/code/", {"code": phone.code(steps=5)})
    yield "prove by app, clock off", other.get("service/prove/code/")
    yield "prove by two codes", other.get("service/prove/clock/")
    clock.shift(STEP)
    other.post("logout/")
