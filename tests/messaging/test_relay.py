"""Claim, send, settle: each message once, in time, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from time_machine import Traveller

from portal.lib import crypto
from portal.messaging import broker, outbox, policy, relay, tasks
from portal.messaging.models import Attempt, Message, State
from portal.messaging.outbox import nudge as wake  # the fixture `nudges` takes its place in the module
from tests.actors import Carrier, run_relay

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_a_message_is_sent_once_and_its_text_is_erased(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S4"""
    message = text()
    assert b"123456" not in bytes(message.sealed or b""), "the text lies sealed in the table"
    assert relay.deliver(message.pk) is None
    assert relay.deliver(message.pk) is None
    run_relay()
    assert len(carrier.received) == 1
    assert carrier.received[0]["reference"] == str(message.pk)
    assert carrier.received[0]["text"] == "123456"
    assert state_of(message) == State.SENT
    assert message.sealed is None
    assert message.gateway == "http"
    assert message.gateway_reference == "c-1"
    assert message.sent_at == timezone.now()
    assert Attempt.objects.get().result == "accepted"


def test_a_message_that_nobody_knows_is_no_trouble(clock: Traveller, db: None, carrier: Carrier) -> None:
    """S4"""
    assert relay.deliver(uuid4()) is None
    assert not carrier.received


def test_what_another_worker_holds_is_left_alone(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S4"""
    message = text()
    assert relay._claim(message.pk, timezone.now()) is not None
    assert relay._claim(message.pk, timezone.now()) is None
    relay.deliver(message.pk)
    assert message.pk not in {pk for pk, _is_code in relay.due(timezone.now())}
    assert not carrier.received


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="about PostgreSQL")
def test_a_claim_writes_into_no_index(text: Put) -> None:
    """S4: so that it costs the same however many wait."""
    message = text()

    def beside_the_old_row() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_get_xact_tuples_hot_updated('messaging_message'::regclass)")
            return int(cursor.fetchone()[0])

    before = beside_the_old_row()
    assert relay._claim(message.pk, timezone.now())
    assert beside_the_old_row() == before + 1


def test_a_worker_that_died_loses_its_message_to_the_next_after_the_lease(
    clock: Traveller, text: Put, carrier: Carrier
) -> None:
    """S4: with the same reference, so that the carrier can tell a repetition from a second message."""
    message = text()
    relay._claim(message.pk, timezone.now())
    clock.shift(policy.CLAIM_LEASE.total_seconds() - 1)
    run_relay()
    assert not carrier.received
    clock.shift(1.0)
    run_relay()
    assert [sent["reference"] for sent in carrier.received] == [str(message.pk)]
    assert state_of(message) == State.SENT


@pytest.mark.parametrize("answer", [422, 503])
def test_a_worker_that_comes_too_late_settles_nothing(
    clock: Traveller, text: Put, carrier: Carrier, answer: int
) -> None:
    """S4: only the holder of the claim writes the outcome."""
    message = text()
    late = relay._claim(message.pk, timezone.now())
    clock.shift(16)
    holder = relay._claim(message.pk, timezone.now())
    assert late is not None
    assert holder is not None
    carrier.answers.append(httpx.Response(answer))
    relay._send(late)
    assert state_of(message) == State.SENDING
    assert message.claim == holder.claim
    assert message.sealed is not None
    relay._send(holder)
    assert state_of(message) == State.SENT


def test_a_temporary_failure_is_tried_again_later_and_later(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S4: by the waits of the policy, the last of which repeats, until the deadline."""
    message = text(life=600)
    for wait in [*policy.RETRY_AFTER, policy.RETRY_AFTER[-1]]:
        carrier.answers.append(httpx.Response(503))
        assert relay.deliver(message.pk) == wait
        assert state_of(message) == State.QUEUED
        assert message.due_at == timezone.now() + timedelta(seconds=wait)
        assert message.sealed is not None
        assert relay.deliver(message.pk) is None, "not before its time"
        clock.shift(wait)
    relay.deliver(message.pk)
    assert state_of(message) == State.SENT
    assert len(carrier.received) == 1


def test_a_refusal_is_final(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S6: a bad number is not tried again, and its text is erased."""
    message = text()
    carrier.answers.append(httpx.Response(422, json={"error": "no such subscriber"}))
    assert relay.deliver(message.pk) is None
    assert state_of(message) == State.FAILED
    assert message.sealed is None
    assert message.problem == "HTTP 422"
    clock.shift(60)
    run_relay()
    assert not carrier.received


def test_nothing_is_sent_with_less_than_its_least_life(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S4: it would arrive worthless."""
    message = text()
    clock.shift((timedelta(seconds=180) - policy.LEAST_LIFE).total_seconds())
    relay.deliver(message.pk)
    assert state_of(message) == State.EXPIRED
    assert message.sealed is None
    assert not carrier.received


def test_what_is_in_time_to_the_second_is_sent(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S4"""
    message = text()
    clock.shift((timedelta(seconds=180) - policy.LEAST_LIFE).total_seconds() - 1)
    relay.deliver(message.pk)
    assert state_of(message) == State.SENT
    assert carrier.received[0]["validity"] == policy.LEAST_LIFE.total_seconds() + 1


def test_a_message_that_waits_for_its_next_try_expires_at_its_deadline(
    clock: Traveller, text: Put, carrier: Carrier
) -> None:
    """S4"""
    message = text(life=40)
    carrier.answers.extend([httpx.Response(503)] * 9)
    for _ in range(35):
        relay.deliver(message.pk)
        clock.shift(1)
    assert state_of(message) == State.EXPIRED
    assert message.sealed is None
    assert timezone.now() <= message.expires_at
    carrier.answers.clear()
    clock.shift(30)
    run_relay()
    assert not carrier.received


def test_the_sweep_closes_what_is_too_late_unasked(
    clock: Traveller, text: Put, monkeypatch: pytest.MonkeyPatch, nudges: list[str]
) -> None:
    """S4, C6: a text that nobody came for does not lie about."""
    monkeypatch.setattr("portal.messaging.tasks.cache.set", lambda *_, **__: None)
    message = text()
    clock.shift(200)
    tasks.sweep()
    assert state_of(message) == State.EXPIRED
    assert message.sealed is None
    assert nudges == []


def test_the_sweep_hands_out_codes_before_notices_and_no_more_than_a_batch(
    clock: Traveller, text: Put, mail: Put, monkeypatch: pytest.MonkeyPatch, nudges: list[str]
) -> None:
    """S4, O4"""
    monkeypatch.setattr("portal.messaging.tasks.cache.set", lambda *_, **__: None)
    monkeypatch.setattr(policy, "SWEEP_BATCH", 3)
    notices = [mail() for _ in range(2)]
    clock.shift(1)
    first = text()
    clock.shift(1)
    second = text()
    tasks.sweep()
    assert nudges[:2] == [str(first.pk), str(second.pk)]
    assert nudges[2] in {str(notice.pk) for notice in notices}
    assert len(nudges) == 3


def test_a_sweep_that_finds_the_cache_broken_still_sweeps(
    clock: Traveller, text: Put, monkeypatch: pytest.MonkeyPatch, nudges: list[str]
) -> None:
    """S5, C7: the heart beat is a copy; the messages are not."""

    def broken(*_: object, **__: object) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr("portal.messaging.tasks.cache.set", broken)
    message = text()
    tasks.sweep()
    assert nudges == [str(message.pk)]


def test_a_postponed_message_nudges_its_own_next_try(
    clock: Traveller, text: Put, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4"""
    later: list[tuple[str, bool, float]] = []

    def nudge(message_id: str, *, is_code: bool, countdown: float = 0) -> None:
        later.append((message_id, is_code, countdown))

    monkeypatch.setattr(outbox, "nudge", nudge)
    message = text()
    carrier.answers.append(httpx.Response(429))
    tasks.deliver(str(message.pk), True)
    assert later == [(str(message.pk), True, policy.RETRY_AFTER[0])]


def test_codes_have_a_queue_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """S4"""
    sent: list[tuple[str, list[object], float, float]] = []

    def put(queue: str, task: str, arguments: list[object], *, countdown: float, expires: float) -> None:
        sent.append((queue, arguments, countdown, expires))

    monkeypatch.setattr(broker, "put", put)
    wake("a", is_code=True)
    wake("b", is_code=False, countdown=5)
    assert sent == [("codes", ["a", True], 0, 60), ("portal", ["b", False], 5, 65)]


def test_a_crash_between_sending_and_settling_repeats_the_reference_alone(
    clock: Traveller, text: Put, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4: the carrier's answer was lost with the worker; the carrier sees the same reference again."""
    message = text()

    def dead(*_: object, **__: object) -> None:
        raise OperationalError("the worker lost its database")

    with monkeypatch.context() as patched:
        patched.setattr(relay, "_settle", dead)
        with pytest.raises(OperationalError):
            relay.deliver(message.pk)
    assert state_of(message) == State.SENDING
    clock.shift(16)
    run_relay()
    assert state_of(message) == State.SENT
    assert message.tries == 2
    assert [sent["reference"] for sent in carrier.received] == [str(message.pk)]


def test_a_message_that_cannot_be_opened_stops_no_other(
    clock: Traveller, text: Put, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4: a key is gone; the messages behind it go out, and it ends at its deadline."""
    broken, sound = text(), text(to="+85298765432")
    Message.objects.filter(pk=broken.pk).update(sealed=b"gone:nothing")
    for message_id, _is_code in relay.due(timezone.now()):
        try:
            relay.deliver(message_id)
        except crypto.CannotOpen:
            continue
    assert state_of(sound) == State.SENT
    clock.shift(200)
    relay.expire(timezone.now())
    assert state_of(broken) == State.EXPIRED
    assert len(carrier.received) == 1


def test_the_sender_is_the_brands_registered_name(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S9"""
    text()
    run_relay()
    assert carrier.received[0]["from"] == "#DemoSec"
    assert carrier.received[0]["to"] == "+85291234567"
