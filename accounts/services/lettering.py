"""Letters with a code: who may be sent one, on what it rests, and making it once two people agreed."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccountState, Customer
from accounts.services import holds
from accounts.services.staff import NotAllowedError, ensure_may_act
from portal.letters import letters
from portal.letters import policy as letters_policy
from portal.letters.models import Kind, Letter


def why_not(customer: Customer, kind: Kind, *, now: datetime) -> str:
    """Why no letter of this kind may be sent now; empty if one may. A frozen account may get one, and stays frozen."""
    if customer.state == AccountState.CLOSED:
        return _("The account is closed: nobody can log in to it.")
    if not customer.postal_address.strip():
        return _("There is no correspondence address on file.")
    if until := holds.address_held_until(customer, now=now):
        return _(
            "The correspondence address was changed lately: no letter goes there before %(time)s. An officer may lift "
            "this."
        ) % {"time": f"{timezone.localtime(until):%Y-%m-%d %H:%M}"}
    if holds.held_by_other_letter(customer, kind, now=now):
        return _(
            "The other kind of letter was under way within the last %(days)d days: whoever opens the letter-box would "
            "have both. An officer may lift this."
        ) % {"days": letters_policy.OTHER_KIND_HOLD.days}
    return ""


def facts(customer: Customer, kind: Kind) -> dict[str, str]:
    """What a letter rests on: to whom it goes, and which one it takes the place of."""
    return {
        "name": customer.name,
        "postal_address": customer.postal_address,
        "letter": ", ".join(letter.reference for letter in letters.live(customer, kind)),
    }


def send(
    customer: Customer, kind: Kind, *, maker: Customer, checker: Customer, reference: str, now: datetime
) -> Letter:
    """Make a letter to a locked account, to be printed. `reference` is of the proposal. Raises `NotAllowedError`."""
    for person in (maker, checker):
        ensure_may_act(person, customer)
    refusal = why_not(customer, kind, now=now)
    if refusal:
        raise NotAllowedError(refusal)
    return letters.make(kind, customer=customer, maker=maker, checker=checker, proposal=reference, now=now)
