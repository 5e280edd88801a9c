"""The daily check and the commands."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal.audit import checking, verifying
from portal.audit.events import Event
from portal.audit.heads import Head
from portal.audit.models import AuditCheck, AuditRecord
from portal.audit.trail import record
from portal.messaging.models import Message
from portal.tasks import check
from tests.actors import emails
from tests.audit.owner import tamper
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
Trail = list[AuditRecord]


def verify(*arguments: str) -> tuple[int, str]:
    """The exit code of verify_audit, and what it prints."""
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_check_of_the_day_is_made_once_and_kept(trail: Trail, clock: Clock) -> None:
    """O4"""
    check()
    check()
    stored = AuditCheck.objects.get()
    assert (stored.faults, stored.records, stored.last) == (0, 9, 9)
    assert not Message.objects.filter(kind="alarm").exists()
    clock.shift(24 * 3600)
    check()
    assert AuditCheck.objects.count() == 2


def test_a_broken_trail_alarms_the_security_mailbox(trail: Trail, carrier: object) -> None:
    """O4, A6"""
    tamper(f"UPDATE audit_auditrecord SET event = 'x' WHERE id = {trail[4].pk}")
    check()
    (mail,) = emails("security@example.com.hk")
    assert mail.subject == "The audit trail is broken"
    assert f"Row 5 (id {trail[4].pk}, " in mail.body
    assert AuditCheck.objects.get().faults == 1


def test_somebody_else_is_at_it(trail: Trail) -> None:
    """O4"""
    assert checking._claim(timezone.now())
    check()
    assert not AuditCheck.objects.exists()


def test_a_check_that_stops_alarms_and_is_tried_again(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    """O4: a row that cannot even be read"""

    def stops(kept: object) -> None:
        raise ValueError("year 0")

    with monkeypatch.context() as broken:
        broken.setattr(verifying, "verify", stops)
        with pytest.raises(ValueError, match="year"):
            check()
    assert Message.objects.filter(kind="alarm").count() == 1
    check()
    assert AuditCheck.objects.get().faults == 0


def test_the_command_says_what_it_found_and_what_it_could_not_check(trail: Trail, head: Head, tmp_path: Path) -> None:
    """A6"""
    code, said = verify()
    assert code == 0
    assert "Unbroken: 9 rows up to row 9, 0 heads, 0 faults" in said
    assert "Not checked: No head that was kept elsewhere was given" in said
    file = tmp_path / "kept.txt"
    file.write_text(head.text)
    record(Event.STAFF_SEARCHED)
    code, said = verify("--head", str(file))
    assert code == 0
    assert "No head" not in said
    assert "Not checked: Rows 10 to 10 came after the newest head" in said


def test_the_command_ends_with_one_for_a_broken_trail(trail: Trail, head: Head, tmp_path: Path) -> None:
    """A6"""
    tamper("DELETE FROM audit_auditlink WHERE position = 9")
    tamper(f"DELETE FROM audit_auditrecord WHERE id = {trail[8].pk}")
    file = tmp_path / "kept.txt"
    file.write_text(head.text)
    code, said = verify("--head", str(file))
    assert code == 1
    assert said.splitlines()[0].startswith("The trail ends at row 8, but kept.txt had reached row 9")
    assert "BROKEN: 8 rows" in said


@pytest.mark.parametrize("content", [None, "nothing"])
def test_a_head_that_cannot_be_used_is_no_verdict(trail: Trail, tmp_path: Path, content: str | None) -> None:
    """A6"""
    file = tmp_path / "kept.txt"
    if content is not None:
        file.write_text(content)
    code, said = verify("--head", str(file))
    assert code == 2
    assert "Nothing was checked" in said
    assert not AuditCheck.objects.exists()


def test_a_head_of_another_portal_is_a_fault(trail: Trail, head: Head, tmp_path: Path) -> None:
    """A6"""
    file = tmp_path / "kept.txt"
    file.write_text(head.text.replace("position: 9", "position: 5"))
    code, said = verify("--head", str(file))
    assert code == 1
    assert "kept.txt: our key has not signed it as it stands." in said


def test_the_public_key_can_be_had(db: None) -> None:
    """A6"""
    assert verify("--public-key")[1].startswith("-----BEGIN PUBLIC KEY-----")
