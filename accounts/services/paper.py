"""Handing out the form on paper, under a reference that leads from what comes back to the account."""

import re
import unicodedata

from django.db import transaction
from django.utils import timezone

from accounts.models import Customer
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import paper_form
from portal.letters.models import IssuedForm

REFERENCE = re.compile(r"U[0-9A-Z]{7}")


def reference(typed: str) -> str:
    """The reference of a form as it is kept, from what somebody typed or scanned; empty for what is none."""
    plain = unicodedata.normalize("NFKC", typed).strip().upper()
    return plain if REFERENCE.fullmatch(plain) else ""


def is_of(customer: Customer, reference: str) -> bool:
    """Whether the form of this reference was handed out to this client."""
    return IssuedForm.objects.filter(reference=reference, customer=customer).exists()


@transaction.atomic
def hand_out(customer: Customer) -> IssuedForm | None:
    """The client's form under today's reference; None once it was handed out too often. A new one is on record."""
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    form = paper_form.issue(customer, now=timezone.now())
    if form and form.downloads == 1:
        record(Event.FORM_ISSUED, actor=customer, subject=customer, facts={"reference": form.reference})
    return form
