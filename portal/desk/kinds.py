"""What takes a second person: each kind of proposal with its facts, its verb, and how it reads."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Contact, Customer, FreezeCause, FreezeRun
from accounts.services import amending, lettering, lockout, unfreeze_runs
from accounts.services.staff import own_client_ids
from portal.approvals import policy, proposals
from portal.approvals.models import Proposal
from portal.approvals.rules import Deed, Facts, RefusedError
from portal.desk import lines
from portal.desk.lines import Line
from portal.letters.models import Kind as LetterKind
from twofactor.services import withdrawal

#: Freezes that end for many at once. Whoever was frozen by wrong codes or by themselves is talked to one by one.
_BULK_CAUSES = {FreezeCause.STAFF, FreezeCause.FRAUD}
#: Kinds that are about more than one client.
_OF_MANY = {"bulk_unfreeze", "list_unfreeze"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of proposal. `current` and `apply` are called with the accounts locked."""

    name: str
    label: str | Promise
    why_not: Callable[..., str]  # (maker, *accounts, now=): why it cannot be proposed; empty if it can
    current: Callable[..., Facts]
    apply: Callable[[Deed], None]
    lines: Callable[[Facts, Facts], list[Line]]

    def holds(self, proposal: Proposal, *accounts: Customer) -> bool:
        """Whether the facts that a proposal rests on are still so."""
        return dict(self.current(*(accounts or concerned(proposal)))) == proposal.before


def propose(
    kind: Kind,
    *concerned: Customer | FreezeRun,
    maker: Customer,
    reason: str,
    after: Mapping[str, str],
    evidence: Iterable[IO[bytes]] = (),
    now: datetime,
) -> Proposal:
    """Propose it for these clients, with the facts as they are under their locks, or for one frozen list.

    Raises `RefusedError`.
    """
    with transaction.atomic():
        about = _locked(concerned)
        refusal = kind.why_not(maker, *about, now=now)
        if refusal:
            raise RefusedError(refusal)
        return proposals.propose(
            kind.name,
            maker=maker,
            subject=None if kind.name in _OF_MANY else about[0],
            reason=reason,
            before=kind.current(*about),
            after=after,
            evidence=evidence,
            now=now,
        )


def resubmit(
    proposal: Proposal, *, revision: int, maker: Customer, reason: str, after: Mapping[str, str], now: datetime
) -> Proposal:
    """Send a returned proposal again, with the facts as they are now. Raises `RefusedError`."""
    kind = KINDS[proposal.kind]
    with transaction.atomic():
        about = _locked(concerned(proposal))
        refusal = kind.why_not(maker, *about, now=now)
        if refusal:
            raise RefusedError(refusal)
        before = kind.current(*about)
        return proposals.resubmit(
            proposal.pk, revision=revision, maker=maker, reason=reason, before=before, after=after
        )  # fmt: skip


def concerned(proposal: Proposal) -> "Sequence[Customer | FreezeRun]":
    """The clients whom a proposal is about, or the frozen list."""
    clients = Customer.objects.filter(is_staff=False)
    if proposal.subject_id:
        return list(clients.filter(pk=proposal.subject_id))
    if "list" in proposal.before:
        return list(FreezeRun.objects.filter(reference=proposal.before["list"]))
    return list(clients.filter(login__in=proposal.before["accounts"].split()).order_by("login"))


def _locked(about: "Sequence[Customer | FreezeRun]") -> "Sequence[Customer | FreezeRun]":
    """Accounts, locked. A list is locked when its unfreeze is approved, and its accounts one by one after that."""
    if any(isinstance(each, FreezeRun) for each in about):
        return about
    keys = [client.pk for client in about]
    return list(Customer.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _approval(deed: Deed) -> dict[str, str]:
    """Who proposed it and why, for the record of what was done."""
    return {
        "proposal": deed.proposal.reference,
        "maker": deed.maker.login,
        "reason": deed.proposal.reason,
        "approved": deed.reason,
        "questions": deed.proposal.after.get("questions", ""),
    }


# --- Unfreezing one ------------------------------------------------------------------------------------


def _frozen_facts(client: Customer) -> Facts:
    return {"state": client.state, "cause": client.freeze_cause, "reference": client.freeze_reference}


def _why_not_unfreeze(maker: Customer, client: Customer, *, now: datetime) -> str:
    return lockout.may_propose_unfreeze(client, maker, now=now)


def _unfreeze(deed: Deed) -> None:
    lockout.unfreeze_approved(deed.accounts[0], staff=deed.checker, facts=_approval(deed), now=deed.now)


# --- Unfreezing many -------------------------------------------------------------------------------------


def _bulk_facts(*clients: Customer) -> Facts:
    """How many, which, and a digest of how each of them is frozen: whatever changes one of them changes that."""
    ordered = sorted(clients, key=lambda client: client.login)
    told = "\n".join(f"{each.login} {each.state} {each.freeze_cause} {each.freeze_reference}" for each in ordered)
    digest = hashlib.sha256(told.encode()).hexdigest()
    return {"count": str(len(ordered)), "digest": digest, "accounts": " ".join(each.login for each in ordered)}


def _why_not_bulk(maker: Customer, *clients: Customer, now: datetime) -> str:
    if not 0 < len(clients) <= policy.ACCOUNTS:
        return _("Name at least one account, and %(count)d at most.") % {"count": policy.ACCOUNTS}
    other = [client.login for client in clients if not client.frozen or client.freeze_cause not in _BULK_CAUSES]
    if other:
        return _("Not frozen by staff or for fraud: %(accounts)s.") % {"accounts": ", ".join(other[:10])}
    if own_client_ids(maker) & {client.pk for client in clients}:
        return _("One of them is an account of your own: a colleague has to do it.")
    return ""


def _bulk_unfreeze(deed: Deed) -> None:
    for client in deed.accounts:
        lockout.unfreeze_approved(client, staff=deed.checker, facts=_approval(deed), now=deed.now)


# --- Unfreezing a list -------------------------------------------------------------------------------------


def _unfreeze_list(deed: Deed) -> None:
    unfreeze_runs.approve(deed.proposal, staff=deed.checker, facts=_approval(deed), now=deed.now)


# --- Withdrawing a method --------------------------------------------------------------------------------


def _why_not_withdraw(maker: Customer, client: Customer, *, now: datetime) -> str:
    return withdrawal.why_not(client, now=now)


def _withdraw(deed: Deed) -> None:
    withdrawal.withdraw(
        deed.accounts[0],
        staff=deed.checker,
        reference=deed.proposal.reference,
        approval=_approval(deed),
        now=deed.now,
    )


# --- Contacts ---------------------------------------------------------------------------------------------


def _why_not_amend(maker: Customer, client: Customer, *, now: datetime) -> str:
    return amending.why_not(client)


def _amend(deed: Deed) -> None:
    after = deed.proposal.after
    if "channel" in after and not deed.proposal.evidence.exists():
        raise RefusedError(_("The scan of the signed form is missing: return it to the maker."))
    amending.amend(
        deed.accounts[0],
        {contact.value: after[contact] for contact in Contact if contact in after},
        staff=deed.checker,
        reference=deed.proposal.reference,
        approval=_approval(deed),
        now=deed.now,
    )


# --- Letters ----------------------------------------------------------------------------------------------


def _letter(name: str, label: str | Promise, kind: LetterKind) -> Kind:
    """A letter of this kind. Both are alike but for what their codes are good for."""

    def why_not(maker: Customer, client: Customer, *, now: datetime) -> str:
        return lettering.why_not(client, kind, now=now)

    def send(deed: Deed) -> None:
        reference = deed.proposal.reference
        client = deed.accounts[0]
        lettering.send(client, kind, maker=deed.maker, checker=deed.checker, reference=reference, now=deed.now)

    return Kind(name, label, why_not, partial(lettering.facts, kind=kind), send, partial(lines.sending, kind))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("unfreeze", gettext_lazy("Unfreeze"), _why_not_unfreeze, _frozen_facts, _unfreeze, lines.unfreezing),
        Kind(
            "bulk_unfreeze",
            gettext_lazy("Unfreeze many"),
            _why_not_bulk,
            _bulk_facts,
            _bulk_unfreeze,
            lines.unfreezing_many,
        ),
        Kind(
            "list_unfreeze",
            gettext_lazy("Unfreeze a list"),
            unfreeze_runs.why_not_propose,
            unfreeze_runs.facts,
            _unfreeze_list,
            lines.unfreezing_many,
        ),
        Kind(
            "withdraw_method",
            gettext_lazy("Withdraw the verification method"),
            _why_not_withdraw,
            withdrawal.facts,
            _withdraw,
            lines.withdrawing,
        ),
        Kind("contacts", gettext_lazy("Change contacts"), _why_not_amend, amending.facts, _amend, lines.amending),
        _letter("rebinding_letter", gettext_lazy("Rebinding letter"), LetterKind.REBINDING),
        _letter("password_letter", gettext_lazy("Password letter"), LetterKind.PASSWORD),
    )
}
