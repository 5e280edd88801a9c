"""Why no text message? What the desk tells of each request for a code."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer, Result, SignIn
from portal.desk import story
from portal.messaging import receipts
from portal.messaging.gateways.base import Receipt
from portal.messaging.models import Attempt, Message, State
from portal.messaging.policy import Caps
from tests.actors import Carrier, Handset, Visitor, run_relay, text_of
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock, pend
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db


def told(desk: Desk, client: Customer) -> str:
    """The page."""
    answer = desk.get(f"accounts/customer/{client.pk}/codes/")
    assert answer.status_code == 200
    return text_of(answer)


def code_of(client: Customer) -> Message:
    """The message of a code that was just asked for."""
    pend(client)
    return Message.objects.get(is_code=True)


def change(message: Message, **fields: Any) -> None:
    """Let something become of it."""
    Message.objects.filter(pk=message.pk).update(**fields)


def test_a_code_that_was_used_is_told_from_request_to_answer(amy: Customer, mak_inside: Desk, handset: Handset) -> None:
    """A3"""
    Visitor("en").log_in(handset, amy)
    steps = ["The client asked for a code", "Within the limits", "Put into the queue", "Accepted by gateway http",
             "No receipt yet", "The code was answered rightly at", "nothing is missing"]  # fmt: skip
    page = told(mak_inside, amy)
    places = [page.find(step) for step in steps]
    assert -1 not in places, page
    assert places == sorted(places)
    assert "the gateway calls it c-1" in page, "the number to quote when the carrier is asked"
    code = handset.code(amy.mobile)
    assert code not in mak_inside.get(f"accounts/customer/{amy.pk}/codes/").content.decode()


@pytest.mark.parametrize(
    ("fields", "words", "advice"),
    [
        ({"state": State.QUEUED, "problem": "timeout"}, "Still on its way to the gateway timeout", "operator on duty"),
        ({"state": State.EXPIRED}, "Given up: its time was over", "We could not send it"),
        ({"state": State.FAILED, "problem": "unreachable"}, "Not delivered unreachable", "Compare the number"),
        ({"state": State.DELIVERED}, "Delivered to the phone", "blocked and filtered"),
        ({"state": State.SENT}, "No receipt yet", "the phone may be off"),
    ],
)
def test_each_way_to_fail_is_told_with_what_to_say(
    clock: Clock, fields: dict[str, Any], words: str, advice: str, amy: Customer, mak_inside: Desk
) -> None:
    """A3"""
    message = code_of(amy)
    change(message, sent_at=timezone.now(), settled_at=timezone.now(), **fields)
    page = told(mak_inside, amy)
    assert words in page
    assert advice in page


def test_what_the_network_holds_up_is_told_with_its_time_until_it_arrives(
    clock: Clock, amy: Customer, mak_inside: Desk, carrier: Carrier
) -> None:
    """A3, S7, S11: on the page of the codes and on the timeline"""
    message = code_of(amy)
    run_relay()
    receipts.take("http", Receipt(str(message.pk), "c-1", "delayed"))
    message.refresh_from_db()
    assert message.delayed_at is not None
    at = f"{timezone.localtime(message.delayed_at):%H:%M:%S}"
    page = told(mak_inside, amy)
    assert re.search(rf"{at}\s+The network holds it up", page), page
    assert "the phone may be off or without a signal" in page
    assert f"held up by the network since {at}" in text_of(mak_inside.get(f"accounts/customer/{amy.pk}/timeline/"))
    receipts.take("http", Receipt(str(message.pk), "c-1", "delivered"))
    for where in ("codes", "timeline"):
        page = text_of(mak_inside.get(f"accounts/customer/{amy.pk}/{where}/"))
        assert "held up" not in page
        assert "holds it up" not in page


def test_a_receipt_that_stays_away_is_said_once_it_is_late(amy: Customer, clock: Clock) -> None:
    """A3, C6"""
    message = code_of(amy)
    change(message, state=State.SENT, sent_at=timezone.now(), settled_at=timezone.now())
    for seconds, words in ((20, "No receipt yet"), (21, "No receipt came")):
        (found,) = story.stories(amy, now=Message.objects.get().created_at + timedelta(seconds=seconds))
        assert words in [step.what for step in found.steps]


def test_every_call_of_a_gateway_is_told(clock: Clock, amy: Customer, mak_inside: Desk) -> None:
    """A3"""
    message = code_of(amy)
    Attempt.objects.create(message=message, gateway="kannel", milliseconds=4000, result="unavailable: timeout")
    Attempt.objects.create(message=message, gateway="twilio", milliseconds=180, result="accepted")
    page = told(mak_inside, amy)
    assert page.index("Not accepted by gateway kannel unavailable: timeout, 4000 ms") < page.index(
        "Accepted by gateway twilio 180 ms"
    )


def test_a_code_that_a_limit_kept_back_says_until_when(
    clock: Clock, amy: Customer, mak_inside: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A3, S8"""
    few = Caps(account_per_hour=1, account_per_day=9, number_per_day=9, source_per_hour=9)
    monkeypatch.setattr("portal.messaging.policy.caps", lambda: few)
    pend(amy)
    clock.shift(61)
    pend(amy)
    kept = Challenge.objects.get(capped=True)
    page = told(mak_inside, amy)
    assert "No code was sent: too many were sent lately" in page
    assert kept.resend_at is not None
    assert f"at {timezone.localtime(kept.resend_at):%H:%M:%S}; no member of staff can send one" in page


def test_a_code_that_the_budget_of_the_day_kept_back_is_not_put_down_to_the_client(
    clock: Clock, amy: Customer, mak_inside: Desk, settings: Settings
) -> None:
    """A3, S8"""
    settings.SMS_BUDGETS = {"segments": 1, "country": 9, "prefix": 9}
    pend(amy)
    clock.shift(61)
    pend(amy)
    page = told(mak_inside, amy)
    assert "No code was sent: the text messages of today are used up" in page
    assert "this client has not logged in before" in page
    assert "too many were sent lately" not in page


def test_a_text_that_the_network_holds_up_is_told(clock: Clock, amy: Customer, mak_inside: Desk) -> None:
    """A3"""
    message = code_of(amy)
    change(message, state=State.SENT, sent_at=timezone.now(), settled_at=timezone.now(), delayed_at=timezone.now())
    assert "The network holds it up" in told(mak_inside, amy)


def test_a_code_that_came_too_soon_after_another_points_to_that(clock: Clock, amy: Customer, mak_inside: Desk) -> None:
    """A3"""
    pend(amy)
    clock.shift(20)
    pend(amy)
    assert "No new code was sent: the last one was too recent" in told(mak_inside, amy)


def test_of_older_codes_the_message_is_told(clock: Clock, amy: Customer, mak_inside: Desk) -> None:
    """A3, O7"""
    code_of(amy)
    Challenge.objects.all().delete()
    page = told(mak_inside, amy)
    assert "Code: Log in" in page
    assert "Put into the queue" in page


def test_who_never_came_to_a_code_reads_why(amy: Customer, mak_inside: Desk) -> None:
    """A3, L3"""
    for nth, result in enumerate((Result.WRONG_PASSWORD, Result.FROZEN, Result.SLOWED)):
        SignIn.objects.create(number=amy.login, customer=amy, address="::1", verification=str(nth), result=result)
    page = told(mak_inside, amy)
    assert "No code by text message was asked for." in page
    for words in ("Wrong password", "online login is frozen", "too many tries"):
        assert words in page


def test_ten_requests_are_told_at_a_fixed_price(amy: Customer, clock: Clock, django_assert_num_queries: Any) -> None:
    """A3"""
    sign_in, _key = pend(amy)
    message = Message.objects.get()
    for nth in range(30):
        Challenge.objects.create(
            customer=amy, sign_in=sign_in, purpose="login", method="sms", reference=f"{nth}",
            expires_at=timezone.now(), message=message,
        )  # fmt: skip
    with django_assert_num_queries(3):
        assert len(story.stories(amy, now=timezone.now())) == story.STORIES
