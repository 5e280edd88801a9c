"""The reference of the call in which an account was unfrozen: written down, found again, never required."""

import pytest

from accounts import policy
from accounts.models import Customer, FreezeCause
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import text_of
from tests.desk.steps import Desk, frozen
from tests.desk.test_client_page import is_frozen, unfreeze

pytestmark = pytest.mark.django_db


def test_the_reference_of_the_call_is_on_record_and_on_the_timeline(amy: Customer, mak_inside: Desk) -> None:
    """A3, A4"""
    frozen(amy, FreezeCause.WRONG_CODES)
    assert "Call reference" in text_of(mak_inside.get(f"accounts/customer/{amy.pk}/unfreeze/"))
    unfreeze(mak_inside, amy, call="  REC-20351119-0042 ")
    assert not is_frozen(amy)
    assert AuditRecord.objects.get(event=Event.ACCOUNT_UNFROZEN).facts["call"] == "REC-20351119-0042"
    told = text_of(mak_inside.get(f"accounts/customer/{amy.pk}/timeline/"))
    assert "call reference: REC-20351119-0042" in told


@pytest.mark.parametrize("call", ["", "   "])
def test_a_call_without_a_reference_unfreezes_as_well(call: str, amy: Customer, mak_inside: Desk) -> None:
    frozen(amy, FreezeCause.WRONG_CODES)
    unfreeze(mak_inside, amy, call=call)
    assert not is_frozen(amy)
    assert "call" not in AuditRecord.objects.get(event=Event.ACCOUNT_UNFROZEN).facts


def test_a_caller_who_does_not_pass_the_check_is_on_record_with_the_call(amy: Customer, mak_inside: Desk) -> None:
    frozen(amy, FreezeCause.WRONG_CODES)
    unfreeze(mak_inside, amy, call="REC-7", passed="")
    assert is_frozen(amy)
    assert AuditRecord.objects.get(event=Event.IDENTITY_CHECK_FAILED).facts["call"] == "REC-7"


@pytest.mark.parametrize("call", ["x" * (policy.LONGEST_CALL_REFERENCE + 1), "REC\x007"])
def test_what_is_no_reference_unfreezes_nothing(call: str, amy: Customer, mak_inside: Desk) -> None:
    frozen(amy, FreezeCause.WRONG_CODES)
    assert unfreeze(mak_inside, amy, call=call).status_code == 200
    assert is_frozen(amy)


def test_a_hostile_reference_shows_as_text(amy: Customer, mak_inside: Desk) -> None:
    frozen(amy, FreezeCause.WRONG_CODES)
    unfreeze(mak_inside, amy, call="<script>alert(1)</script>")
    html = mak_inside.get(f"accounts/customer/{amy.pk}/timeline/").content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
