"""Who hears of a change of contact, what is kept of it, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import ContactChange, Customer
from accounts.tasks import purge
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails
from tests.contacts.steps import (
    NEW,
    NEW_EMAIL,
    ask,
    change,
    code_by_email,
    to_code,
)
from tests.twofactor.steps import Clock
from tests.twofactor.switches import A_MINUTE

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("contact", list(NEW))
BY_CODE = pytest.mark.parametrize("contact", ["mobile", "email"])


def on_file(amy: Customer) -> dict[str, str]:
    """What stands in the account."""
    amy.refresh_from_db()
    return {"mobile": amy.mobile, "email": amy.email, "postal_address": amy.postal_address}


@EVERY
def test_old_and_new_contacts_are_told_without_link_and_without_the_contact(
    contact: str, inside: Visitor, amy: Customer, handset: Handset
) -> None:
    """K3, N1, N2"""
    before = on_file(amy)
    change(inside, handset, amy, contact)
    reference = ContactChange.objects.get().reference
    assert Message.objects.filter(kind__startswith="notice.", reference=reference).count() >= 2, "staff find it by that"
    told_by_mail = {before["email"], on_file(amy)["email"]}
    told_by_text = {before["mobile"], amy.mobile}
    for address in told_by_mail:
        body = str(emails(address)[-1].body)
        assert reference in body
        assert "http" not in body
        assert not any(new.split("\n")[0] in body for new in NEW.values())
    for number in told_by_text:
        assert "changed" in handset.texts(number)[-1]
    told = Message.objects.filter(kind__startswith="notice.", kind__endswith="_changed")
    assert told.count() == len(told_by_mail) + len(told_by_text)


def test_a_new_address_is_told_only_that_somebody_asked(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """C6: it may be mistyped, and belong to a stranger"""
    to_code(inside, handset, amy, "email")
    (message,) = emails(NEW_EMAIL)
    told = f"{message.subject} {message.body}"
    assert amy.name not in told
    assert amy.login not in told
    assert code_by_email(NEW_EMAIL) not in str(message.subject)


def test_what_was_on_file_within_thirty_days_hears_of_the_next_change(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    old = amy.email
    change(inside, handset, amy, "email")
    clock.shift(policy.CONTACT_HOLD)
    again = Visitor("en")
    again.log_in(handset, amy)
    clock.shift(A_MINUTE)
    before = len(emails(old))
    change(again, handset, amy, "postal_address")
    assert len(emails(old)) == before + 1
    clock.shift(timedelta(days=30))
    purge()
    assert not Customer.objects.get(pk=amy.pk).former_contacts(timezone.now() - timedelta(days=30))
    late = Visitor("en")
    late.log_in(handset, Customer.objects.get(pk=amy.pk))
    clock.shift(A_MINUTE)
    before = len(emails(old))
    change(late, handset, amy, "mobile")
    assert len(emails(old)) == before


def test_contacts_on_their_way_and_replaced_lie_sealed_and_not_for_ever(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """O7"""
    change(inside, handset, amy, "email")
    row = ContactChange.objects.get()
    assert b"amy" not in bytes(row.sealed_old) + bytes(row.sealed_new)
    clock.shift(policy.FORMER_CONTACT + timedelta(seconds=1))
    purge()
    assert not ContactChange.objects.exists()
    other = Visitor("en")
    other.log_in(handset, Customer.objects.get(pk=amy.pk))
    ask(other, "mobile")
    clock.shift(policy.CONTACT_CHANGE_RETENTION + timedelta(seconds=1))
    purge()
    assert not ContactChange.objects.exists()


def test_what_no_key_opens_any_more_stops_nobody(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3: a key that was lost with what it sealed"""
    change(inside, handset, amy, "email")
    ContactChange.objects.update(sealed_old=b"\x01lost")
    clock.shift(policy.CONTACT_HOLD)
    again = Visitor("en")
    again.log_in(handset, amy)
    clock.shift(A_MINUTE)
    change(again, handset, amy, "postal_address")


def test_the_trail_says_which_contact_and_never_what(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """A4"""
    change(inside, handset, amy, "mobile")
    facts = AuditRecord.objects.get(event=Event.CONTACT_CHANGED).facts
    assert facts == {"contacts": "mobile", "reference": ContactChange.objects.get().reference}


def test_a_contact_that_is_back_on_file_is_told_once(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    old = amy.email
    change(inside, handset, amy, "email")
    clock.shift(policy.CONTACT_HOLD)
    again = Visitor("en")
    again.log_in(handset, amy)
    clock.shift(A_MINUTE)
    before = len(emails(old))
    change(again, handset, amy, "email", old)
    told = [message for message in emails(old)[before:] if "changed" in str(message.subject)]
    assert len(told) == 1
