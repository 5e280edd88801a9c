"""Queries that are composed once: they find what the ORM finds, and never what another call asked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, Q, QuerySet, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer, Result, SignIn
from portal.lib.prepared import Prepared, PreparedInsert, PreparedUpdate, slot

pytestmark = pytest.mark.django_db


def tried(customer: Customer | None = None, **fields: object) -> SignIn:
    facts = {"number": "100001", "address": "203.0.113.7", "verification": uuid4().hex, **fields}
    return SignIn.objects.create(customer=customer, **facts)


def test_each_call_finds_its_own_and_the_query_is_written_once(amy: Customer) -> None:
    written: list[int] = []

    def write() -> QuerySet[SignIn]:
        written.append(1)
        return SignIn.objects.filter(pk=slot(SignIn, "id"))

    by_key = Prepared(write)
    one, other = tried(amy), tried()
    assert [by_key.one(id=one.pk), by_key.one(id=other.pk), by_key.one(id=0)] == [one, other, None]
    assert written == [1]


def test_what_it_finds_is_what_the_orm_finds(amy: Customer) -> None:
    """Times, ids of browsers, addresses, truth: each in the type of its field on either database."""
    before = tried(amy, at=timezone.now() - timedelta(days=2), device=uuid4(), result=Result.SUCCESS)
    tried(amy, device=uuid4(), previous=before, known_browser=True)
    write = Prepared(
        lambda: (
            SignIn.objects.select_related("customer", "previous")
            .annotate(marked=Value(True, output_field=BooleanField()))
            .filter(
                Q(device=slot(SignIn, "device")) | Q(address="198.51.100.1"),
                at__gt=slot(SignIn, "at", "since"),
                customer=slot(SignIn, "customer"),
                known_browser=slot(SignIn, "known_browser"),
            )
        )
    )
    wanted = SignIn.objects.get(known_browser=True)
    found = write.one(device=wanted.device, since=before.at, customer=amy.pk, known_browser=True)
    assert found is not None
    assert {name: value for name, value in vars(found).items() if name not in {"_state", "marked"}} == {
        name: value for name, value in vars(wanted).items() if name != "_state"
    }
    assert found.marked is True  # type: ignore[attr-defined]
    assert (found.customer, found.previous) == (amy, before)
    assert vars(found.customer).keys() == vars(amy).keys()
    assert not found._state.adding
    assert write.all(device=wanted.device, since=wanted.at, customer=amy.pk, known_browser=True) == []


def test_columns_that_were_left_out_are_fetched_when_asked_for(amy: Customer) -> None:
    tried(amy)
    found = Prepared(lambda: SignIn.objects.only("number").filter(number=slot(SignIn, "number"))).one(number="100001")
    assert found is not None
    assert "address" not in vars(found)
    assert found.address == "203.0.113.7"


def test_a_value_that_is_missing_is_an_error(amy: Customer) -> None:
    with pytest.raises(KeyError):
        Prepared(lambda: SignIn.objects.filter(pk=slot(SignIn, "id"))).all()


@pytest.mark.django_db(transaction=True)
def test_a_row_is_locked_inside_a_transaction_only(amy: Customer) -> None:
    locked = Prepared(lambda: Customer.objects.select_for_update().filter(pk=slot(Customer, "id")))
    with transaction.atomic():
        assert locked.one(id=amy.pk) == amy
    with pytest.raises(transaction.TransactionManagementError):
        locked.one(id=amy.pk)


def test_an_update_changes_the_rows_it_names_and_says_how_many(amy: Customer) -> None:
    one, other = tried(amy), tried()
    seen = PreparedUpdate(
        lambda: (
            SignIn.objects.filter(pk=slot(SignIn, "id"), ended_at__isnull=True),
            {"last_seen_at": slot(SignIn, "last_seen_at"), "customer_id": slot(SignIn, "customer_id")},
        )
    )
    now = timezone.now()
    assert seen.run(id=other.pk, last_seen_at=now, customer_id=amy.pk) == 1
    assert seen.run(id=0, last_seen_at=None, customer_id=None) == 0
    other.refresh_from_db()
    one.refresh_from_db()
    assert (other.last_seen_at, other.customer_id, one.last_seen_at) == (now, amy.pk, None)


def test_an_insert_writes_what_save_writes(amy: Customer) -> None:
    new: PreparedInsert[SignIn] = PreparedInsert(SignIn)
    facts = {"number": "1", "address": "2001:db8::1", "device": uuid4(), "customer": amy, "known_browser": True}
    mine = new.insert(SignIn(verification="mine", **facts))
    saved = SignIn.objects.create(verification="saved", at=mine.at, **facts)
    mine.refresh_from_db()
    saved.refresh_from_db()
    unlike = {"_state", "id", "verification"}
    assert mine.pk not in {None, saved.pk}
    assert {name: value for name, value in vars(mine).items() if name not in unlike} == {
        name: value for name, value in vars(saved).items() if name not in unlike
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        new.insert(SignIn(verification="mine", **facts))


def test_whoever_watches_statements_sees_each(amy: Customer) -> None:
    by_key = Prepared(lambda: Customer.objects.filter(pk=slot(Customer, "id")))
    watched: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        watched.append(sql)
        return execute(sql, *rest)

    by_key.one(id=amy.pk)
    with connection.execute_wrapper(watch), CaptureQueriesContext(connection) as captured:
        assert by_key.one(id=amy.pk) == amy
    assert len(watched) == len(captured) == 1


def test_in_a_transaction_that_is_lost_nothing_runs_and_after_it_everything(amy: Customer) -> None:
    by_key = Prepared(lambda: Customer.objects.filter(pk=slot(Customer, "id")))
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            by_key.one(id=amy.pk)
        transaction.set_rollback(False)
    assert by_key.one(id=amy.pk) == amy
