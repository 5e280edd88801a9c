"""The row first, then the nudge; and who cannot be reached by text at all."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer, Result, SignIn
from portal.messaging import notices, outbox, relay
from portal.messaging.models import Channel, Message, State
from portal.messaging.texts import Notice
from tests.actors import Handset, Visitor, sent_codes, text_of
from tests.twofactor.steps import Clock, count, pend

pytestmark = pytest.mark.django_db

_NUDGE = outbox.nudge  # as it is before the fixture of every test replaces it


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


# --- Row first, then the nudge ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_nudged_after_the_commit_and_never_before(amy: Customer, nudges: list[str]) -> None:
    """S4"""
    with transaction.atomic():
        message = outbox.put(
            channel=Channel.SMS,
            kind="code.login",
            to=amy.mobile,
            text="hello",
            customer=amy,
            is_code=True,
            expires_at=timezone.now(),
        )
        assert nudges == []
    assert nudges == [str(message.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_notice_waits_for_the_sweep(amy: Customer, nudges: list[str]) -> None:
    """N1: promptly is within ten seconds, and costs no login anything."""
    (message,) = notices.tell(amy, Notice.LOGIN, now=timezone.now())
    assert nudges == []
    assert (message.pk, False) in relay.due(timezone.now())


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_sent(amy: Customer, nudges: list[str]) -> None:
    """S4"""
    with transaction.atomic():
        pend(amy)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert nudges == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("problem", [ConnectionError("no broker"), TimeoutError(), RuntimeError("anything")])
def test_a_broker_that_is_away_does_not_disturb_the_page(
    amy: Customer, visitor: Visitor, handset: Handset, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    """S5: the sweep finds the row."""

    def away(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(outbox, "nudge", _NUDGE)
    monkeypatch.setattr("celery.app.base.Celery.producer_or_acquire", away)
    assert visitor.password_step().status_code == 302
    assert Message.objects.get().state == State.QUEUED
    assert json.loads(visitor.get("login/delivery/").content)["state"] == "queued"
    visitor.code_step(handset.code(amy.mobile))
    assert visitor.inside


# --- No mobile -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mobile", ["", "+4479460009", "+12025550123", "+99912345678"])
def test_without_a_mobile_that_can_be_reached_there_is_no_way_in(
    clock: Clock, amy: Customer, visitor: Visitor, mobile: str
) -> None:
    """T11, S8: a number outside the countries we send to counts as none; the page has the lines to call."""
    Customer.objects.filter(pk=amy.pk).update(mobile=mobile)
    answer = visitor.password_step()
    assert answer.status_code == 200
    assert "+852 5550 0100" in text_of(answer), "the hotline"
    assert "+852 5550 0120" in text_of(answer), "the dealing line"
    assert not Message.objects.filter(is_code=True).exists()
    assert SignIn.objects.get().result == Result.NO_MOBILE
    assert visitor.get("login/verify/").status_code == 302
    assert not visitor.inside


def test_no_code_goes_to_a_country_that_was_taken_off_the_list(
    clock: Clock, amy: Customer, visitor: Visitor, settings: Settings
) -> None:
    """S8: nor by asking again in a login that had begun."""
    visitor.password_step()
    settings.SMS_COUNTRIES = [853]
    clock.shift(61)
    visitor.post("login/resend/")
    assert sent_codes(amy) == 1
    assert count(amy) == 0


def test_a_client_who_chose_nothing_has_text_messages(amy: Customer) -> None:
    """T10, T11: there is a method, always, and no empty one can be stored."""
    assert amy.method == "sms"
    assert amy.method_chosen_at is None
    for nothing in ("", "none"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.filter(pk=amy.pk).update(method=nothing)
