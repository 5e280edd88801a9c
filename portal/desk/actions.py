"""What can be done about a client, in the order of the bar on the client's page. Each has a page of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountState, Customer, FreezeCause
from accounts.services import amending, freezing, holds, lockout
from twofactor.services import withdrawal


@dataclass(frozen=True, slots=True)
class Action:
    """One button: the page that it opens, the right that it needs, and when there is anything for it to do."""

    name: str
    label: Promise
    url_name: str
    permission: str
    offered: Callable[[Customer], bool]


def _open(client: Customer) -> bool:
    return client.state != AccountState.CLOSED


def _unfrozen_alone(client: Customer) -> bool:
    by_codes = client.frozen and client.freeze_cause == FreezeCause.WRONG_CODES
    return by_codes and not lockout.unfrozen_lately(client, timezone.now())


def _unfrozen_by_two(client: Customer) -> bool:
    return client.frozen and not _unfrozen_alone(client)


def _held_for_fraud(client: Customer) -> bool:
    return client.frozen and freezing.outweighs(client, FreezeCause.FRAUD)


def _on_hold(client: Customer) -> bool:
    return holds.anything_held(client, now=timezone.now())


def _withdrawn(client: Customer) -> bool:
    return not withdrawal.why_not(client, now=timezone.now())


def _has_a_box(client: Customer) -> bool:
    """Whether post reaches the client. What else stands in the way of a letter is said where it is proposed."""
    return _open(client) and bool(client.postal_address)


ACTIONS: tuple[Action, ...] = (
    Action(
        "unfreeze",
        _("Unfreeze"),
        "admin:accounts_customer_unfreeze",
        "accounts.unfreeze_wrong_codes",
        _unfrozen_alone,
    ),
    Action(
        "propose_unfreeze",
        _("Propose to unfreeze"),
        "admin:desk_propose_unfreeze",
        "accounts.propose",
        _unfrozen_by_two,
    ),
    Action(
        "freeze",
        _("Freeze"),
        "admin:desk_freeze",
        "accounts.freeze_one",
        lambda client: client.state == AccountState.ACTIVE,
    ),
    Action("hold", _("Hold for fraud"), "admin:desk_freeze", "accounts.freeze_fraud", _held_for_fraud),
    Action(
        "end_sessions",
        _("End sessions"),
        "admin:accounts_customer_end_sessions",
        "accounts.end_sessions",
        _open,
    ),
    Action(
        "test_notice",
        _("Send a test notice"),
        "admin:desk_test_notice",
        "accounts.reveal_contacts",
        lambda client: _open(client) and bool(client.email or client.mobile),
    ),
    Action(
        "reset_password",
        _("Start a password reset"),
        "admin:desk_reset_password",
        "accounts.propose",
        lambda client: _open(client) and client.has_usable_password(),
    ),
    Action("lift_hold", _("Lift the hold"), "admin:desk_lift_hold", "accounts.override_hold", _on_hold),
    Action(
        "amend_contacts",
        _("Record a signed form"),
        "admin:desk_amend_contacts",
        "accounts.propose",
        _open,
    ),
    Action(
        "restore_contact",
        _("Take back a change of contact"),
        "admin:desk_restore_contact",
        "accounts.propose",
        lambda client: _open(client) and bool(amending.replaced(client, now=timezone.now())),
    ),
    Action(
        "withdraw_method",
        _("Withdraw the verification method"),
        "admin:desk_withdraw_method",
        "accounts.propose",
        _withdrawn,
    ),
    Action("rebinding_letter", _("Rebinding letter"), "admin:desk_rebinding_letter", "accounts.propose", _has_a_box),
    Action("password_letter", _("Password letter"), "admin:desk_password_letter", "accounts.propose", _has_a_box),
)


def offered(client: Customer, staff: Customer) -> list[dict[str, object]]:
    """The buttons for this member of staff and this client."""
    return [
        {"name": action.name, "label": action.label, "url": reverse(action.url_name, args=[client.pk])}
        for action in ACTIONS
        if staff.has_perm(action.permission) and action.offered(client)
    ]
