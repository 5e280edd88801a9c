"""What happens to letters after the printer, by hand: posted, or taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.audit.events import Event
from portal.letters import policy
from portal.letters.letters import end, lock_accounts, may_print, write_down
from portal.letters.models import Kind, Letter, RunState, State, Void
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice

_NOTICES = {Kind.PASSWORD: Notice.PASSWORD_LETTER_POSTED, Kind.REBINDING: Notice.REBINDING_LETTER_POSTED}


def to_be_posted() -> QuerySet[Letter]:
    """Letters of runs that came out well, the oldest first."""
    return Letter.objects.filter(state=State.PRINTED, run__state=RunState.GOOD).order_by("printed_at", "pk")


@transaction.atomic
def post(tracking: Mapping[UUID, str], *, staff: Any, now: datetime) -> list[Letter]:
    """These letters left the house: their codes are worth something from now on, and the clients are told.

    `tracking` has a tracking number, or nothing, for the key of each letter. Gives back those that were posted by this
    call; others wait for their run to be judged, are over, or are for an account of this member of staff.
    """
    named = Letter.objects.filter(pk__in=tracking).order_by()
    accounts = lock_accounts(set(named.values_list("customer_id", flat=True)))
    ours = to_be_posted().filter(pk__in=tracking, lapses_at__gt=now)
    own = staff.own_clients.values("client")
    found = list(ours.exclude(customer__in=own).select_for_update(of=("self",)))
    posted = found if may_print(staff) else []
    for letter in posted:
        letter.customer = accounts[letter.customer_id]
        letter.state, letter.posted_at = State.POSTED, now
        letter.tracking = tracking[letter.pk][: Letter._meta.get_field("tracking").max_length]
        letter.save(update_fields=["state", "posted_at", "tracking"])
        tracked = {"tracking": letter.tracking} if letter.tracking else {}
        write_down(Event.LETTER_POSTED, letter, actor=staff, **tracked)
        notices.tell(letter.customer, _NOTICES[Kind(letter.kind)], now=now, detail=Detail(reference=letter.reference))
    return posted


def withdraw(pk: UUID, *, staff: Any, reason: str, now: datetime) -> str:
    """Take a letter back: it is void. Why it cannot be done; empty if it was done."""
    with transaction.atomic():
        found = Letter.objects.get(pk=pk)
        accounts = lock_accounts([found.customer_id])
        letter = Letter.objects.select_for_update().get(pk=pk)
        letter.customer = accounts[letter.customer_id]
        refusal = _why_not_withdraw(letter, staff, prints=may_print(staff))
        if not refusal and len(reason.strip()) < policy.REASON_MIN:
            refusal = _("A reason is required.")
        if not refusal:
            end(letter, Void.STAFF, now=now, actor=staff, reason=reason.strip())
        return refusal


def _why_not_withdraw(letter: Letter, staff: Any, *, prints: bool) -> str:
    """Why this member of staff, who `prints` letters or not, cannot take this letter back; empty if they can."""
    if not prints:
        return _("Your role does not withdraw letters.")
    if staff.own_clients.filter(client=letter.customer_id).exists():
        return _("This is an account of your own: a colleague has to do it.")
    if not letter.live:
        return _("It is over already: %(state)s.") % {"state": letter.get_state_display()}
    return ""
