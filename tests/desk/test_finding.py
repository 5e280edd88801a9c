"""Finding a client by whatever a caller can say."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts import policy
from accounts.models import Customer, FreezeCause
from accounts.services import finding
from accounts.services.finding import QueryKind
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging import notices, outbox
from portal.messaging.models import Channel, Message
from portal.messaging.texts import Detail, Notice
from tests.actors import text_of
from tests.approvals.steps import propose
from tests.desk.steps import Desk, frozen
from tests.surveillance import bulk

pytestmark = [pytest.mark.django_db, pytest.mark.each]

BOX = "accounts/customer/"


def find(desk: Desk, query: str) -> HttpResponse:
    """Search for something."""
    return desk.post(BOX, {"query": query})


def led_to(client: Customer) -> str:
    """The address of a client's page."""
    return f"/staff/{BOX}{client.pk}/"


def searches() -> list[tuple[Customer | None, Customer | None, dict[str, Any]]]:
    """What is on record, without the digests."""
    rows = AuditRecord.objects.filter(event=Event.STAFF_SEARCHED).order_by("id")
    return [(row.actor, row.subject, {k: v for k, v in row.facts.items() if k != "query"}) for row in rows]


@pytest.mark.parametrize("query", ["100001", " 100 001 ", "１００００１", "100-001", "100001\n"])
def test_by_account_number_in_any_spelling(query: str, amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    assert find(mak_inside, query).headers["Location"] == led_to(amy)


@pytest.mark.parametrize(
    "query",
    ["91234567", "9123 4567", "+852 9123 4567", "+85291234567", "(852) 9123-4567", "0085291234567", "９１２３４５６７"],
)  # fmt: skip
def test_by_mobile_in_any_spelling(query: str, amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    assert find(mak_inside, query).headers["Location"] == led_to(amy)


@pytest.mark.parametrize("query", ["4567", " 45 67 ", "４５６７"])
def test_by_the_last_four_digits_of_a_mobile(query: str, amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    assert find(mak_inside, query).headers["Location"] == led_to(amy)


@pytest.mark.parametrize("query", ["amy@example.com", " Amy@Example.COM ", "ＡＭＹ@example.com"])
def test_by_email_in_any_case(query: str, make_client: Callable[..., Customer], mak_inside: Desk) -> None:
    """A2"""
    amy = make_client("100001", email="aMy@example.com")
    assert find(mak_inside, query).headers["Location"] == led_to(amy)


def test_by_the_reference_of_a_freeze_and_of_a_proposal(
    amy: Customer, mak: Customer, chan: Customer, mak_inside: Desk
) -> None:
    """A2"""
    frozen(amy, FreezeCause.STAFF)
    proposed = propose(amy, mak)
    for query in ("FAB2CD3E", " fab2cd3e ", proposed.reference, proposed.reference.lower()):
        assert find(mak_inside, query).headers["Location"] == led_to(amy)


def code_to(client: Customer, reference: str, *, minutes_ago: int = 0) -> Message:
    """A code that carried this reference."""
    now = timezone.now() - timedelta(minutes=minutes_ago)
    return outbox.put(
        channel=Channel.SMS, kind="code.login", to=client.mobile, text="314159", customer=client, now=now,
        expires_at=now + timedelta(minutes=3), is_code=True, reference=reference,
    )  # fmt: skip


def test_by_the_letters_beside_a_code_of_the_last_day(amy: Customer, no_mobile: Customer, mak_inside: Desk) -> None:
    """A2"""
    code_to(amy, "KYV")
    code_to(amy, "KYV", minutes_ago=3)
    code_to(no_mobile, "KYW", minutes_ago=24 * 60 + 1)
    assert find(mak_inside, "kyv").headers["Location"] == led_to(amy)
    assert "No code of the last 24 hours" in text_of(find(mak_inside, "KYW"))


@pytest.mark.parametrize(
    ("notice", "reference"),
    [(Notice.PHONE_LOST, "L234ABCD"), (Notice.METHOD_CHANGED, "M234ABCD"), (Notice.MOBILE_CHANGED, "C234ABCD")],
)
def test_by_the_reference_of_a_change_that_the_client_was_told(
    notice: Notice, reference: str, amy: Customer, mak_inside: Desk
) -> None:
    """A2"""
    notices.tell(amy, notice, now=timezone.now(), detail=Detail(reference=reference))
    assert find(mak_inside, f" {reference.lower()}").headers["Location"] == led_to(amy)
    assert "No client was told" in text_of(find(mak_inside, f"{reference[:-1]}2"))


def test_several_are_listed_masked_by_account_number(make_client: Callable[..., Customer], mak_inside: Desk) -> None:
    """A2"""
    for number, mobile in (("200002", "+85262224567"), ("200001", "+8613811114567"), ("200003", "+85291114568")):
        make_client(number, mobile=mobile, name="Chan Tai Man", email=f"one{number}@example.com")
    answer = find(mak_inside, "4567")
    told, html = text_of(answer), answer.content.decode()
    assert "2 clients" in told
    assert told.index("••••01") < told.index("••••02")
    assert "Chan •••" in told
    assert "+852 6••• ••67" in told
    for hidden in ("200001", "200002", "200003", "Tai Man", "62224567", "13811114567", "one2000"):
        assert hidden not in html


def test_more_than_twenty_ask_to_be_narrowed_down(make_client: Callable[..., Customer], mak_inside: Desk) -> None:
    """A2"""
    for nth in range(21):
        make_client(f"2000{nth:02d}", mobile=f"+8529{nth:03d}4567", email="")
        told = text_of(find(mak_inside, "4567"))
        assert ("There are more" in told) is (nth == 20)
    assert len(re.findall(r" ••••\d\d ", told)) == 20
    assert "The first 20 clients" in told


@pytest.mark.parametrize(
    "query",
    ["%", "_", "*", "1", "10000", "1000012", "Chan", "chan tai man", "@", "amy@", "%@example.com", "amy@example.%",
     "a_y@example.com", "+8529123456_", "912345", "123", "F", "FAB2CD3", "F______E", "P%", "' OR 1=1 --", "10000_",
     "\0", "1000\x0001", "100001\0", "amy@example.com\0", "mak", "\u202e100001x", "{{ 7 }}"],
)  # fmt: skip
def test_nothing_but_an_exact_hit_shows_a_client(query: str, amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    frozen(amy, FreezeCause.WRONG_CODES)
    answer = find(mak_inside, query)
    assert answer.status_code == 200
    assert "hits" not in answer.content.decode()
    assert 'class="errornote"' in answer.content.decode()


@pytest.mark.parametrize("query", ["", "  ", "\t\n", "\u3000"])
def test_an_empty_query_lists_nothing_and_is_no_search(query: str, amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    answer = find(mak_inside, query)
    assert answer.status_code == 200
    assert 'class="errornote"' not in answer.content.decode()
    assert "••••" not in text_of(answer)
    assert searches() == []


def test_ten_kilobytes_get_a_clear_answer(amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    for query in ("1" * 10_240, "a" * 10_230 + "@example.com", " " * 10_000 + "100001"):
        assert "too long" in text_of(find(mak_inside, query))


def test_staff_and_own_accounts_are_not_found(amy: Customer, mak: Customer, mak_inside: Desk) -> None:
    """A1, A2"""
    call_command("staff_accounts", "mak", amy.login, verbosity=0)
    Customer.objects.filter(pk=mak.pk).update(email="mak@example.com")
    frozen(amy, FreezeCause.WRONG_CODES)
    code_to(amy, "KYV")
    for query in (amy.login, amy.mobile, "4567", amy.email, "FAB2CD3E", "KYV", "mak@example.com"):
        assert find(mak_inside, query).status_code == 200, query
    assert [facts["hits"] for _, _, facts in searches()] == [0] * 7


def test_every_search_is_recorded_by_kind_and_digest_and_counted(
    amy: Customer, no_mobile: Customer, mak: Customer, mak_inside: Desk
) -> None:
    """A2"""
    labels = {"kind": "account_number", "outcome": "one"}
    before = REGISTRY.get_sample_value("portal_desk_searches_total", labels) or 0
    for query in ("100001", "999999", "4567", "amy@example.com", "Chan Tai Man", "", "x" * 300):
        find(mak_inside, query)
    none = {"hits": 0, "more": False}
    one = {"hits": 1, "more": False}
    assert searches() == [
        (mak, amy, {"kind": "account number", **one}),
        (mak, None, {"kind": "account number", **none}),
        (mak, amy, {"kind": "last four digits of a mobile number", **one}),
        (mak, amy, {"kind": "e-mail address", **one}),
        (mak, None, {"kind": "nothing that can be searched for", **none}),
        (mak, None, {"kind": "too long", **none}),
    ]
    kept = json.dumps(list(AuditRecord.objects.filter(event=Event.STAFF_SEARCHED).values_list("facts", flat=True)))
    for typed in ("100001", "999999", "4567", "amy", "Chan"):
        assert typed not in re.sub(r'"query": "[0-9a-f]{32}"', "", kept)
    assert REGISTRY.get_sample_value("portal_desk_searches_total", labels) == before + 1


def test_the_same_question_has_the_same_digest_and_another_one_another(amy: Customer, mak_inside: Desk) -> None:
    """A2: who looks for one client again and again stands out"""
    for query in ("91234567", "+852 9123 4567", "91234568"):
        find(mak_inside, query)
    rows = AuditRecord.objects.filter(event=Event.STAFF_SEARCHED).order_by("id")
    first, second, third = (row.facts["query"] for row in rows)
    assert first == second != third


def test_a_day_has_so_many_searches_and_what_is_beyond_is_recorded_too(
    amy: Customer, mak: Customer, chan: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A2"""
    monkeypatch.setitem(policy.MOST_DEEDS_OF_STAFF, "searches", 3)

    def asked(staff: Customer) -> QueryKind:
        found = finding.search("100001", staff=staff, now=timezone.now())
        assert found
        assert bool(found.clients) is (found.kind == QueryKind.ACCOUNT_NUMBER)
        return found.kind

    with time_machine.travel(datetime(2035, 11, 19, 15, 59, tzinfo=UTC), tick=False) as clock:  # 23:59 in Hong Kong
        kinds = [asked(mak) for _ in range(4)]
        assert kinds == [QueryKind.ACCOUNT_NUMBER] * 3 + [QueryKind.USED_UP]
        assert asked(chan) == QueryKind.ACCOUNT_NUMBER
        clock.shift(60)
        assert asked(mak) == QueryKind.ACCOUNT_NUMBER
    assert len(searches()) == 6


def test_no_look_searches_and_no_address_holds_a_query(amy: Customer, mak_inside: Desk) -> None:
    """A2, O6"""
    answer = mak_inside.get(f"{BOX}?query=100001")
    assert answer.status_code == 200
    assert searches() == []
    assert '<form method="post"' in answer.content.decode()


# --- At a million clients ------------------------------------------------------------------------------


QUERIES = ["100001", "91234567", "4567", "amy@example.com", "FAB2CD3E", "PAB2CD3E", "MAB2CD3E", "KYV", "100009", "Chan"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_is_three_statements_at_most(query: str, amy: Customer, mak: Customer) -> None:
    """A2"""
    frozen(amy, FreezeCause.WRONG_CODES)
    code_to(amy, "KYV")
    finding.search("999999", staff=mak, now=timezone.now())  # what a process asks once is asked
    with CaptureQueriesContext(connection) as asked:
        finding.search(query, staff=mak, now=timezone.now())
    statements = [each["sql"] for each in asked if not re.match(r"(RELEASE )?SAVEPOINT|BEGIN", each["sql"])]
    assert len(statements) <= 3, statements


def plan(found: "QuerySet[Any]") -> str:
    """How the database would answer, in one text. PostgreSQL is asked for the plan that it keeps for any value."""
    sql, values = found.query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            places = count(1)
            numbered = re.sub("%s", lambda _: f"${next(places)}", sql)
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            cursor.execute(f"PREPARE asked AS {numbered}")
            literals = ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)
            cursor.execute(f"EXPLAIN EXECUTE asked({literals})")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        told = "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())
        if connection.vendor == "postgresql":
            cursor.execute("DEALLOCATE asked")
        return told


def test_no_search_reads_a_table_from_end_to_end(mak: Customer) -> None:
    """A2"""
    bulk.clients(20_000)
    with connection.cursor() as cursor:
        number = "lpad(id::text, 8, '0')" if connection.vendor == "postgresql" else "printf('%%08d', id)"
        cursor.execute(
            f"UPDATE accounts_customer SET mobile = '+852' || {number}, email = 'c' || id || '@example.com' "
            "WHERE NOT is_staff", []
        )  # fmt: skip
    template = code_to(Customer.objects.filter(is_staff=False)[0], "ZZZ")
    Message.objects.bulk_create(
        Message(channel="sms", kind="code.login", customer=template.customer, to_masked="", reference=f"{nth:03d}",
                expires_at=template.expires_at)
        for nth in range(900)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for query in QUERIES[:-1]:
        uses_an_index(*finding.understand(query), mak)


def uses_an_index(kind: QueryKind, value: str, staff: Customer) -> None:
    """That a search of this kind goes straight to what it finds."""
    if kind in finding.TOLD:
        told = plan(finding.messages_of(kind, value, staff, timezone.now())[: policy.SEARCH_MESSAGES])
    else:
        told = plan(finding.by(kind, value, staff)[: policy.SEARCH_HITS + 1])
    table = "messaging_message" if kind in finding.TOLD else "accounts_customer"
    assert not re.search(rf"Seq Scan on {table}\b|\bSCAN (?:TABLE )?{table}\b", told), told
    walks = re.findall(rf"Index (?:Only )?Scan[^\n]* on {table}\b[^\n]*\n([^\n]*)", told)
    assert all("Index Cond" in line for line in walks), told  # else it walks an index from end to end
    if kind in {QueryKind.MOBILE, QueryKind.MOBILE_TAIL, QueryKind.EMAIL}:
        assert "TEMP B-TREE" not in told, told
        few = [int(rows) <= policy.SEARCH_HITS for rows in re.findall(r"Sort  \(cost=\S+ rows=(\d+)", told)]
        assert all(few), told  # PostgreSQL may sort the two or three that it expects
