"""How gateways do: who is left, for how long, and how it comes back."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from time import monotonic
from uuid import UUID

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from prometheus_client import REGISTRY, generate_latest
from pytest_django import Settings
from time_machine import Traveller

from portal.messaging import health, policy, receipts, routing
from portal.messaging.gateways.base import Receipt
from portal.messaging.models import GatewayHealth, Message
from portal.messaging.tasks import show_gateways
from tests.actors import run_relay
from tests.messaging.far import BAD, Far, dead, fill, left

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]
AWAY, DRIFT = policy.AWAY.total_seconds(), policy.DRIFT.total_seconds()


@pytest.mark.parametrize(
    ("calls_", "reason"),
    [
        ([("unavailable: HTTP 500", 3, 10)], "failing"),
        ([("unavailable: too slow", 3, 8000)], "failing"),
        ([("accepted", 3, 4100)], "slow"),
        ([("accepted", 7, 100), ("unavailable: HTTP 500", 2, 10), ("accepted", 1, 100)], "refusing"),
        ([("accepted", 7, 100), ("refused: HTTP 422", 3, 10), ("accepted", 1, 100)], "refusing"),
        ([("unavailable: HTTP 500", 2, 10)], None),
        ([("accepted", 20, 3900)], None),
        ([("accepted", 20, 100), ("refused: HTTP 422", 3, 10)], None),
    ],
)
def test_a_gateway_that_does_badly_is_left(
    send: Callable[..., Message], far: Far, clock: Traveller, calls_: list[tuple[str, int, int]], reason: str | None
) -> None:
    """S6"""
    for result, number, milliseconds in calls_:
        clock.shift(0.1)
        fill("alpha", result, number, milliseconds)
    assert send().gateway == ("beta" if reason else "alpha")
    assert left() == ({"alpha": reason} if reason else {})


def test_trouble_of_long_ago_does_not_count(send: Callable[..., Message], clock: Traveller) -> None:
    """S6"""
    fill("alpha", "unavailable: HTTP 500", 9)
    clock.shift(policy.WINDOW.total_seconds())
    assert send().gateway == "alpha"


def test_a_gateway_that_takes_everything_and_delivers_nothing_is_left(
    send: Callable[..., Message], clock: Traveller
) -> None:
    """S6: its receipts came before and come no more"""
    for _ in range(6):
        message = send()
        receipts.take("alpha", Receipt(str(message.pk), "", "delivered"))
    clock.shift(policy.DELIVERY_WINDOW.total_seconds())
    lost = [send() for _ in range(5)]
    assert {message.gateway for message in lost} == {"alpha"}
    assert send().gateway == "alpha", "they may still arrive"
    clock.shift(policy.DELIVERED_WITHIN.total_seconds())
    assert send().gateway == "beta"
    assert left() == {"alpha": "not delivering"}


def test_in_the_middle_of_the_day_one_that_loses_everything_is_left_within_15_seconds(
    send: Callable[..., Message], clock: Traveller
) -> None:
    """S6: what it delivered a minute ago does not speak for it"""

    def one(nth: int) -> Message:
        clock.shift(-0.5)  # two a second
        return send(to=f"+8529123{nth:04d}")

    for nth in range(40):
        receipts.take("alpha", Receipt(str(one(nth).pk), "", "delivered"))
    taken: list[Message] = []
    while (message := one(len(taken))).gateway == "alpha":
        taken.append(message)
        assert message.created_at < taken[0].created_at + timedelta(seconds=15)
    assert left() == {"alpha": "not delivering"}


def test_one_that_never_reported_is_not_blamed_for_silence(send: Callable[..., Message], clock: Traveller) -> None:
    """S6"""
    for _ in range(10):
        send()
    clock.shift(20)
    assert send().gateway == "alpha"


def test_one_that_is_left_is_not_asked_for_five_minutes(
    send: Callable[..., Message], far: Far, clock: Traveller
) -> None:
    """S6"""
    far.answers["alpha"] = BAD["failing"]
    for _ in range(4):
        send()
    assert left() == {"alpha": "failing"}
    far.answers.clear()
    far.asked.clear()
    for _ in range(9):
        send()
        clock.shift(AWAY / 10)
    assert set(far.asked) == {"beta"}


def test_one_that_is_left_is_still_a_way_out(send: Callable[..., Message], far: Far) -> None:
    """S6"""
    fill("alpha", "unavailable: HTTP 500", 3)
    send()
    far.answers["beta"] = dead
    assert send().gateway == "alpha"


def test_it_gets_a_little_traffic_and_then_drifts_back(clock: Traveller, far: Far) -> None:
    """S6"""
    now = timezone.now()
    shares = [health.share(now, now + timedelta(seconds=second)) for second in range(0, 700, 10)]
    assert health.share(None, now) == 1
    assert health.share(now, now + policy.AWAY - timedelta(microseconds=1)) == 0
    assert health.share(now, now + policy.AWAY) == policy.FIRST_SHARE
    assert shares == sorted(shares)
    assert health.share(now, now + policy.AWAY + policy.DRIFT) == 1
    GatewayHealth.objects.create(gateway="alpha", left_at=now)
    for after, low, high in (
        (AWAY - 1, 0, 0),
        (AWAY + 1, 20, 90),
        (AWAY + DRIFT / 2, 450, 600),
        (AWAY + DRIFT, 1000, 1000),
    ):
        clock.move_to(now + timedelta(seconds=after))
        first = [health.ordered(["alpha", "beta"], UUID(int=place * 7919), timezone.now())[0] for place in range(1000)]
        assert low <= first.count("alpha") <= high


def test_one_that_is_bad_on_its_return_is_left_again_and_not_for_what_it_did_before(
    send: Callable[..., Message], far: Far, clock: Traveller
) -> None:
    """S6"""
    fill("alpha", "unavailable: HTTP 500", 3)
    send()
    before = GatewayHealth.objects.get(gateway="alpha").left_at
    clock.shift(AWAY - 30)
    fill("alpha", "unavailable: HTTP 500", 5)
    clock.shift(40)
    send()
    assert GatewayHealth.objects.get(gateway="alpha").left_at == before
    clock.shift(0.5)
    fill("alpha", "unavailable: HTTP 500", 3)
    send()
    again = GatewayHealth.objects.get(gateway="alpha").left_at
    assert before
    assert again
    assert again - before > policy.AWAY


def test_flapping_moves_once_in_five_minutes_at_most(send: Callable[..., Message], far: Far, clock: Traveller) -> None:
    """S6: whichever of the two it is; each code goes out all the same"""
    moves: list[object] = []
    for step in range(200):
        bad, good = ("alpha", "beta") if step // 4 % 2 else ("beta", "alpha")
        far.answers = {bad: BAD["failing"]}
        clock.shift(5)
        assert send(to=f"+852912{step:05d}").gateway == good
        for at in GatewayHealth.objects.exclude(left_at=None).values_list("left_at", flat=True):
            if at not in moves:
                moves.append(at)
    assert len(moves) >= 2
    gaps = [later - earlier for earlier, later in zip(sorted(moves), sorted(moves)[1:], strict=False)]  # type: ignore[type-var, operator]
    assert min(gaps) >= policy.AWAY


def test_staff_are_told_once(send: Callable[..., Message], far: Far) -> None:
    """S6, O3"""
    far.answers["alpha"] = dead
    for _ in range(8):
        send()
    run_relay()
    told = [message for message in mail.outbox if "alpha is failing" in message.subject]
    assert len(told) == 1


def test_while_a_call_hangs_other_messages_begin_elsewhere(
    send: Callable[..., Message], far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S6: a move it is not; when the call has ended, and a look has seen what became of it, all is as before"""
    began = monotonic()
    with health.calling("alpha"):
        assert send().gateway == "alpha"
        monkeypatch.setattr(health, "monotonic", lambda: began + policy.HANGING_AFTER + 1)
        assert send().gateway == "beta"
        far.answers["beta"] = dead
        assert send().gateway == "alpha"
    far.answers.clear()
    assert send().gateway == "beta"
    monkeypatch.setattr(health, "monotonic", lambda: began + policy.HANGING_AFTER + 4)
    assert send().gateway == "alpha"
    assert not left()


def test_a_single_gateway_is_never_left(send: Callable[..., Message], settings: Settings, far: Far) -> None:
    """S6"""
    settings.SMS_ROUTES = {}
    settings.SMS_GATEWAY = "alpha"
    fill("alpha", "unavailable: HTTP 500", 20)
    assert send().gateway == "alpha"
    assert not left()


def test_a_look_costs_nothing_for_the_next_second(
    clock: Traveller, text: Put, far: Far, django_assert_max_num_queries: Callable[..., object]
) -> None:
    """S6: not three questions for each message"""
    messages = [text(to=f"+8529123450{place}") for place in range(3)]
    routing.ways(messages[0], "+85291234500", timezone.now())
    with django_assert_max_num_queries(0):  # type: ignore[attr-defined]
        routing.ways(messages[1], "+85291234501", timezone.now())


def test_how_each_did_can_be_read(send: Callable[..., Message], far: Far, clock: Traveller) -> None:
    """S6, O3"""
    for seconds in (2, 3, 5):
        message = send()
        clock.shift(seconds)
        receipts.take("alpha", Receipt(str(message.pk), "", "delivered"))
    send()
    clock.shift(20)
    fill("alpha", "unavailable: HTTP 500", 3, milliseconds=7)
    send()
    out = StringIO()
    call_command("sms_gateways", stdout=out)
    routes, told = out.getvalue().splitlines()[:3], out.getvalue().splitlines()[3:]
    assert routes == ["+852: alpha, beta", "+853: http", "+86: http"]
    assert re.sub(r"[0-9]+ ms", "n ms", told[0]) == (
        "alpha: 4 of 7 calls accepted, n ms, 3 of 4 delivered, after 3.0 s, "
        "left at 10:00:35 (failing), gets 0% of its traffic"
    )
    assert re.sub(r"[0-9]+ ms", "n ms", told[1]) == "beta: 1 of 1 calls accepted, n ms, 0 of 0 delivered"


def test_how_each_does_can_be_watched(send: Callable[..., Message], far: Far, clock: Traveller) -> None:
    """S6, O3: what is scraped says who is left, how often and why, and how long texts take"""
    for seconds in (2, 3, 5):
        message = send()
        clock.shift(seconds)
        receipts.take("alpha", Receipt(str(message.pk), "", "delivered"))
    clock.shift(20)
    fill("alpha", "accepted", 4, milliseconds=700)
    clock.shift(0.1)
    fill("alpha", "unavailable: HTTP 500", 3, milliseconds=7)
    moves = {"gateway": "alpha", "reason": "failing"}
    before = REGISTRY.get_sample_value("portal_gateway_moves_total", moves) or 0
    send()
    show_gateways()
    scraped = generate_latest(REGISTRY).decode()
    assert 'portal_gateway_share{gateway="alpha"} 0.0' in scraped
    assert 'portal_gateway_share{gateway="beta"} 1.0' in scraped
    assert 'portal_gateway_accept_seconds{gateway="alpha"} 0.7' in scraped
    assert 'portal_gateway_delivery_seconds{gateway="alpha"} 3.0' in scraped
    assert 'portal_gateway_seconds_count{gateway="beta",result="accepted"}' in scraped
    assert 'portal_delivery_seconds_count{gateway="alpha"}' in scraped
    assert REGISTRY.get_sample_value("portal_gateway_moves_total", moves) == before + 1
