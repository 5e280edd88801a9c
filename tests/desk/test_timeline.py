"""The timeline of a client: three tables as one list, newest first, page by page."""

import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import Customer, FreezeCause, Result, SignIn
from accounts.services import lockout
from accounts.services.finding import QueryKind
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.desk import timeline
from portal.desk.event_words import EVENTS, NOTICES, fact_value
from portal.desk.timeline import FILTERS, PAGE, Place
from portal.messaging.models import Message, State
from portal.messaging.texts import Notice
from tests.actors import Handset, Visitor, text_of
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db

NOON = datetime(2035, 11, 19, 4, 0, 0, tzinfo=UTC)


def path(client: Customer) -> str:
    """Where it stands."""
    return f"accounts/customer/{client.pk}/timeline/"


def tried(client: Customer, at: datetime, nth: int = 0, **fields: Any) -> SignIn:
    """A try to log in."""
    row: dict[str, Any] = {
        "number": client.login,
        "customer": client,
        "address": "203.0.113.77",
        "user_agent": "Mozilla/5.0 (iPhone) Safari/604",
        "verification": f"{client.pk}-{at.timestamp()}-{nth}",
        **fields,
    }
    return SignIn.objects.create(at=at, **row)


def sent(client: Customer, at: datetime, **fields: Any) -> Message:
    """A message."""
    row: dict[str, Any] = {"channel": "sms", "kind": "code.login", "is_code": True, "reference": "KMP", **fields}
    return Message.objects.create(
        customer=client, created_at=at, expires_at=at + timedelta(minutes=3), to_masked="+852 9••• ••67", **row
    )


def done(client: Customer, at: datetime, event: Event = Event.SESSIONS_ENDED, **facts: str) -> AuditRecord:
    """A deed."""
    return AuditRecord.objects.create(subject=client, at=at, event=event, facts=facts, mac="x")


def history(client: Customer, number: int, seed: int = 20351119) -> None:
    """So many rows in the three tables at random times, many of which are the same."""
    chance = random.Random(seed)
    for nth in range(number):
        at = NOON + timedelta(seconds=chance.randrange(1 + number // 2))
        table = chance.randrange(3)
        if table == 0:
            tried(client, at, nth)
        elif table == 1:
            sent(client, at)
        else:
            done(client, at)


def test_three_tables_are_one_list_newest_first_in_hong_kong_time_and_plain_words(
    amy: Customer, mak: Customer, mak_inside: Desk
) -> None:
    """A3"""
    tried(amy, NOON, result=Result.WRONG_PASSWORD)
    tried(amy, NOON + timedelta(seconds=9), result=Result.SUCCESS, method="sms", proven_at=NOON, wrong_codes=2)
    sent(amy, NOON + timedelta(seconds=10), state=State.DELIVERED, settled_at=NOON + timedelta(seconds=13))
    done(amy, NOON + timedelta(seconds=20), Event.ACCOUNT_FROZEN, cause="wrong_codes", reference="FAB2CD3E")
    told = text_of(mak_inside.get(path(amy)))
    lines = [
        "2035-11-19 12:00:20 Frozen the system reference: FAB2CD3E; cause: wrong codes",
        "2035-11-19 12:00:10 Code: Log in text message +852 9••• ••67, reference KMP, delivered at 12:00:13",
        "2035-11-19 12:00:09 Logged in Text message (SMS), web, 203.0.•.•, Safari / iPhone, wrong codes: 2",
        "2035-11-19 12:00:00 Wrong password web, 203.0.•.•, Safari / iPhone",
    ]
    places = [told.find(line) for line in lines]
    assert -1 not in places, told
    assert places == sorted(places)
    assert "203.0.113.77" not in told


def test_the_whole_journey_stands_there_and_no_code(
    amy: Customer, mak_inside: Desk, handset: Handset, chan: Customer
) -> None:
    """A3, C6"""
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    code = handset.code(amy.mobile)
    lockout.end_sessions(amy, staff=chan, reason="left a public computer", checklist=["account", "told"])
    told = text_of(mak_inside.get(path(amy)))
    for words in ("Logged in", "Code: Log in", "answered rightly at", "Notice: login", "Sessions ended chan",
                  "reason: left a public computer", "Page opened by staff mak page: Timeline"):  # fmt: skip
        assert words in told, words
    html = mak_inside.get(path(amy)).content.decode()
    for secret in (code, amy.mobile, amy.email):
        assert secret not in html


@pytest.mark.parametrize("number", [1, PAGE, PAGE + 1, 7 * PAGE])
def test_pages_follow_each_other_without_a_gap_or_a_double_also_at_the_same_second(number: int, amy: Customer) -> None:
    """A3"""
    history(amy, number)
    seen, pages, place = [], 0, ""
    while True:
        found = timeline.read(amy, after=Place.read(place) if place else None)
        seen += [(line.at, line.key) for line in found.lines]
        pages += 1
        assert len(found.lines) <= PAGE
        if not found.next:
            break
        place = found.next
    assert len(seen) == len({key for _at, key in seen}) == number
    assert [at for at, _key in seen] == sorted((at for at, _key in seen), reverse=True)
    assert pages == -(-number // PAGE)


def test_a_line_that_comes_while_somebody_reads_moves_nothing(amy: Customer) -> None:
    """A3"""
    history(amy, 2 * PAGE)
    first = timeline.read(amy)
    second = timeline.read(amy, after=Place.read(first.next))
    tried(amy, NOON + timedelta(days=1))
    assert timeline.read(amy, after=Place.read(first.next)) == second


def test_each_choice_shows_its_lines_and_together_they_are_all(amy: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A3"""
    monkeypatch.setattr(timeline, "PAGE", 3 * len(Event))  # one page for all of them
    tried(amy, NOON)
    sent(amy, NOON)
    sent(amy, NOON, is_code=False, kind="notice.login", channel="email")
    for event in Event:
        done(amy, NOON, event)
    first = timeline.read(amy)
    rest = timeline.read(amy, after=Place.read(first.next))
    everything = {line.key for line in [*first.lines, *rest.lines]}
    parts = [{line.key for line in timeline.read(amy, chosen=name).lines} for name in FILTERS if name != "all"]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts)) == len(everything)
    assert set().union(*parts) == everything


def test_a_day_is_a_day_in_hong_kong(amy: Customer) -> None:
    """A3"""
    midnight = datetime(2035, 11, 18, 16, 0, 0, tzinfo=UTC)
    for nth, seconds in enumerate((-1, 0, 86_399, 86_400)):
        tried(amy, midnight + timedelta(seconds=seconds), nth)
    found = timeline.read(amy, day=date(2035, 11, 19)).lines
    assert [f"{timezone.localtime(line.at):%d %H:%M:%S}" for line in found] == ["19 23:59:59", "19 00:00:00"]


@pytest.mark.parametrize(
    "query",
    ["kind=x", "day=2035-13-45", "day=yesterday", "day=0001-01-01", "day=9999-12-31", "day=%00", "after=x", "after=~~",
     "after=2035-11-19T04:00:00~login~1", "after=2035-11-19T04:00:00%2B00:00~login~" + "9" * 30,
     "after=2035-11-19T04:00:00%2B00:00~message~1", "kind=" + "x" * 4000],
)  # fmt: skip
def test_a_choice_that_makes_no_sense_is_no_error(query: str, amy: Customer, mak_inside: Desk) -> None:
    tried(amy, NOON)
    answer = mak_inside.get(f"{path(amy)}?{query}")
    assert answer.status_code == 200
    assert ("This is no day" in text_of(answer)) == query.startswith("day=")


def test_the_cost_does_not_grow_with_the_history(amy: Customer, make_client: Callable[..., Customer]) -> None:
    """A3"""
    ben = make_client("100002")
    history(amy, 6)
    history(ben, 6 * PAGE)
    numbers = []
    for client in (amy, ben):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            timeline.read(client)
        numbers.append(len(asked))
    assert numbers[0] == numbers[1] == 4


def test_every_event_and_every_notice_has_words_in_every_language() -> None:
    """A3, O5"""
    assert set(EVENTS) == set(Event)
    assert set(NOTICES) == set(Notice)
    for words in (*EVENTS.values(), *NOTICES.values()):
        with translation.override("en"):
            english = str(words)
        for language in ("zh-hant", "zh-hans"):
            with translation.override(language):
                assert str(words) != english, (language, english)
                assert re.search("[\u4e00-\u9fff]", str(words))


def test_a_place_reads_back_as_it_was_written() -> None:
    for key, name in ((7, "login"), (UUID(int=9), "message"), (8, "record")):
        place = Place.read(f"{NOON.isoformat()}~{name}~{key}")
        assert place is not None
        assert Place.read(str(place)) == place


def test_staff_and_strangers_have_none(mak: Customer, chan: Customer, mak_inside: Desk) -> None:
    """A1"""
    for nobody in (chan.pk, 0, 10**12):
        assert mak_inside.get(f"accounts/customer/{nobody}/timeline/").status_code == 404
        assert mak_inside.get(f"accounts/customer/{nobody}/codes/").status_code == 404


def test_who_did_it_is_named(amy: Customer, mak: Customer) -> None:
    """A3"""
    lockout.freeze(amy, FreezeCause.FRAUD, now=timezone.now(), actor=mak, reason="A caller said so")
    record(Event.SESSIONS_ENDED, actor=amy, subject=amy)
    assert [line.who for line in timeline.read(amy, chosen="changes").lines] == ["the client", "mak"]
    with translation.override("zh-hant"):
        assert [line.who for line in timeline.read(amy, chosen="changes").lines] == ["客戶", "mak"]


@pytest.mark.parametrize("kind", sorted(set(QueryKind) - {QueryKind.TOO_LONG, QueryKind.UNKNOWN, QueryKind.USED_UP}))
def test_what_a_client_was_searched_for_by_is_said_in_chinese(kind: QueryKind) -> None:
    """A3, O5"""
    with translation.override("zh-hans"):
        assert re.search("[\u4e00-\u9fff]", fact_value("kind", kind.value))


@pytest.mark.parametrize(
    ("name", "recorded", "said"),
    [
        ("page", "propose rebinding_letter", "重新綁定信件"),
        ("page", "mend password_letter", "密碼信件"),
        ("page", "proposal PAB2CD3E", "申請 PAB2CD3E"),
        ("page", "freeze", "凍結"),
        ("way", "letter", "信件"),
        ("way", "email", "電郵"),
    ],
)
def test_a_page_and_a_way_are_said_in_words(name: str, recorded: str, said: str) -> None:
    """A3, O5"""
    with translation.override("zh-hant"):
        assert fact_value(name, recorded) == said
