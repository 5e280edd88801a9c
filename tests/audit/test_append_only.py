"""The database itself refuses to change or take away what was added."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from accounts.models import Customer
from portal.audit import append_only, heads
from portal.audit.events import Event
from portal.audit.models import AuditHead, AuditLink, AuditRecord
from portal.audit.trail import record
from tests.audit.owner import rule_off

pytestmark = pytest.mark.django_db

Trail = list[AuditRecord]
REFUSED = "only ever added"
_AGAIN = "INSERT INTO {table} SELECT * FROM {table} WHERE true"
_RECORD = "at, event, facts, request_id, actor_id, subject_id, mark, mac"
_LINK = "sealed_at, digest, record_id"


@pytest.fixture(autouse=True)
def something_everywhere(trail: Trail) -> None:
    """Rows, places, and a head."""
    heads.publish(timezone.now(), tell=lambda *_: None, alarm=lambda *_: None)


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def settle() -> None:
    """PostgreSQL: foreign keys that wait keep a table from being altered or emptied."""
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_rule_stands_on_every_table_after_all_migrations(db: None) -> None:
    """A6: also after a later migration has rebuilt one of them"""
    assert append_only.unguarded() == []
    named = {model._meta.db_table for model in (AuditRecord, AuditLink, AuditHead)}
    assert set(append_only.TABLES) == named


@pytest.mark.parametrize("model", [AuditRecord, AuditLink, AuditHead])
def test_the_columns_by_which_rows_meet_are_all_guarded(model: type[models.Model]) -> None:
    """A6: REPLACE takes away whatever row is the same in one of them"""
    unique = {field.column for field in model._meta.local_concrete_fields if field.unique}
    assert unique == set(append_only.TABLES[model._meta.db_table])
    assert not model._meta.unique_together
    assert not [each for each in model._meta.constraints if isinstance(each, models.UniqueConstraint)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditrecord SET event = 'x'",
        "UPDATE audit_auditrecord SET event = event WHERE id = (SELECT min(id) FROM audit_auditrecord)",
        "UPDATE audit_auditlink SET digest = 'x'",
        "UPDATE audit_audithead SET text = 'x'",
        "DELETE FROM audit_auditrecord",
        "DELETE FROM audit_auditrecord WHERE id = (SELECT max(id) FROM audit_auditrecord)",
        "DELETE FROM audit_auditlink",
        "DELETE FROM audit_audithead",
        f"{_AGAIN.format(table='audit_auditlink')} ON CONFLICT (position) DO UPDATE SET digest = 'x'",
        f"{_AGAIN.format(table='audit_audithead')} ON CONFLICT (day) DO UPDATE SET text = 'x'",
    ],
)
def test_a_change_is_refused(sql: str) -> None:
    """A6"""
    with pytest.raises(IntegrityError, match=REFUSED):
        run(sql)


def test_the_orm_is_refused_as_well(trail: Trail) -> None:
    """A6"""
    trail[0].facts = {}
    for deed in (trail[0].save, AuditLink.objects.all().delete, AuditHead.objects.all().delete):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            deed()
    with pytest.raises(models.ProtectedError):
        trail[0].delete()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE and replicas are PostgreSQL's")
@pytest.mark.parametrize("table", list(append_only.TABLES))
def test_truncate_is_refused(table: str) -> None:
    """A6"""
    settle()
    with pytest.raises(IntegrityError, match=REFUSED):
        run(f"TRUNCATE {table} CASCADE")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE and replicas are PostgreSQL's")
@pytest.mark.parametrize("deed", ["UPDATE audit_auditrecord SET event = 'x'", "DELETE FROM audit_auditlink"])
def test_a_session_that_plays_a_replica_is_refused(deed: str) -> None:
    """A6: ordinary triggers rest in it"""
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        with pytest.raises(IntegrityError, match=REFUSED):
            run(deed)
        run("SET LOCAL session_replication_role = origin")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT OR REPLACE INTO audit_auditrecord SELECT * FROM audit_auditrecord",
        f"INSERT OR REPLACE INTO audit_auditrecord (id, {_RECORD}) SELECT id + 1000, {_RECORD} FROM audit_auditrecord",
        "REPLACE INTO audit_auditlink SELECT * FROM audit_auditlink",
        f"REPLACE INTO audit_auditlink (position, {_LINK}) SELECT position + 1000, {_LINK} FROM audit_auditlink",
        "REPLACE INTO audit_audithead SELECT * FROM audit_audithead",
        "UPDATE OR REPLACE audit_auditlink SET position = 1",
        "INSERT OR IGNORE INTO audit_auditlink SELECT * FROM audit_auditlink",
    ],
)
def test_replacing_is_refused(sql: str, recursive: str) -> None:
    """A6"""
    run(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(IntegrityError, match=REFUSED):
        run(sql)


def test_adding_goes_on(trail: Trail) -> None:
    """A6"""
    assert record(Event.STAFF_SEARCHED).pk > trail[-1].pk


def test_who_stands_in_the_trail_cannot_be_deleted(mak: Customer) -> None:
    """A6"""
    with pytest.raises(models.ProtectedError):
        mak.delete()


def test_the_rule_can_be_put_back(trail: Trail) -> None:
    """A6: after a table was rebuilt"""
    settle()
    append_only.remove(connection)
    assert len(append_only.unguarded()) == 3
    append_only.install(connection)
    append_only.install(connection)
    assert append_only.unguarded() == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite cannot disable a trigger")
def test_a_trigger_that_rests_is_as_good_as_gone(trail: Trail) -> None:
    """A6"""
    with rule_off():
        assert len(append_only.unguarded()) == 3


def test_every_table_of_the_trail_that_can_change_holds_nothing_that_is_proved(db: None) -> None:
    """A6: results and duties"""
    tables = {model._meta.db_table for model in apps.get_app_config("audit").get_models()}
    assert tables - set(append_only.TABLES) == {"audit_auditcheck", "audit_auditduty"}
