"""The reference on a form leads from paper to the client, and from the proposal back to the paper."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import Customer
from accounts.services import paper
from portal.approvals.models import Proposal
from portal.letters.models import IssuedForm
from tests.actors import text_of
from tests.approvals.steps import approve
from tests.contacts.steps import NEW_EMAIL
from tests.contacts.test_amending_by_staff import chan, clerk, evidence_folder, record_form
from tests.desk.steps import Desk

__all__ = ["chan", "clerk", "evidence_folder"]

pytestmark = pytest.mark.django_db


def test_a_form_with_a_reference_finds_its_client_and_stands_in_the_proposal(
    amy: Customer, clerk: Desk, chan: Customer
) -> None:
    """K4, A2"""
    form = paper.hand_out(amy)
    assert form is not None
    found = clerk.post("accounts/customer/", {"query": f" {form.reference.lower()} "})
    assert found.headers["Location"] == f"/staff/accounts/customer/{amy.pk}/"
    page = clerk.get(f"accounts/customer/{amy.pk}/amend-contacts/").content.decode()
    assert f'name="form" value="{form.reference}"' in page
    record_form(clerk, amy, email=NEW_EMAIL, form=form.reference.lower())
    proposal = Proposal.objects.get()
    assert proposal.after["form"] == form.reference
    assert form.reference in text_of(clerk.get(f"queue/{proposal.pk}/"))
    approve(proposal, chan)
    amy.refresh_from_db()
    assert amy.email == NEW_EMAIL


def test_a_client_who_was_found_otherwise_brings_no_form_along(
    amy: Customer, make_client: Callable[..., Customer], clerk: Desk
) -> None:
    other, form = make_client("100002", mobile="+85291234568"), paper.hand_out(amy)
    assert form is not None
    clerk.post("accounts/customer/", {"query": form.reference})
    assert form.reference not in clerk.get(f"accounts/customer/{other.pk}/amend-contacts/").content.decode()
    clerk.post("accounts/customer/", {"query": amy.login})
    assert form.reference not in clerk.get(f"accounts/customer/{amy.pk}/amend-contacts/").content.decode()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("U2345678", "was not handed out to this client"),
        ("U234", "U and seven letters or digits"),
        ("P2345678", "U and seven letters or digits"),
        ("U" * 21, "at most 20"),
    ],
)
def test_the_reference_of_no_form_or_of_somebody_elses_is_refused_and_nothing_is_lost(
    typed: str, told: str, amy: Customer, make_client: Callable[..., Customer], clerk: Desk
) -> None:
    """K4"""
    other = make_client("100002", mobile="+85291234568")
    IssuedForm.objects.create(reference="U2345678", customer=other, issued_at=timezone.now())
    answer = record_form(clerk, amy, email=NEW_EMAIL, form=typed)
    assert told in text_of(answer)
    assert NEW_EMAIL in answer.content.decode()
    assert not Proposal.objects.exists()
