"""The key of a phone is given out in one answer; afterwards it is found nowhere."""

import re
import sys
from base64 import b32encode
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib import admin
from django.core import mail
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.views.debug import ExceptionReporter

from accounts.models import Customer
from tests.actors import Handset, Visitor, run_relay
from tests.sweeps.test_sentinel import whole_database
from tests.twofactor.switches import A_MINUTE, app_code, ask, confirm, key_on, log_in_with_app, prove_by_sms, show_key
from twofactor.models import MethodSwitch, SoftToken
from twofactor.services import tokens
from twofactor.views import bind


def spellings(seed: bytes) -> Iterator[str]:
    """The ways in which a key could be written down."""
    key = b32encode(seed).decode()
    yield from (key, key.lower(), " ".join(re.findall("....", key)), seed.hex(), seed.decode("latin-1"), repr(seed))


def assert_nowhere(where: str, text: str, seed: bytes) -> None:
    for spelling in spellings(seed):
        assert spelling not in text, where


def at_the_name(amy: Customer, handset: Handset, clock: time_machine.Traveller) -> Visitor:
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    ask(visitor, "soft_token")
    prove_by_sms(visitor, handset, amy)
    return visitor


@pytest.mark.django_db(transaction=True)
def test_no_key_is_kept_or_told_anywhere(
    amy: Customer, handset: Handset, nudges: list[str], logged: list[str], clock: time_machine.Traveller
) -> None:
    """T3: database with its session table, log, task arguments, e-mail, text messages, cookies"""
    visitor = at_the_name(amy, handset, clock)
    seed = key_on(show_key(visitor))
    assert_nowhere("database with the key shown", whole_database(), seed)
    confirm(visitor, app_code(seed))
    clock.shift(A_MINUTE)
    assert log_in_with_app(Visitor("en", "192.0.2.9"), amy, seed)
    assert_nowhere("database before sending", whole_database(), seed)
    run_relay()
    assert_nowhere("database", whole_database(), seed)
    assert_nowhere("log", "\n".join(logged), seed)
    assert_nowhere("task arguments", "\n".join(nudges), seed)
    assert_nowhere("e-mail", "\n".join(f"{message.subject}\n{message.body}" for message in mail.outbox), seed)
    assert_nowhere("text messages", "\n".join(handset.texts(amy.mobile)), seed)
    assert_nowhere("cookies", str(visitor.client.cookies), seed)
    assert logged
    assert nudges
    assert mail.outbox


def test_the_report_of_a_fault_holds_no_key(
    amy: Customer, handset: Handset, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T3: the report that Django can make of a fault while the key is being drawn"""
    visitor = at_the_name(amy, handset, clock)
    seeds: list[bytes] = []
    reports: list[str] = []
    show = tokens.show

    def remembered(customer: Customer, **facts: object) -> tuple[SoftToken, bytes]:
        token, seed = show(customer, **facts)  # type: ignore[arg-type]
        seeds.append(seed)
        return token, seed

    def broken(address: str) -> str:
        raise RuntimeError(f"boom {len(address)}")

    def report(request: HttpRequest, **_: object) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    monkeypatch.setattr(tokens, "show", remembered)
    monkeypatch.setattr(bind, "_drawn", broken)
    got_request_exception.connect(report)
    visitor.client.raise_request_exception = False
    assert show_key(visitor).status_code == 500
    got_request_exception.disconnect(report)
    assert "boom" in reports[0]
    assert seeds
    for text in reports:
        assert_nowhere("report", text, seeds[0])


def test_no_page_of_staff_shows_tokens() -> None:
    """T3"""
    assert not {SoftToken, MethodSwitch} & set(admin.site._registry)
