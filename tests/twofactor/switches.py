"""Steps of a change of method: as a client takes them over HTTP, with an app that is not the portal's own code."""

import re
import time
from base64 import b32decode, b32encode
from html import unescape

import pyotp
from django.http import HttpResponse
from time_machine import Traveller as Clock

from accounts.models import Customer, Method
from tests.actors import PASSWORD, Handset, Visitor
from twofactor.models import SoftToken

#: Longer than the wait between two text messages, and than a step of the app.
A_MINUTE = 61


def app_code(seed: bytes, *, steps: int = 0) -> str:
    """What the app shows now, or so many steps of 30 s later."""
    return pyotp.HOTP(b32encode(seed).decode()).at(int(time.time()) // 30 + steps)


def not_the_code(seed: bytes) -> str:
    """A code that is none of this app's, now or around now."""
    near = {app_code(seed, steps=step) for step in range(-25, 26)}
    return next(f"{number:06d}" for number in range(100) if f"{number:06d}" not in near)


def sms_code(handset: Handset, customer: Customer) -> str:
    """The code in the newest text message that holds one."""
    return [text[:6] for text in handset.texts(customer.mobile) if re.match(r"\d{6}\b", text)][-1]


def key_on(page: HttpResponse) -> bytes:
    """The key that a page shows, typed off by hand."""
    found = re.search(r'<code id="key"[^>]*>([A-Z2-7 ]+)</code>', page.content.decode())
    assert found, "no key is shown"
    return b32decode(found[1].replace(" ", ""))


def earlier_key(visitor: Visitor) -> str:
    """What the form for a key carries: the key that it comes after."""
    found = re.search(r'name="after" value="([^"]*)"', visitor.get("service/2fa/bind/").content.decode())
    return unescape(found[1]) if found else ""


def ask(visitor: Visitor, method: str) -> HttpResponse:
    """Choose a method on the application page."""
    return visitor.post("service/2fa/", {"method": method})


def prove_by_sms(visitor: Visitor, handset: Handset, customer: Customer) -> HttpResponse:
    """Password and a code by text message."""
    visitor.post("service/prove/", {"password": PASSWORD})
    return visitor.post("service/prove/code/", {"code": sms_code(handset, customer)})


def prove_by_app(visitor: Visitor, seed: bytes) -> HttpResponse:
    """Password and a code of the app."""
    visitor.post("service/prove/", {"password": PASSWORD})
    return visitor.post("service/prove/code/", {"code": app_code(seed)})


def show_key(visitor: Visitor, name: str = "Pixel of Amy") -> HttpResponse:
    """Name the phone and have the key shown."""
    return visitor.post("service/2fa/bind/", {"name": name, "after": earlier_key(visitor)})


def confirm(visitor: Visitor, code: str) -> HttpResponse:
    """Type the app's code on the binding page."""
    return visitor.post("service/2fa/bind/code/", {"code": code})


def confirm_sms(visitor: Visitor, code: str) -> HttpResponse:
    """Type the code of the text message that proves the number."""
    return visitor.post("service/2fa/confirm/", {"code": code})


def to_key(visitor: Visitor, handset: Handset, customer: Customer) -> bytes:
    """From text messages up to the key on the page."""
    assert ask(visitor, Method.SOFT_TOKEN).headers["Location"].endswith("/service/prove/")
    assert prove_by_sms(visitor, handset, customer).headers["Location"].endswith("/service/2fa/bind/")
    return key_on(show_key(visitor))


def bind(visitor: Visitor, handset: Handset, customer: Customer) -> bytes:
    """The whole way from text messages to the app; the key of the phone."""
    seed = to_key(visitor, handset, customer)
    assert confirm(visitor, app_code(seed)).headers["Location"].endswith("/service/2fa/done/")
    return seed


def to_number(visitor: Visitor, seed: bytes) -> None:
    """From the app up to the text message that proves the number."""
    assert ask(visitor, Method.SMS).headers["Location"].endswith("/service/prove/")
    assert prove_by_app(visitor, seed).headers["Location"].endswith("/service/2fa/confirm/")


def log_in_with_app(visitor: Visitor, customer: Customer, seed: bytes) -> bool:
    """A login with the app; whether it let the client in."""
    if visitor.password_step(customer.login).status_code != 302:
        return False
    visitor.code_step(app_code(seed))
    return visitor.inside


def log_in_by_sms(visitor: Visitor, handset: Handset, customer: Customer) -> bool:
    """A login with a text message; whether it let the client in."""
    before = len(handset.texts(customer.mobile))
    if visitor.password_step(customer.login).status_code != 302 or len(handset.texts(customer.mobile)) == before:
        return False
    visitor.code_step(sms_code(handset, customer))
    return visitor.inside


def assert_one_method(customer: Customer, method: Method) -> None:
    """The account has this method and what belongs to it, and nothing that belongs to the other."""
    customer.refresh_from_db()
    live = SoftToken.objects.filter(customer=customer, state="bound").count()
    assert customer.method == method
    assert live == (1 if method == Method.SOFT_TOKEN else 0)


def assert_works(method: Method, customer: Customer, handset: Handset, clock: Clock, seed: bytes | None = None) -> None:
    """Whoever logs in gets in by this method, and not by the other."""
    assert_one_method(customer, method)
    clock.shift(A_MINUTE)
    if method == Method.SMS:
        assert log_in_by_sms(Visitor("en", "192.0.2.90"), handset, customer)
        return
    assert seed is not None
    assert not log_in_by_sms(Visitor("en", "192.0.2.90"), handset, customer), "no text message is sent"
    clock.shift(A_MINUTE)
    assert log_in_with_app(Visitor("en", "192.0.2.91"), customer, seed)
