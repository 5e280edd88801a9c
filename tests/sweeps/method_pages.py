"""The pages of a change of method and of a lost phone, in every state that is worth seeing."""

from collections.abc import Iterator
from datetime import timedelta

import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, Method
from tests.actors import Handset, Visitor, wrong
from tests.twofactor.switches import (
    A_MINUTE,
    app_code,
    ask,
    bind,
    confirm,
    confirm_sms,
    key_on,
    not_the_code,
    prove_by_app,
    prove_by_sms,
    show_key,
    sms_code,
)

Clock = time_machine.Traveller
Pages = Iterator[tuple[str, HttpResponse]]
_PAGE, _BIND, _CONFIRM = "service/2fa/", "service/2fa/bind/", "service/2fa/confirm/"


def method_pages(language: str, amy: Customer, handset: Handset, clock: Clock) -> Pages:
    """From text messages to the app and back; nobody else's code is due for an hour afterwards."""
    visitor = Visitor(language, "192.0.2.80")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    yield "method not chosen", visitor.get(_PAGE)
    visitor.post(_PAGE)
    yield "method missing", visitor.get(_PAGE)
    yield from _without(visitor, amy)
    ask(visitor, Method.SOFT_TOKEN)
    yield "prove for a method", visitor.get("service/prove/")
    yield "change begun", visitor.get(_PAGE)
    prove_by_sms(visitor, handset, amy)
    yield "name the phone", visitor.get(_BIND)
    visitor.post(_BIND, {"name": "x" * 41})
    yield "name refused", visitor.get(_BIND)
    shown = show_key(visitor)
    yield "key", shown
    yield "key was shown", visitor.get(_BIND)
    seed = key_on(shown)
    confirm(visitor, not_the_code(seed))
    yield "app code wrong", visitor.get(_BIND)
    yield "change proven", visitor.get(_PAGE)
    confirm(visitor, app_code(seed))
    yield "app in use", visitor.get("service/2fa/done/")
    yield "method app", visitor.get(_PAGE)
    yield "home with the app", visitor.get("home/")
    yield from _back(visitor, amy, handset, clock, seed)


def _without(visitor: Visitor, amy: Customer) -> Pages:
    Customer.objects.filter(pk=amy.pk).update(email="")
    yield "no second channel", visitor.get(_PAGE)
    Customer.objects.filter(pk=amy.pk).update(email=amy.email, method_held_from=timezone.now())
    yield "cooling off", visitor.get(_PAGE)
    Customer.objects.filter(pk=amy.pk).update(method_held_from=None)


def _back(visitor: Visitor, amy: Customer, handset: Handset, clock: Clock, seed: bytes) -> Pages:
    Customer.objects.filter(pk=amy.pk).update(mobile="")
    yield "no number", visitor.get(_PAGE)
    Customer.objects.filter(pk=amy.pk).update(mobile=amy.mobile)
    clock.shift(A_MINUTE)
    ask(visitor, Method.SMS)
    yield "prove by app for a method", visitor.get("service/prove/")
    prove_by_app(visitor, seed)
    yield "number code queued", visitor.get(_CONFIRM)
    code = sms_code(handset, amy)
    confirm_sms(visitor, wrong(code))
    yield "number code wrong", visitor.get(_CONFIRM)
    clock.shift(timedelta(seconds=185))
    yield "number code expired", visitor.get(_CONFIRM)
    visitor.post("service/2fa/confirm/resend/")
    yield "number code resent", visitor.get(_CONFIRM)
    confirm_sms(visitor, sms_code(handset, amy))
    yield "text messages in use", visitor.get("service/2fa/done/")
    ask(visitor, Method.SMS)
    yield "in use already", visitor.get(_PAGE)
    visitor.post("logout/")
    clock.shift(3700)


def lost_pages(language: str, ben: Customer, handset: Handset, clock: Clock) -> Pages:
    """Ben binds a phone and loses it."""
    visitor = Visitor(language, "192.0.2.81")
    visitor.log_in(handset, ben)
    clock.shift(A_MINUTE)
    bind(visitor, handset, ben)
    visitor.post("logout/")
    visitor.password_step(ben.login)
    yield "code of the app", visitor.get("login/verify/")
    yield "report a lost phone", visitor.get("login/lost/")
    yield "reported lost", visitor.post("login/lost/")
