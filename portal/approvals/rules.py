"""Who may propose and decide, and what a kind of proposal has to know of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.approvals import policy
from portal.approvals.models import Proposal

Facts = Mapping[str, str]


class RefusedError(Exception):
    """What this member of staff cannot do with a proposal, or not now; the text says why."""


@dataclass(frozen=True, slots=True)
class Deed:
    """An approved proposal, to be done now: the accounts are locked, and maker and checker are as they stand."""

    proposal: Proposal
    accounts: tuple[Any, ...]
    maker: Any
    checker: Any
    reason: str  # of the checker
    now: datetime


class Kind(Protocol):
    """What approving needs of a kind of proposal. Both run under the locks of the accounts."""

    def holds(self, proposal: Proposal, *accounts: Any) -> bool:
        """Whether the facts that the proposal rests on are still so."""

    def apply(self, deed: Deed) -> None:
        """Do it, with record and notices; raise, and nothing of it happens."""


def words(reason: str) -> str:
    """The reason without the space around it. Raises `RefusedError` for too little and for too much."""
    reason = reason.strip()
    seen = sum(letter.isprintable() and not letter.isspace() for letter in reason)
    if seen < policy.REASON_MIN or len(reason) > policy.REASON_MAX:
        raise RefusedError(
            _("A reason is required, of %(least)d to %(most)d characters.")
            % {"least": policy.REASON_MIN, "most": policy.REASON_MAX}
        )
    return reason


def approvers(accounts: Sequence[Any]) -> QuerySet[Any]:
    """Active staff with the right to approve who hold none of these accounts themselves."""
    staff = ModelBackend().with_perm(policy.APPROVE)
    return staff.filter(is_staff=True).exclude(own_clients__client__in=[account.pk for account in accounts])


def reachable(accounts: Sequence[Any]) -> QuerySet[Any]:
    """Those of them who can come to the desk: who has not enrolled yet, or has lost the authenticator, cannot."""
    return approvers(accounts).filter(**policy.ENROLLED).distinct()


def why_not_decide(proposal: Proposal, checker: Any, accounts: Sequence[Any]) -> str:
    """Why this person may not decide this; empty if they may."""
    if proposal.maker_id == checker.pk:
        return _("You made this proposal: a colleague has to decide it.")
    if not checker.has_perm(policy.APPROVE):
        return _("Your role does not decide proposals.")
    if not approvers(accounts).filter(pk=checker.pk).exists():
        return _("This is an account of your own: a colleague has to do it.")
    return ""
