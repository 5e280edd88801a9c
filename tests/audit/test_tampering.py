"""Whoever can write to the database changes the trail: the verifier names the row, and says what is wrong."""

import json
from collections.abc import Mapping

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer
from portal.audit import chain, checking, heads, policy, sealing, verifying
from portal.audit.events import Event
from portal.audit.heads import Head
from portal.audit.models import AuditHead, AuditLink, AuditRecord
from portal.audit.trail import record
from portal.audit.verifying import Report
from tests.audit.owner import rule_off, tamper

pytestmark = pytest.mark.django_db

Trail = list[AuditRecord]
_COLUMNS = "at, event, actor_id, subject_id, facts, request_id"


def verified(kept: Mapping[str, Head] | None = None) -> Report:
    """What a check says; what is open is chained first, as ever."""
    report, _ = checking.check(timezone.now(), kept=kept)
    return report


def faults(kept: Mapping[str, Head] | None = None) -> list[str]:
    """The codes of what is wrong, in the order of the rows."""
    return [fault.code for fault in verified(kept).worst]


def first(kept: Mapping[str, Head] | None = None) -> str:
    """The first fault as a sentence."""
    with translation.override("en"):
        return str(verified(kept).worst[0])


def test_an_untouched_trail_is_unbroken(trail: Trail, head: Head) -> None:
    """A6"""
    report = verified({"kept.txt": head})
    assert (report.faults, report.rows, report.last, report.heads) == (0, 9, 9, 1)
    assert report.unchecked == []


@pytest.mark.parametrize(
    "change",
    [
        "at = (SELECT at FROM audit_auditrecord WHERE id = %(other)s)",
        "event = 'account.closed'",
        "actor_id = subject_id",
        "actor_id = NULL",
        "subject_id = actor_id",
        "subject_id = NULL",
        """facts = '{"nth": 4, "why": "nobody asked"}'""",
        """facts = '{"nth": "4", "why": "asked"}'""",
        "facts = '{}'",
        "request_id = 'another'",
        "mark = '0123456789abcdef0123456789abcdef'",
        "mac = (SELECT mac FROM audit_auditrecord WHERE id = %(other)s)",
        "mac = 'a1:' || substr(mac, 5) || '0'",
    ],
)
def test_an_edited_row_is_found_whichever_column_was_changed(trail: Trail, change: str) -> None:
    """A6"""
    row = trail[4]
    assert tamper(f"UPDATE audit_auditrecord SET {change % {'other': trail[7].pk}} WHERE id = {row.pk}") == 1
    assert faults() == ["edited"]
    assert first().startswith(f"Row 5 (id {row.pk}, ")


def test_only_the_first_faults_are_listed_and_all_are_counted(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    """A6"""
    monkeypatch.setattr(policy, "FAULTS", 2)
    tamper("UPDATE audit_auditrecord SET event = 'x'")
    report = verified()
    assert (report.faults, len(report.worst)) == (9, 2)
    assert str(report.worst[0].values["row"]).startswith("1 ")


def test_a_row_that_somebody_without_the_key_inserts_is_found(trail: Trail) -> None:
    """A6: the database lets it in, the sealer does not chain it"""
    insert(trail[3], mark="0123456789abcdef0123456789abcdef", mac=trail[3].mac)
    assert faults() == ["inserted"]
    assert "without the key" in first()


def test_a_copy_of_a_genuine_row_is_found(trail: Trail) -> None:
    """A6: its signature is right"""
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(trail[3], mark=trail[3].mark.hex, mac=trail[3].mac)
    with rule_off():
        drop_uniqueness()
        insert(trail[3], mark=trail[3].mark.hex, mac=trail[3].mac)
    assert faults() == ["copied"]


def test_an_inserted_row_with_a_made_up_place_is_found(trail: Trail) -> None:
    """A6"""
    insert(trail[3], mark="0123456789abcdef0123456789abcdef", mac=trail[3].mac)
    forged = AuditRecord.objects.latest("pk")
    AuditLink.objects.create(position=10, record=forged, sealed_at=timezone.now(), digest=trail[3].mac)
    assert faults() == ["edited"]


def test_a_row_put_into_the_middle_is_found(trail: Trail) -> None:
    """A6: a genuine one, moved there from the end"""
    for position in range(8, 3, -1):
        tamper(f"UPDATE audit_auditlink SET position = {position + 100} WHERE position = {position}")
    tamper("UPDATE audit_auditlink SET position = 4 WHERE position = 9")
    tamper("UPDATE audit_auditlink SET position = position - 99 WHERE position > 100")
    assert faults() == ["displaced"] * 6
    assert first().startswith("Row 4 ")


def test_two_rows_that_changed_places_are_found(trail: Trail) -> None:
    """A6"""
    fourth, fifth = AuditLink.objects.filter(position__in=(4, 5)).order_by("position")
    tamper(f"UPDATE audit_auditlink SET record_id = -1 WHERE position = {fourth.position}")
    tamper(f"UPDATE audit_auditlink SET record_id = {fourth.record_id} WHERE position = {fifth.position}")
    tamper(f"UPDATE audit_auditlink SET record_id = {fifth.record_id} WHERE position = {fourth.position}")
    assert faults() == ["displaced", "displaced"]
    assert first().startswith("Row 4 ")


def test_rows_that_exchanged_their_ids_are_found(trail: Trail) -> None:
    """A6"""
    fourth, fifth = trail[3].pk, trail[4].pk
    for old, new in ((fourth, -1), (fifth, fourth), (-1, fifth)):
        tamper(f"UPDATE audit_auditrecord SET id = {new} WHERE id = {old}")
    assert faults() == ["displaced", "displaced"]


def test_a_deleted_row_is_found(trail: Trail) -> None:
    """A6"""
    tamper(f"DELETE FROM audit_auditrecord WHERE id = {trail[4].pk}")
    assert faults() == ["deleted"]
    assert first() == "Row 5: deleted. Its place in the chain is left."


def test_rows_deleted_with_their_places_are_found(trail: Trail) -> None:
    """A6"""
    delete(4, 5)
    assert faults() == ["gap"]
    assert first() == "Rows 4 to 5: deleted, together with their places in the chain."


def test_a_gap_that_was_closed_is_found(trail: Trail) -> None:
    """A6"""
    delete(5, 5)
    for position in range(6, 10):
        tamper(f"UPDATE audit_auditlink SET position = {position - 1} WHERE position = {position}")
    assert faults()[0] == "displaced"
    assert first().startswith("Row 5 ")


def test_rows_deleted_from_the_beginning_are_found(trail: Trail) -> None:
    """A6"""
    delete(1, 3)
    assert faults() == ["beheaded"]
    assert first().startswith("Rows 1 to 3: deleted from the beginning.")


def test_rows_renumbered_after_the_beginning_was_deleted_are_found(trail: Trail) -> None:
    """A6"""
    delete(1, 1)
    for position in range(2, 10):
        tamper(f"UPDATE audit_auditlink SET position = {position - 1} WHERE position = {position}")
    assert faults()[0] == "displaced"


def test_the_last_row_deleted_is_found_by_its_place(trail: Trail) -> None:
    """A6"""
    tamper(f"DELETE FROM audit_auditrecord WHERE id = {trail[8].pk}")
    assert first() == "Row 9: deleted. Its place in the chain is left."


def test_the_last_row_deleted_with_its_place_is_found_by_the_head(trail: Trail, head: Head) -> None:
    """A6"""
    delete(9, 9)
    assert faults() == []
    assert "after_heads" in {each.code for each in verified().unchecked}, "it says that it cannot see this"
    assert first({"kept.txt": head}) == (
        "The trail ends at row 8, but kept.txt had reached row 9: the last rows were deleted."
    )


def test_the_whole_trail_deleted_is_found_by_the_head(trail: Trail, head: Head) -> None:
    """A6"""
    delete(1, 9)
    assert faults({"kept.txt": head}) == ["truncated"]


def test_a_truncated_trail_that_went_on_is_found_by_the_head(trail: Trail, head: Head, mak: Customer) -> None:
    """A6"""
    delete(9, 9)
    for _ in range(3):
        record(Event.STAFF_SEARCHED, actor=mak)
    assert faults() == []
    assert faults({"kept.txt": head}) == ["rewritten"]


def test_everything_rewritten_with_our_own_key_is_found_by_the_head_alone(trail: Trail, head: Head) -> None:
    """A6"""
    rewrite(trail[4])
    report = verified()
    assert report.faults == 0, "without a head nobody can tell"
    assert "no_head" in {each.code for each in report.unchecked}
    assert first({"kept.txt": head}) == (
        "Row 9: kept.txt says otherwise. The trail up to here was rewritten by somebody with the key."
    )


def test_rewritten_with_the_stored_heads_untouched_is_found_without_any_file(trail: Trail) -> None:
    """A6"""
    heads.publish(timezone.now(), tell=lambda *_: None, alarm=lambda *_: None)
    rewrite(trail[4])
    assert faults() == ["rewritten"]


def test_an_edited_head_is_found(trail: Trail) -> None:
    """A6: the one that we keep ourselves"""
    heads.publish(timezone.now(), tell=lambda *_: None, alarm=lambda *_: None)
    stored = AuditHead.objects.get()
    tamper("UPDATE audit_audithead SET text = replace(text, 'position: 9', 'position: 8')")
    assert faults() == ["forged_head"]
    tamper("UPDATE audit_audithead SET text = 'nothing'")
    assert first() == f"audit-head-{stored.day}.txt: our key has not signed it as it stands."


def test_another_key_breaks_everything(trail: Trail, settings: SettingsWrapper) -> None:
    """A6"""
    settings.AUDIT_KEYS = {"a1": bytes(range(32))}
    assert verified().faults == 9
    assert first().startswith("Row 1 ")


def test_a_key_that_is_gone_is_named(trail: Trail, settings: SettingsWrapper) -> None:
    """A6"""
    settings.AUDIT_KEYS = {"b2": bytes(range(32))}
    assert set(faults()) == {"unknown_key"}
    assert first().endswith("signed with the key “a1”, which AUDIT_KEYS does not hold.")


def test_a_new_key_in_front_leaves_the_trail_unbroken(trail: Trail, head: Head, settings: SettingsWrapper) -> None:
    """A6: rotation"""
    settings.AUDIT_KEYS = {"b2": bytes(range(32)), **settings.AUDIT_KEYS}
    row = record(Event.STAFF_SEARCHED)
    report = verified({"kept.txt": head})
    assert (report.faults, report.rows) == (0, 10)
    assert row.mac.startswith("b2:")
    assert AuditLink.objects.get(record=row).digest.startswith("b2:")


def test_a_database_that_refuses_nothing_any_more_is_told(trail: Trail) -> None:
    """A6"""
    with rule_off():
        report = verifying.verify({})
    assert [str(fault.values["table"]) for fault in report.worst] == [
        "audit_auditrecord",
        "audit_auditlink",
        "audit_audithead",
    ]


def test_a_trail_without_rows_is_unbroken(db: None) -> None:
    """A6"""
    assert verified().faults == 0


def test_a_signed_row_that_is_not_chained_yet_is_no_fault(trail: Trail) -> None:
    """A6"""
    record(Event.STAFF_SEARCHED)
    report = verifying.verify({})
    assert report.faults == 0
    assert {"not_chained"} <= {each.code for each in report.unchecked}


# --- What a tamperer does ------------------------------------------------------------------------------


def drop_uniqueness() -> None:
    """Of marks: what else would refuse a copy."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conrelid = 'audit_auditrecord'::regclass"
            )
            (name,) = cursor.fetchone()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE audit_auditrecord DROP CONSTRAINT {name}")
        else:
            cursor.execute("CREATE TABLE rebuilt AS SELECT * FROM audit_auditrecord")
            cursor.execute("DROP TABLE audit_auditrecord")
            cursor.execute("ALTER TABLE rebuilt RENAME TO audit_auditrecord")


def insert(row: AuditRecord, *, mark: str, mac: str) -> None:
    """A new row with the content of another."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_auditrecord (id, {_COLUMNS}, mark, mac) "
            f"SELECT id + 1000, {_COLUMNS}, '{mark}', '{mac}' FROM audit_auditrecord WHERE id = {row.pk}"
        )


def delete(first: int, last: int) -> None:
    """Rows and their places."""
    tamper(
        "DELETE FROM audit_auditrecord WHERE id IN "
        f"(SELECT record_id FROM audit_auditlink WHERE position BETWEEN {first} AND {last})"
    )
    tamper(f"DELETE FROM audit_auditlink WHERE position BETWEEN {first} AND {last}")


def rewrite(row: AuditRecord) -> None:
    """Change a row, and sign and chain everything anew, as somebody with our key can."""
    row.facts = {"nth": 4, "why": "as they wish"}
    tamper(
        f"UPDATE audit_auditrecord SET facts = %s, mac = %s WHERE id = {row.pk}", json.dumps(row.facts), chain.sign(row)
    )
    links = list(AuditLink.objects.order_by("position").select_related("record"))
    before = ""
    for link in links:
        before = chain.link(
            before, position=link.position, record=link.record_id, mac=link.record.mac, sealed_at=link.sealed_at
        )
        tamper(f"UPDATE audit_auditlink SET digest = %s WHERE position = {link.position}", before)
    assert sealing.end().digest == before  # type: ignore[union-attr]
