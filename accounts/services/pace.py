"""How often on one day a member of staff may do what reaches many clients."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Customer
from accounts.services.staff import NotAllowedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord

#: The deeds that have a limit, by the name of it.
_DEEDS = {
    Event.STAFF_SEARCHED: "searches",
    Event.STAFF_REVEALED: "reveals",
    Event.ACCOUNT_UNFROZEN: "unfreezes",
}

#: What somebody did without a second person. Who approves a list has decided once, whatever the number of accounts.
ALONE = Q(facts__proposal__isnull=True)


def used_up(staff: Customer, event: Event, *, now: datetime) -> bool:
    """Whether this member of staff did this as often today, in Hong Kong, as anybody may."""
    most = policy.MOST_DEEDS_OF_STAFF[_DEEDS[event]]
    midnight = timezone.localtime(now, timezone.get_default_timezone()).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    done = AuditRecord.objects.filter(ALONE, actor=staff, event=event, at__gte=midnight).order_by()
    return done[:most].count() >= most


def ensure_not_used_up(staff: Customer, event: Event, *, now: datetime) -> None:
    """Raise `NotAllowedError` if they did."""
    if used_up(staff, event, now=now):
        raise NotAllowedError(
            _("That was %(count)d times today: for the rest of the day a colleague has to do it.")
            % {"count": policy.MOST_DEEDS_OF_STAFF[_DEEDS[event]]}
        )
