"""Reporting a phone as lost takes rights away at once, and gives none."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Customer, Result, SignIn
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails, text_of
from tests.twofactor.steps import Clock, english, freeze, unfreeze
from tests.twofactor.switches import A_MINUTE, app_code, bind, log_in_with_app
from twofactor import errors, policy
from twofactor.models import SoftToken
from twofactor.services.login import tell_unfinished

pytestmark = pytest.mark.django_db
PAGE = "login/lost/"


@pytest.fixture
def inside(clock: Clock, amy: Customer, handset: Handset) -> Visitor:
    """Amy's browser, in which she has bound her phone."""
    Customer.objects.filter(pk=amy.pk).update(language="en")
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    return visitor


@pytest.fixture
def seed(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> bytes:
    """The key of the phone that will be lost."""
    key = bind(inside, handset, amy)
    clock.shift(A_MINUTE)
    return key


@pytest.fixture
def pending(seed: bytes) -> Visitor:
    """Somebody with the password, in a browser that the account does not know."""
    visitor = Visitor("en", "192.0.2.50")
    visitor.password_step()
    return visitor


@pytest.fixture
def known(inside: Visitor, seed: bytes) -> Visitor:
    """Amy in her own browser, with the password."""
    inside.post("logout/")
    inside.password_step()
    return inside


def token() -> SoftToken:
    return SoftToken.objects.get()


def test_the_login_that_reported_it_is_not_told_of_as_unfinished(pending: Visitor, clock: Clock) -> None:
    """N1: the report is told, once"""
    pending.post(PAGE)
    clock.shift(policy.UNFINISHED_AFTER + timedelta(seconds=1))
    assert tell_unfinished(timezone.now()) == 0


def test_the_page_has_one_button_and_the_right_order(pending: Visitor) -> None:
    page = text_of(pending.get(PAGE))
    order = ["Report it here.", "Call your mobile operator.", "Erase the phone", "rebinding letter"]
    assert [page.index(words) for words in order] == sorted(page.index(words) for words in order)
    assert pending.get(PAGE).content.count(b"btn danger") == 1
    assert token().state == "bound", "looking changes nothing"


def test_the_phone_is_stopped_at_once_and_everybody_is_out(
    pending: Visitor, inside: Visitor, amy: Customer, seed: bytes, clock: Clock
) -> None:
    """T12"""
    third = Visitor("en", "192.0.2.51")
    third.password_step()
    page = pending.post(PAGE)
    assert "Your phone was reported as lost" in text_of(page)
    assert token().state == "suspended"
    assert not inside.inside
    assert SignIn.objects.filter(result=Result.PHONE_LOST).count() == 1
    third.code_step(app_code(seed))
    assert not third.inside
    pending.code_step(app_code(seed))
    assert not pending.inside
    clock.shift(A_MINUTE)
    assert not log_in_with_app(Visitor("en", "192.0.2.52"), amy, seed)


def test_it_is_recorded_and_told_everywhere(pending: Visitor, amy: Customer, handset: Handset) -> None:
    """T12, N1"""
    page = text_of(pending.post(PAGE))
    kept = AuditRecord.objects.get(event=Event.PHONE_REPORTED_LOST)
    assert str(kept.facts["reference"]) in page
    assert any("the phone was reported lost" in mail.subject for mail in emails(amy.email))
    assert any("the phone was reported lost" in text for text in handset.texts(amy.mobile))
    alarms = emails("security@example.com.hk")
    assert any(str(kept.facts["reference"]) in mail.subject for mail in alarms)
    assert all(amy.login not in mail.body for mail in alarms)
    told = Message.objects.get(kind="notice.phone_lost", channel="sms")
    assert (told.is_code, told.reference) == (False, kept.facts["reference"]), "staff find the client by it"


def test_a_freeze_and_an_unfreeze_revive_nothing(
    pending: Visitor, amy: Customer, supervisor: Customer, seed: bytes, clock: Clock
) -> None:
    """T12"""
    pending.post(PAGE)
    freeze(amy)
    amy.refresh_from_db()
    unfreeze(amy, supervisor)
    clock.shift(A_MINUTE)
    assert token().state == "suspended"
    assert not log_in_with_app(Visitor("en", "192.0.2.53"), amy, seed)


def test_from_an_unknown_browser_the_password_has_to_change(pending: Visitor, amy: Customer) -> None:
    """T12"""
    pending.post(PAGE)
    amy.refresh_from_db()
    assert amy.must_change_password


def test_from_a_known_browser_the_password_stays(known: Visitor, amy: Customer) -> None:
    """T12"""
    assert "also have to choose a new trading password" not in text_of(known.get(PAGE))
    known.post(PAGE)
    amy.refresh_from_db()
    assert not amy.must_change_password
    assert token().state == "suspended"


def revive() -> None:
    """As if the phone had been bound again in the meantime."""
    SoftToken.objects.update(state="bound", ended_at=None)


def test_from_an_unknown_browser_it_is_one_a_day(pending: Visitor, amy: Customer, clock: Clock) -> None:
    """T12"""
    pending.post(PAGE)
    revive()
    second = Visitor("en", "192.0.2.54")
    second.password_step()
    assert second.post(PAGE).headers["Location"] == "/en/login/lost/"
    assert english(errors.REPORTED_TODAY) in text_of(second.get(PAGE))
    assert token().state == "bound"
    clock.shift(timedelta(hours=24, seconds=1))
    third = Visitor("en", "192.0.2.55")
    third.password_step()
    third.post(PAGE)
    assert token().state == "suspended"


def test_a_known_browser_reports_on_the_same_day(inside: Visitor, seed: bytes, amy: Customer, clock: Clock) -> None:
    """T12"""
    inside.post("logout/")
    stranger = Visitor("en", "192.0.2.56")
    stranger.password_step()
    stranger.post(PAGE)
    revive()
    Customer.objects.update(must_change_password=False)
    # A report ends what the account knew of its browsers, so this one has to log in once more.
    clock.shift(A_MINUTE)
    assert log_in_with_app(inside, amy, seed)
    inside.post("logout/")
    inside.password_step()
    inside.post(PAGE)
    assert token().state == "suspended"


def test_the_report_of_a_login_that_is_over_does_nothing(pending: Visitor, seed: bytes, clock: Clock) -> None:
    """T12"""
    clock.shift(timedelta(minutes=11))
    assert pending.post(PAGE).headers["Location"].startswith("/en/login/session-ended/")
    assert token().state == "bound"


@pytest.mark.parametrize("enter", [lambda visitor: None, lambda visitor: visitor.password_step()])
def test_without_a_bound_phone_there_is_nothing_to_report(
    enter: Callable[[Visitor], object], amy: Customer, handset: Handset
) -> None:
    """T12"""
    visitor = Visitor("en")
    enter(visitor)
    for answer in (visitor.get(PAGE), visitor.post(PAGE)):
        assert answer.headers["Location"].startswith("/en/login/")
    assert not AuditRecord.objects.exists()


def test_who_is_inside_reports_elsewhere(inside: Visitor, seed: bytes) -> None:
    assert inside.post(PAGE).headers["Location"] == "/en/home/"
    assert token().state == "bound"
