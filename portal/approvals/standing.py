"""The locks of a proposal, in the one order in which they are taken: accounts, proposal, staff."""

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from portal.approvals import policy
from portal.approvals.models import Proposal


def lock_accounts(proposal: Proposal) -> list[Any]:
    """The client accounts that a proposal concerns, locked. They are the same as long as it lives.

    None where it names a frozen list: those are too many to hold, and are locked one by one when it is worked off.
    """
    clients = get_user_model()._default_manager.filter(is_staff=False)
    if proposal.subject_id:
        clients = clients.filter(pk=proposal.subject_id)
    else:
        clients = clients.filter(login__in=proposal.before.get("accounts", "").split()[: policy.ACCOUNTS])
    return list(clients.select_for_update().order_by("pk"))


def lock_proposal(pk: UUID | str) -> Proposal:
    """The proposal as it stands, locked."""
    return Proposal.objects.select_for_update(of=("self",)).select_related("subject").get(pk=pk)


def lock_staff(*keys: int) -> list[Any]:
    """These members of staff as they stand, so that nobody disables one meanwhile.

    The lock leaves their keys alone: records that name them may be written elsewhere at the same time.
    """
    staff = get_user_model()._default_manager.filter(pk__in=set(keys))
    return list(staff.select_for_update(no_key=True).order_by("pk"))
