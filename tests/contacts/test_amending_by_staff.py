"""Contacts that staff change with a second person: off a signed form, or back to what a thief replaced."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings

from accounts import policy
from accounts.models import Customer
from accounts.services import holds
from portal.approvals import proposals
from portal.approvals.models import Proposal, State
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import Handset, Visitor, emails, text_of
from tests.approvals.steps import approve, pdf, picture
from tests.contacts.steps import NEW_EMAIL, NEW_MOBILE, change
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
CHECKS = ["signature", "document", "call_back"]
ASKED = {"questions": ["full name", "recent trade"], "passed": "on", "reason": "Says that it was not hers"}


@pytest.fixture(autouse=True)
def evidence_folder(settings: Settings, tmp_path: Path) -> None:
    settings.EVIDENCE_DIRECTORY = tmp_path / "evidence"


@pytest.fixture
def clerk(clock: Clock, make_staff: Callable[..., Customer]) -> Desk:
    make_staff("clerk.mak", "clerk")
    desk = Desk()
    desk.log_in("clerk.mak")
    return desk


@pytest.fixture
def chan(clock: Clock, make_staff: Callable[..., Customer]) -> Customer:
    """Who approves."""
    return make_staff("super.chan", "supervisor")


def scan(content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile("form.pdf", content or picture())


def record_form(desk: Desk, client: Customer, **fields: Any) -> HttpResponse:
    """A form that came by post, with everything ticked."""
    facts = {"channel": "post", "scan": scan(), "checklist": CHECKS, "reason": "Form received by post", **fields}
    path = f"accounts/customer/{client.pk}/amend-contacts/"
    return desk.post(path, {name: value for name, value in facts.items() if value is not None})


def take_back(desk: Desk, client: Customer, **fields: Any) -> HttpResponse:
    """The latest change of the list, after the identity check."""
    change = client.contact_changes.latest("ended_at")
    return desk.post(f"accounts/customer/{client.pk}/restore-contact/", {"change": str(change.pk), **ASKED, **fields})


def test_a_signed_form_changes_what_it_says_once_a_second_person_approves(
    amy: Customer, clerk: Desk, chan: Customer, handset: Handset
) -> None:
    """K4, A5"""
    Customer.objects.filter(pk=amy.pk).update(language="en")
    answer = record_form(clerk, amy, mobile="9876 5432", postal_address="9 Nathan Road\r\nKowloon")
    proposal = Proposal.objects.get()
    assert answer.headers["Location"] == f"/staff/queue/{proposal.pk}/"
    amy.refresh_from_db()
    assert amy.mobile == "+85291234567", "nothing before it is approved"
    approve(proposal, chan)
    amy.refresh_from_db()
    assert (amy.mobile, amy.email, amy.postal_address) == (NEW_MOBILE, "amy@example.com", "9 Nathan Road\nKowloon")
    for number in ("+85291234567", NEW_MOBILE):
        assert any("mobile number" in text for text in handset.texts(number))
    assert {"mobile number", "correspondence address"} <= {
        word for mail in emails(amy.email) for word in ("mobile number", "correspondence address")
        if word in str(mail.subject)
    }  # fmt: skip
    kept = AuditRecord.objects.get(event=Event.CONTACT_CHANGED).facts
    assert (kept["contacts"], kept["maker"]) == ("mobile, postal_address", "clerk.mak")
    assert "98765432" not in str(kept)


def test_the_client_waits_a_day_after_it(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """K3: staff changes count too"""
    record_form(clerk, amy, email=NEW_EMAIL)
    approve(Proposal.objects.get(), chan)
    amy.refresh_from_db()
    now = timezone.now()
    assert holds.contacts_held_until(amy, now=now) == now + policy.CONTACT_HOLD
    assert holds.method_held_until(amy, now=now) == now + policy.METHOD_HOLD
    assert amy.last_security_change_at == now


def test_every_session_ends_with_it(inside: Visitor, amy: Customer, clerk: Desk, chan: Customer) -> None:
    """K4, L8"""
    record_form(clerk, amy, email=NEW_EMAIL)
    approve(Proposal.objects.get(), chan)
    assert not inside.inside


def test_a_change_by_the_client_meanwhile_stops_the_approval(
    inside: Visitor, amy: Customer, handset: Handset, clerk: Desk, chan: Customer
) -> None:
    """K4: checked again against current data"""
    record_form(clerk, amy, email="office@example.com")
    change(inside, handset, amy, "email")
    with pytest.raises(RefusedError):
        approve(Proposal.objects.get(), chan)
    amy.refresh_from_db()
    assert amy.email == NEW_EMAIL


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"scan": None}, "Attach the scan of the signed form."),
        ({"scan": scan(b"MZ this is a program")}, "PDF"),
        ({"scan": scan(b"just words")}, "PDF"),
        ({"scan": SimpleUploadedFile("empty.pdf", b"")}, "Choose a file that is not empty."),
        ({"channel": "pigeon"}, "pigeon"),
        ({"checklist": ["signature", "document"]}, "Tick every line of the checklist."),
        ({"reason": "     "}, "required"),
        ({"email": None}, "Fill in what the client wants to change."),
        ({"mobile": "2123 4567"}, "landline"),
        ({"email": "nobody"}, "Enter one e-mail address"),
        ({"postal_address": "\n".join("1234567")}, "at most 6 lines"),
    ],
    ids=str,
)
def test_what_is_missing_or_wrong_on_a_form_is_said_and_nothing_is_lost(
    missing: dict[str, Any], said: str, amy: Customer, clerk: Desk, chan: Customer
) -> None:
    """K4"""
    page = record_form(clerk, amy, **{"email": NEW_EMAIL, **missing})
    assert page.status_code == 200
    assert said in text_of(page)
    assert not Proposal.objects.exists()
    if "email" not in missing:
        assert NEW_EMAIL in page.content.decode(), "what was typed is still there"


def test_the_scan_lies_with_the_proposal(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """K4, A5"""
    record_form(clerk, amy, email=NEW_EMAIL, scan=scan(pdf(b"<< /Type /Catalog >>")))
    kept = Proposal.objects.get().evidence.get()
    assert kept.kind == "pdf"


def test_without_its_scan_no_form_is_approved(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """K4"""
    record_form(clerk, amy, email=NEW_EMAIL)
    proposal = Proposal.objects.get()
    proposal.evidence.all().delete()
    with pytest.raises(RefusedError, match="scan"):
        approve(proposal, chan)
    amy.refresh_from_db()
    assert amy.email == "amy@example.com"


def test_a_form_as_large_as_evidence_may_be_is_read(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """A5: the bound of the body is that of the file"""
    big = BytesIO(picture(size=(1500, 1500)))
    assert 1024**2 < len(big.getvalue()) < 10 * 1024**2
    assert record_form(clerk, amy, email=NEW_EMAIL, scan=scan(big.getvalue())).status_code == 302
    assert record_form(clerk, amy, email=NEW_EMAIL, scan=scan(b"%PDF-1.7" + b" " * 11 * 1024**2)).status_code == 413


def test_the_queue_shows_what_would_change_the_old_contact_masked(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """K4: the new one in full, because it is compared with the form"""
    record_form(clerk, amy, mobile="9876 5432", email=NEW_EMAIL)
    page = text_of(clerk.get(f"queue/{Proposal.objects.get().pk}/"))
    assert NEW_MOBILE in page
    assert NEW_EMAIL in page
    assert "91234567" not in page
    assert "amy@example.com" not in page
    assert "Post" in page


def test_a_returned_form_is_sent_again_as_it_was(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """A5"""
    record_form(clerk, amy, email=NEW_EMAIL)
    proposal = Proposal.objects.get()
    proposals.return_to_maker(proposal.pk, revision=proposal.revision, checker=chan, reason="Who was called back?")
    proposal.refresh_from_db()
    path = f"queue/{proposal.pk}/mend/"
    assert clerk.get(path).status_code == 200
    fields = {"checklist": CHECKS, "reason": "Called back at eleven", "revision": proposal.revision}
    assert clerk.post(path, fields).status_code == 302
    proposal.refresh_from_db()
    assert proposal.after["email"] == NEW_EMAIL
    approve(proposal, chan)
    amy.refresh_from_db()
    assert amy.email == NEW_EMAIL


# --- "That was not me" -----------------------------------------------------------------------------------


def test_what_a_thief_replaced_is_put_back_and_both_are_told(
    inside: Visitor, amy: Customer, handset: Handset, clerk: Desk, chan: Customer
) -> None:
    """K3, K4"""
    change(inside, handset, amy, "email", "thief@example.net")
    assert take_back(clerk, amy).status_code == 302
    proposal = Proposal.objects.get()
    assert proposal.after["email"] == "amy@example.com"
    before = len(emails("thief@example.net"))
    approve(proposal, chan)
    amy.refresh_from_db()
    assert amy.email == "amy@example.com"
    assert len(emails("thief@example.net")) == before + 1
    assert not inside.inside


def test_who_did_not_pass_the_check_gets_nothing_back(
    inside: Visitor, amy: Customer, handset: Handset, clerk: Desk, chan: Customer
) -> None:
    """K4, A4"""
    change(inside, handset, amy, "email")
    assert take_back(clerk, amy, passed="").status_code == 200
    assert not Proposal.objects.exists()
    assert AuditRecord.objects.filter(event=Event.IDENTITY_CHECK_FAILED).exists()


def test_only_changes_of_the_last_thirty_days_of_this_client_can_be_taken_back(
    inside: Visitor, amy: Customer, handset: Handset, clerk: Desk, chan: Customer, clock: Clock,
    make_client: Callable[..., Customer],
) -> None:  # fmt: skip
    """K3"""
    change(inside, handset, amy, "email")
    stranger = make_client("200008")
    path = f"accounts/customer/{stranger.pk}/restore-contact/"
    assert "No contact was changed" in text_of(clerk.get(path))
    theirs = str(amy.contact_changes.get().pk)
    clerk.post(path, {"change": theirs, **ASKED})
    assert not Proposal.objects.exists()
    clock.shift(policy.FORMER_CONTACT + timedelta(seconds=1))
    desk = Desk()
    desk.log_in("clerk.mak")
    assert "No contact was changed" in text_of(desk.get(f"accounts/customer/{amy.pk}/restore-contact/"))


def test_the_list_shows_no_contact_in_full(inside: Visitor, amy: Customer, handset: Handset, clerk: Desk) -> None:
    """A1"""
    change(inside, handset, amy, "mobile")
    page = text_of(clerk.get(f"accounts/customer/{amy.pk}/restore-contact/"))
    assert "+852 9" in page
    assert "9876" not in page
    assert "9123" not in page


def test_a_decided_proposal_moves_a_contact_once(amy: Customer, clerk: Desk, chan: Customer) -> None:
    """A5"""
    record_form(clerk, amy, email=NEW_EMAIL)
    proposal = Proposal.objects.get()
    approve(proposal, chan)
    with pytest.raises(RefusedError):
        approve(proposal, chan)
    assert AuditRecord.objects.filter(event=Event.CONTACT_CHANGED).count() == 1
    proposal.refresh_from_db()
    assert proposal.state == State.APPROVED
