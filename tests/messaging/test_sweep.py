"""What a sweep finds, and in which order, however many messages wait."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import Traveller

from portal.messaging import relay
from portal.messaging.models import Message, State
from portal.schedule import BEAT_SCHEDULE
from tests.actors import Carrier, run_relay

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]


def test_codes_come_before_notices_and_the_oldest_first(clock: Traveller, text: Put, mail: Put) -> None:
    """S4"""
    expected = []
    for put in (mail, mail, text, text):
        expected.append(put().pk)
        clock.shift(1)
    assert [pk for pk, _is_code in relay.due(timezone.now())] == expected[2:] + expected[:2]


def test_the_sweep_has_the_queue_of_codes() -> None:
    """S4: behind a burst of notices it would find a lost code too late"""
    assert BEAT_SCHEDULE["sweep-outbox"]["options"]["queue"] == "codes"


def test_since_when_the_oldest_waits_counts_notices_and_codes_that_are_not_yet_due(
    clock: Traveller, text: Put, mail: Put, carrier: Carrier
) -> None:
    """O3"""
    assert relay.waiting_since() is None
    began = timezone.now()
    mail()
    clock.shift(1)
    text()
    assert relay.waiting_since() == began
    Message.objects.filter(is_code=False).update(state=State.SENT)
    assert relay.waiting_since() == began + timedelta(seconds=1)
    run_relay()
    assert relay.waiting_since() is None


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="production has PostgreSQL")
def test_what_waits_is_found_without_sorting_it(clock: Traveller, mail: Put) -> None:
    """S4: a backlog of 100,000 rows costs the sweep no more than one of 100"""
    mail()
    now = timezone.now()
    with CaptureQueriesContext(connection) as asked:
        relay.expire(now)
        relay.due(now)
    with transaction.atomic(), connection.cursor() as cursor:
        # A table of one row would be read whole: what cannot be avoided is what stays.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        for each in asked.captured_queries:
            cursor.execute(f"EXPLAIN {each['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Sort" not in plan, plan
            assert "message_to_" in plan, plan


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="pages with room to spare are PostgreSQL's")
def test_a_page_of_messages_keeps_room_for_their_next_versions() -> None:
    """S4: a message changes its state several times, and each is a new version of its row"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE oid = 'messaging_message'::regclass")
        assert cursor.fetchone() == (["fillfactor=70"],)
