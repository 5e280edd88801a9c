"""How the facts of a proposal read: one fact a line, old and new, contacts masked."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.forms import QUESTIONS
from accounts.models import AccountState, Contact, FreezeCause, Method
from portal.approvals.rules import Facts
from portal.desk.checklists import CHANNELS
from portal.letters.models import Kind
from portal.lib.masking import mask_email, mask_mobile, mask_postal_address


@dataclass(frozen=True, slots=True)
class Line:
    """One fact for the eye, old and new, contacts masked."""

    label: str
    old: str
    new: str


def _identity(after: Facts) -> Line:
    asked = [str(QUESTIONS.get(key, key)) for key in after["questions"].split(", ")]
    return Line(_("Identity check"), "", _("passed: %(questions)s") % {"questions": ", ".join(asked)})


def unfreezing(before: Facts, after: Facts) -> list[Line]:
    """Unfreezing one: how it is frozen."""
    return [
        Line(_("State"), str(AccountState(before["state"]).label), str(AccountState.ACTIVE.label)),
        Line(_("Frozen by"), str(FreezeCause(before["cause"]).label), ""),
        Line(_("Freeze reference"), before["reference"], ""),
        _identity(after),
    ]


def unfreezing_many(before: Facts, after: Facts) -> list[Line]:
    """Unfreezing many: how many, and which."""
    frozen, active = str(AccountState.FROZEN.label), str(AccountState.ACTIVE.label)
    named = {"list": _("Frozen list"), "accounts": _("Account numbers")}
    return [
        Line(_("Accounts"), before["count"], before["count"]),
        Line(_("State"), frozen, active),
        *(Line(label, before[name], "") for name, label in named.items() if name in before),
    ]


def withdrawing(before: Facts, after: Facts) -> list[Line]:
    """Withdrawing a method: where codes go after it."""
    return [
        Line(_("Verification method"), str(Method(before["method"]).label), str(Method.SMS.label)),
        Line(_("Codes go to"), "", mask_mobile(before["mobile"]).shown),
        _identity(after),
    ]


def amending(before: Facts, after: Facts) -> list[Line]:
    """The old contact masked. The new one in full, because whoever approves compares it with the form."""
    mask: dict[str, Callable[[str], str]] = {
        Contact.MOBILE: lambda value: mask_mobile(value).shown,
        Contact.EMAIL: mask_email,
        Contact.POSTAL_ADDRESS: lambda value: "•••" if value else "",
    }
    lines = [
        Line(str(contact.label).capitalize(), mask[contact](before[contact]), after[contact])
        for contact in Contact
        if contact in after
    ]
    if "channel" in after:
        came = Line(_("The form came by"), "", str(CHANNELS[after["channel"]]))
        return [*lines, came, *([Line(_("Reference of the form"), "", after["form"])] if after.get("form") else [])]
    return [*lines, _identity(after)]


def sending(kind: Kind, before: Facts, after: Facts) -> list[Line]:
    """A letter: which one, what it takes the place of, and where it goes, masked."""
    lines = [
        Line(_("Letter"), before["letter"], str(kind.label).capitalize()),
        Line(_("Goes to"), "", mask_postal_address(before["postal_address"])),
    ]
    return [*lines, _identity(after)]
