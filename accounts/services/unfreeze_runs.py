"""The way back of a frozen list: counted first, agreed on by two people, then unfrozen one by one.

Only what the list itself froze and still holds is unfrozen: whoever was unfrozen, frozen anew or held for a heavier
cause since stays as they are. Each account is locked in a short transaction of its own, in which it is also counted:
a run may be stopped at any moment and goes on where it stopped, also in two workers at once.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Customer, FreezeRun, FreezeRunItem, ItemState, RunState, UnfreezeRun
from accounts.services import freeze_runs, lockout
from accounts.services.staff import NotAllowedError, own_client_ids
from portal.approvals.models import Proposal
from portal.approvals.rules import reachable
from portal.audit.events import Event
from portal.audit.trail import record
from portal.messaging import notices


def find(reference: str) -> FreezeRun | None:
    """The list of this reference, an R and seven letters and digits, in either case."""
    typed = reference.strip().upper()
    return FreezeRun.objects.filter(reference=typed).first() if typed.isalnum() else None


def facts(run: FreezeRun) -> dict[str, str]:
    """How many accounts the list holds frozen, and a digest of which: whatever changes one of them changes that."""
    digest, count = hashlib.sha256(), 0
    held = freeze_runs.still_frozen(run).order_by("pk")
    for login, reference in held.values_list("customer__login", "reference").iterator(policy.FREEZE_RUN_READ):
        digest.update(f"{login} {run.cause} {reference}\n".encode())
        count += 1
    return {"list": run.reference, "count": str(count), "digest": digest.hexdigest()}


def why_not(run: FreezeRun) -> str:
    """Why this list cannot be unfrozen now; empty if it can."""
    if run.state != RunState.FINISHED:
        return _("This list is not finished: nothing can be taken back yet.")
    if run.unfreezes.filter(finished_at__isnull=True).exists():
        return _("This list is being unfrozen already.")
    if not freeze_runs.still_frozen(run).exists():
        return _("This list holds no account frozen any more.")
    return ""


def why_not_propose(maker: Customer, run: FreezeRun, *, now: datetime) -> str:
    """Why this member of staff cannot propose it; empty if they can."""
    if _holds_own(run, maker):
        return _("One of them is an account of your own: a colleague has to do it.")
    if all(_holds_own(run, each) for each in reachable([]).exclude(pk=maker.pk)):
        return _("There is nobody who could approve it: it needs a colleague whose account is not on the list.")
    return why_not(run)


def _holds_own(run: FreezeRun, staff: Customer) -> bool:
    """Whether an account of this member of staff is among those that the list holds frozen."""
    return freeze_runs.still_frozen(run).filter(customer__in=staff.own_clients.values("client")).exists()


def approve(proposal: Proposal, *, staff: Customer, facts: Mapping[str, str], now: datetime) -> UnfreezeRun:
    """Have the accounts unfrozen that the list of a proposal still holds. `staff` is the second person.

    `facts` say who proposed it and why. In the caller's transaction. Raises `NotAllowedError`.
    """
    run = FreezeRun.objects.select_for_update().get(reference=proposal.before["list"])
    refusal = why_not(run)
    if not refusal and _holds_own(run, staff):
        refusal = _("One of them is an account of your own: a colleague has to do it.")
    if refusal:
        raise NotAllowedError(refusal)
    return UnfreezeRun.objects.create(
        run=run,
        proposal=proposal.reference,
        facts={**facts, "run": run.reference},
        approved_by=staff,
        approved_at=now,
        accounts=freeze_runs.still_frozen(run).count(),
        claimed_until=now,
    )


def work_off(*, bite: int = policy.FREEZE_RUN_BITE, clock: Callable[[], datetime] = timezone.now) -> int:
    """Unfreeze on where approved runs stopped, up to so many accounts; how many were looked at."""
    done = 0
    for back in UnfreezeRun.objects.filter(finished_at__isnull=True).select_related("run").order_by("approved_at"):
        while done < bite and _claim(back, clock()):
            back.refresh_from_db(fields=["through"])
            frozen = back.run.items.filter(state=ItemState.FROZEN, pk__gt=back.through).order_by("pk")
            batch = list(frozen.values_list("pk", "customer_id")[: min(policy.FREEZE_RUN_BATCH, bite - done)])
            for item, customer in batch:
                _unfreeze(back, item, customer, clock)
            done += len(batch)
            _release(back, clock())
            if not batch:
                _finish(back, clock())
                break
    return done


def _claim(back: UnfreezeRun, now: datetime) -> bool:
    free = UnfreezeRun.objects.filter(pk=back.pk, finished_at__isnull=True, claimed_until__lte=now)
    return bool(free.update(claimed_until=now + policy.FREEZE_RUN_LEASE))


def _release(back: UnfreezeRun, now: datetime) -> None:
    UnfreezeRun.objects.filter(pk=back.pk).update(claimed_until=now)


def _unfreeze(back: UnfreezeRun, item_id: int, customer_id: int, clock: Callable[[], datetime]) -> None:
    """Unfreeze one account and count it, under its lock, if it is still held as the list froze it."""
    with transaction.atomic():
        customer = Customer.lock(customer_id)
        passed = UnfreezeRun.objects.filter(pk=back.pk, through__lt=item_id)
        if not passed.update(through=item_id):
            return
        if _may(back, FreezeRunItem.objects.get(pk=item_id), customer):
            lockout.unfreeze_approved(customer, staff=back.approved_by, facts=back.facts, now=clock())
            UnfreezeRun.objects.filter(pk=back.pk).update(unfrozen=F("unfrozen") + 1)


def _may(back: UnfreezeRun, item: FreezeRunItem, customer: Customer) -> bool:
    """Whether a locked account is still as the list froze it, and none of the second person's own by now."""
    as_frozen = (customer.freeze_cause, customer.freeze_reference) == (back.run.cause, item.reference)
    return customer.frozen and as_frozen and customer.pk not in own_client_ids(back.approved_by)


def _finish(back: UnfreezeRun, now: datetime) -> None:
    """Write down once what became of a way back, and tell the security mailbox."""
    with transaction.atomic():
        done = UnfreezeRun.objects.select_for_update().get(pk=back.pk)
        if done.finished_at is not None:
            return
        done.finished_at = now
        done.save(update_fields=["finished_at"])
        counts = {"unfrozen": done.unfrozen, "left": done.left}
        told: dict[str, str | int | bool | None] = {
            "reference": back.run.reference,
            "proposal": done.proposal,
            **counts,
        }
        record(Event.UNFREEZE_RUN_FINISHED, actor=back.approved_by, facts=told)
        lines = "\n".join(f"{state}: {count}" for state, count in counts.items())
        notices.alarm(
            f"Accounts unfrozen by list {back.run.reference}",
            f"The way back of list {back.run.reference} is done, proposal {done.proposal}.\n{lines}\n",
            now=now,
        )
