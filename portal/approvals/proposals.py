"""The life of a proposal: made, mended, withdrawn by its maker; approved, given back, rejected by somebody else.

The accounts that it concerns are locked first, then the proposal, then the members of staff; the clock is read after
that. What is approved happens in the same transaction, or not at all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.approvals import evidence as files
from portal.approvals import policy, recognition
from portal.approvals.models import UNDECIDED, Proposal, State
from portal.approvals.rules import Deed, Facts, Kind, RefusedError, reachable, why_not_decide, words
from portal.approvals.standing import lock_accounts, lock_proposal, lock_staff
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib.references import new_reference


def propose(
    kind: str,
    *,
    maker: Any,
    subject: Any | None,
    reason: str,
    before: Facts,
    after: Facts,
    evidence: Iterable[IO[bytes]] = (),
    now: datetime,
) -> Proposal:
    """Ask for a second person. `maker` and `subject` are accounts; without a subject `before` says which it is about.

    Raises `RefusedError` without right or reason, where the same waits already, and at once where nobody may approve.
    """
    checked = [recognition.check(file) for file in evidence]  # the long part, before anything is locked
    with transaction.atomic():
        proposal = Proposal(
            reference=new_reference("P"),
            kind=kind,
            subject=subject,
            matter=str(subject.pk) if subject else before["digest"],
            reason=words(reason),
            made_at=now,
            sent_at=now,
            lapses_at=now + policy.LIFETIME,
        )
        proposal.seal(before, after)
        accounts = lock_accounts(proposal)
        already = Proposal.objects.select_for_update().filter(
            kind=kind, matter=proposal.matter, state__in=UNDECIDED
        )  # fmt: skip
        for other in already:
            if not _lapsed(other, now):
                raise RefusedError(_("The same was proposed already: %(reference)s.") % {"reference": other.reference})
        (proposal.maker,) = lock_staff(maker.pk)
        _may_make(proposal.maker, accounts)
        proposal.save(force_insert=True)
        for file in checked:
            files.keep(proposal, file, now=now)
        _write_down(Event.PROPOSAL_MADE, proposal, proposal.maker)
    return proposal


def _may_make(maker: Any, accounts: Sequence[Any]) -> None:
    if not maker.has_perm(policy.PROPOSE):
        raise RefusedError(_("Your role does not propose."))
    if maker.own_clients.filter(client__in=accounts).exists():
        raise RefusedError(_("This is an account of your own: a colleague has to do it."))
    if not reachable(accounts).exclude(pk=maker.pk).exists():
        raise RefusedError(
            _("There is nobody who could approve it: it needs a colleague with that right whose account it is not.")
        )


def _lock(pk: UUID | str) -> tuple[list[Any], Proposal]:
    """A proposal and the accounts that it concerns, which come first."""
    accounts = lock_accounts(Proposal.objects.get(pk=pk))
    return accounts, lock_proposal(pk)


def _lock_own(pk: UUID | str) -> Proposal:
    """A proposal, after the client to whom its record in the trail will point. Needs no key to open the facts."""
    found = Proposal.objects.get(pk=pk)
    if found.subject_id:
        lock_accounts(found)
    return lock_proposal(pk)


# --- Deciding ----------------------------------------------------------------------------------------


def approve(pk: UUID, *, revision: int, checker: Any, kind: Kind, reason: str) -> Proposal:
    """Do what was proposed, if the facts are still what the maker found. `revision` is the one that was read.

    Raises `RefusedError`, and then nothing was done; a proposal whose time is over has lapsed.
    """
    reason = words(reason)
    with transaction.atomic():
        accounts, proposal = _lock(pk)
        maker, checker = _pair(proposal, checker)
        now = timezone.now()
        refusal = _why_not(proposal, checker, accounts, revision=revision, now=now)
        if not refusal and not maker.is_active:
            refusal = _("The account of whoever proposed this was disabled: reject it, and propose it anew.")
        if not refusal and not kind.holds(proposal, *accounts):
            refusal = _("The facts are no longer what they were when this was proposed: return or reject it.")
        if not refusal:
            kind.apply(Deed(proposal, tuple(accounts), maker, checker, reason, now))
            return _decide(proposal, State.APPROVED, checker, reason, now)
    raise RefusedError(refusal)


def return_to_maker(pk: UUID, *, revision: int, checker: Any, reason: str) -> Proposal:
    """Give it back to be mended, which starts its time anew. Raises `RefusedError`."""
    return _without_deed(pk, State.RETURNED, revision=revision, checker=checker, reason=reason)


def reject(pk: UUID, *, revision: int, checker: Any, reason: str) -> Proposal:
    """Turn it down for good. Raises `RefusedError`."""
    return _without_deed(pk, State.REJECTED, revision=revision, checker=checker, reason=reason)


def _without_deed(pk: UUID, state: State, *, revision: int, checker: Any, reason: str) -> Proposal:
    reason = words(reason)
    with transaction.atomic():
        accounts, proposal = _lock(pk)
        _maker, checker = _pair(proposal, checker)
        now = timezone.now()
        refusal = _why_not(proposal, checker, accounts, revision=revision, now=now)
        if not refusal:
            return _decide(proposal, state, checker, reason, now)
    raise RefusedError(refusal)


def _pair(proposal: Proposal, checker: Any) -> tuple[Any, Any]:
    """Maker and checker as they stand, who may be one person."""
    people = {person.pk: person for person in lock_staff(proposal.maker_id, checker.pk)}
    return people[proposal.maker_id], people[checker.pk]


def _why_not(proposal: Proposal, checker: Any, accounts: Sequence[Any], *, revision: int, now: datetime) -> str:
    """Why this may not be decided now. What is too late lapses here, and stays lapsed."""
    _lapsed(proposal, now)
    if proposal.state != State.OPEN:
        return _("It is decided already: %(state)s.") % {"state": proposal.get_state_display()}
    if proposal.revision != revision:
        return _("It was changed since you opened this page: read it again.")
    return why_not_decide(proposal, checker, accounts)


_EVENTS = {
    State.APPROVED: Event.PROPOSAL_APPROVED,
    State.RETURNED: Event.PROPOSAL_RETURNED,
    State.REJECTED: Event.PROPOSAL_REJECTED,
}


def _decide(proposal: Proposal, state: State, checker: Any, reason: str, now: datetime) -> Proposal:
    proposal.state, proposal.checker = state, checker
    proposal.decided_at, proposal.decision_reason = now, reason
    if state == State.RETURNED:
        proposal.lapses_at = now + policy.LIFETIME
    proposal.save(update_fields=["state", "checker", "decided_at", "decision_reason", "lapses_at"])
    _write_down(_EVENTS[state], proposal, checker, reason=reason)
    return proposal


# --- The maker ----------------------------------------------------------------------------------------


def withdraw(pk: UUID, *, maker: Any) -> Proposal:
    """Take back one's own proposal. Raises `RefusedError`."""
    with transaction.atomic():
        proposal = _lock_own(pk)
        (maker,) = lock_staff(maker.pk)
        now = timezone.now()
        refusal = _why_not_own(proposal, maker, now=now)
        if not refusal:
            proposal.state, proposal.decided_at = State.WITHDRAWN, now
            proposal.save(update_fields=["state", "decided_at"])
            _write_down(Event.PROPOSAL_WITHDRAWN, proposal, maker)
            return proposal
    raise RefusedError(refusal)


def resubmit(pk: UUID, *, revision: int, maker: Any, reason: str, before: Facts, after: Facts) -> Proposal:
    """Send a returned proposal again, mended, with the facts as they are now. Raises `RefusedError`."""
    reason = words(reason)
    with transaction.atomic():
        accounts, proposal = _lock(pk)
        (maker,) = lock_staff(maker.pk)
        now = timezone.now()
        refusal = _why_not_own(proposal, maker, now=now)
        if not refusal and (proposal.state != State.RETURNED or proposal.revision != revision):
            refusal = _("It was changed since you opened this page: read it again.")
        if not refusal:
            _may_make(maker, accounts)
            proposal.state, proposal.checker, proposal.decided_at = State.OPEN, None, None
            proposal.reason, proposal.revision = reason, revision + 1
            proposal.sent_at, proposal.lapses_at = now, now + policy.LIFETIME
            proposal.seal(before, after)
            proposal.save()
            _write_down(Event.PROPOSAL_RESUBMITTED, proposal, maker)
            return proposal
    raise RefusedError(refusal)


def add_evidence(pk: UUID, file: IO[bytes], *, maker: Any) -> Proposal:
    """Add a file to one's own proposal, which has to be read again then. Raises `RefusedError`."""
    checked = recognition.check(file)  # the long part, before anything is locked
    with transaction.atomic():
        proposal = _lock_own(pk)
        (maker,) = lock_staff(maker.pk)
        now = timezone.now()
        refusal = _why_not_own(proposal, maker, now=now)
        if not refusal:
            files.keep(proposal, checked, now=now)
            proposal.revision += 1
            proposal.save(update_fields=["revision"])
            return proposal
    raise RefusedError(refusal)


def _why_not_own(proposal: Proposal, maker: Any, *, now: datetime) -> str:
    _lapsed(proposal, now)
    if proposal.maker_id != maker.pk or not maker.has_perm(policy.PROPOSE):
        return _("It is not yours to change.")
    if not proposal.undecided:
        return _("It is decided already: %(state)s.") % {"state": proposal.get_state_display()}
    return ""


# --- Time ----------------------------------------------------------------------------------------------


def lapse(now: datetime) -> int:
    """Close what nobody decided in time; how many."""
    due = Proposal.objects.filter(state__in=UNDECIDED, lapses_at__lte=now).order_by("lapses_at")
    done = 0
    for pk in list(due.values_list("pk", flat=True)[: policy.LAPSE_BATCH]):
        with transaction.atomic():
            done += _lapsed(_lock_own(pk), now)
    return done


def _lapsed(proposal: Proposal, now: datetime) -> bool:
    """Close a locked proposal whose time is over; whether it was this call that did it."""
    if not proposal.undecided or now < proposal.lapses_at:
        return False
    proposal.state, proposal.decided_at = State.LAPSED, proposal.lapses_at
    proposal.save(update_fields=["state", "decided_at"])
    _write_down(Event.PROPOSAL_LAPSED, proposal, None)
    return True


def _write_down(event: Event, proposal: Proposal, actor: Any, *, reason: str = "") -> None:
    facts = {"reference": proposal.reference, "kind": proposal.kind, "reason": reason or proposal.reason}
    record(event, actor=actor, subject=proposal.subject, facts=facts)


# --- Looking up ------------------------------------------------------------------------------------------


def find(reference: str) -> Proposal | None:
    """The proposal of this reference, a P and seven letters and digits."""
    return Proposal.objects.filter(reference=reference).select_related("subject", "maker", "checker").first()


def look_up(pk: UUID | str) -> Proposal | None:
    """The proposal as it stands, lapsed if its time is over."""
    now = timezone.now()
    if Proposal.objects.filter(pk=pk, state__in=UNDECIDED, lapses_at__lte=now).exists():
        with transaction.atomic():
            _lapsed(_lock_own(pk), now)
    return Proposal.objects.filter(pk=pk).select_related("subject", "maker", "checker").first()


def undecided() -> QuerySet[Proposal]:
    """Everything that waits for a checker or for its maker, the oldest first."""
    waiting = Proposal.objects.filter(state__in=UNDECIDED, lapses_at__gt=timezone.now())
    return waiting.select_related("subject", "maker", "checker").order_by("sent_at", "pk")
