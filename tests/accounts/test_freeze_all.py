"""The emergency switch of the operator."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Customer, Emergency
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor

pytestmark = pytest.mark.django_db


def freeze_all(**options: object) -> str:
    """What the command says."""
    out = StringIO()
    call_command("freeze_all", stdout=out, **options)
    return out.getvalue()


def test_the_switch_ends_every_session_and_lets_nobody_in(amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """L9"""
    visitor.log_in(handset, amy)
    assert visitor.inside
    told = freeze_all(reason="Leak of passwords at a supplier")
    assert "1 clients kept out, 1 live sessions ended" in told
    assert visitor.get("home/").status_code == 302
    assert Visitor().password_step().status_code == 200

    assert freeze_all(off=True, reason="All clear").startswith("Clients may log in again.")
    assert visitor.get("home/").status_code == 302, "a session that was ended stays so"
    assert visitor.log_in(handset, amy).status_code == 302
    assert AuditRecord.objects.get(event=Event.ALL_UNFROZEN).facts == {"reason": "All clear"}


def test_it_is_one_row_one_record_and_no_notice(amy: Customer) -> None:
    """L9"""
    freeze_all(reason="drill")
    assert Emergency.objects.count() == 1
    assert [record.facts for record in AuditRecord.objects.filter(event=Event.ALL_FROZEN)] == [{"reason": "drill"}]
    assert not Message.objects.exists()


def test_a_dry_run_counts_and_changes_nothing(
    amy: Customer, make_client: Callable[..., Customer], visitor: Visitor, handset: Handset
) -> None:
    make_client("100002")
    make_client("100003", state="closed")
    visitor.log_in(handset, amy)
    told = freeze_all(reason="drill", dry_run=True)
    assert "2 clients, 1 live sessions" in told
    assert "is off" in told
    assert not Emergency.objects.exists()
    assert visitor.inside


def test_it_is_on_once_and_off_once(db: None) -> None:
    freeze_all(reason="drill")
    with pytest.raises(CommandError, match="on already"):
        freeze_all(reason="again")
    freeze_all(off=True, reason="All clear")
    with pytest.raises(CommandError, match="not on"):
        freeze_all(off=True, reason="All clear")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_required_and_has_to_fit_both_ways(reason: str, db: None) -> None:
    """A5"""
    for off in (False, True):
        with pytest.raises(CommandError, match="Give a reason"):
            freeze_all(reason=reason, off=off)
        with pytest.raises(CommandError):
            freeze_all(off=off)
        assert Emergency.objects.filter(ended_at__isnull=True).exists() == off, "neither begun nor ended"
        if not off:
            freeze_all(reason="drill")
