"""Freezing a list of accounts: read and counted first, then confirmed, then frozen one by one.

Each account is locked in a short transaction of its own, in which it is also ticked off: a run may be stopped at any
moment and goes on where it stopped, also in two workers at once.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader, BytesIO
from itertools import islice
from operator import itemgetter

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.models import AccountState, Customer, FreezeCause, FreezeRun, FreezeRunItem, ItemState, RunState
from accounts.services import freezing, lockout
from accounts.services.importing import FileRefused
from accounts.services.importing.reading import read_records
from accounts.services.staff import NotAllowedError, as_they_stand, own_client_ids
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib.digits import six_digits
from portal.lib.references import new_reference
from portal.messaging import notices

#: Why a line freezes nobody. What stood in it is anybody's text, and is kept nowhere.
PROBLEMS: dict[str, Promise] = {
    "refused": gettext_lazy("not an account number of six digits, alone on its line"),
    "unknown": gettext_lazy("no client has this account number"),
    "own": gettext_lazy("an account of your own"),
}

_HEADER = "number"
_NUMBERS = 1_000_000  # as many as six digits can tell apart


# --- Reading the list --------------------------------------------------------------------------------


@dataclass(slots=True)
class _List:
    """What was read so far. Of the numbers one bit each is kept."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("rows", "open", "already", "closed", "unknown", "repeated", "refused"), 0
        )
    )
    problems: list[dict[str, object]] = field(default_factory=list)
    _seen: bytearray = field(default_factory=lambda: bytearray(_NUMBERS // 8))

    def problem(self, line: int, what: str) -> None:
        """Count a line that freezes nobody; the first ones are kept."""
        self.counts["unknown" if what == "unknown" else "refused"] += 1
        if len(self.problems) < policy.FREEZE_RUN_PROBLEMS:
            self.problems.append({"line": line, "what": what})

    def numbers(self, records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, str]]:
        """Line and number of each account that is named for the first time. Raises `FileRefused`."""
        for line, cells in records:
            cells = [cell.strip() for cell in cells]
            if self.counts["rows"] == 0 and cells == [_HEADER]:
                continue
            self.counts["rows"] += 1
            if self.counts["rows"] > policy.FREEZE_RUN_ROWS:
                raise FileRefused(
                    _("The file has more than %(rows)d lines: freeze everybody instead.")
                    % {"rows": policy.FREEZE_RUN_ROWS}
                )
            number = six_digits(cells[0]) if len(cells) == 1 else None
            if number is None:
                self.problem(line, "refused")
            elif self._seen_before(number):
                self.counts["repeated"] += 1
            else:
                yield line, number

    def _seen_before(self, number: str) -> bool:
        place, bit = divmod(int(number), 8)
        seen = self._seen[place] >> bit & 1
        self._seen[place] |= 1 << bit
        return bool(seen)


def check(file: BufferedReader | BytesIO, *, cause: FreezeCause, staff: Customer | None, now: datetime) -> FreezeRun:
    """Read a list of account numbers, one a line, and say whom it would freeze. Nothing is frozen yet.

    Without `staff` it is the operator who asks. Raises `FileRefused`, `NotAllowedError`.
    """
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    read = _List()
    own = own_client_ids(staff) if staff else frozenset()
    with transaction.atomic():
        _may_run(staff)
        run = FreezeRun.objects.create(
            reference=new_reference("R"),
            cause=cause,
            made_at=now,
            made_by=staff,
            sha256=digest,
        )
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        try:
            numbers = read.numbers(read_records(text))
            while batch := {number: line for line, number in islice(numbers, policy.FREEZE_RUN_READ)}:
                _take(run, batch, read, own)
        finally:
            text.detach()  # the file is the caller's
        if not read.counts["rows"]:
            raise FileRefused(_("The file is empty: it needs an account number on each line."))
        problems = sorted(read.problems, key=itemgetter("line"))
        FreezeRun.objects.filter(pk=run.pk).update(**read.counts, problems=problems)
        run.refresh_from_db()
        record(Event.FREEZE_RUN_CHECKED, actor=staff, facts={"reference": run.reference, **read.counts})
    return run


def _take(run: FreezeRun, batch: dict[str, int], read: _List, own: frozenset[int]) -> None:
    """Look up some numbers; those that are accounts become items of the run."""
    found = Customer.objects.filter(login__in=list(batch), is_staff=False).only("login", "state")
    accounts = {customer.login: customer for customer in found}
    items = []
    for number, line in batch.items():
        customer = accounts.get(number)
        if customer is None:
            read.problem(line, "unknown")
        elif customer.pk in own:
            read.problem(line, "own")
        elif customer.state == AccountState.CLOSED:
            read.counts["closed"] += 1
        else:
            read.counts["already" if customer.frozen else "open"] += 1
            items.append(FreezeRunItem(run=run, customer=customer))
    FreezeRunItem.objects.bulk_create(items, batch_size=policy.FREEZE_RUN_BATCH)


def _may_run(staff: Customer | None) -> None:
    if staff is not None and not as_they_stand(staff).has_perm("accounts.freeze_all"):
        raise NotAllowedError(_("Your role does not freeze many accounts at once."))


# --- Confirming --------------------------------------------------------------------------------------


def confirm(run: FreezeRun, *, staff: Customer | None, reason: str, now: datetime) -> FreezeRun:
    """Have the accounts of a list frozen. Raises `NotAllowedError` if that was done, is too late, or has no reason."""
    with transaction.atomic():
        _may_run(staff)
        found = FreezeRun.objects.select_for_update().filter(pk=run.pk).first()
        if found is None or lapsed(found, now):
            raise NotAllowedError(_("This list was checked too long ago: send it again."))
        if found.state != RunState.CHECKED:
            raise NotAllowedError(_("This list was confirmed already."))
        if not reason.strip():
            raise NotAllowedError(_("A reason is required."))
        if not found.open + found.already:
            raise NotAllowedError(_("This list names no account to freeze."))
        found.state = RunState.CONFIRMED
        found.reason = reason.strip()
        found.confirmed_at = now
        found.confirmed_by = staff
        found.claimed_until = now
        found.save(update_fields=["state", "reason", "confirmed_at", "confirmed_by", "claimed_until"])
        record(
            Event.FREEZE_RUN_CONFIRMED,
            actor=staff,
            facts={"reference": found.reference, "cause": found.cause, "reason": found.reason, "accounts": found.open},
        )
    return found


def lapsed(run: FreezeRun, now: datetime) -> bool:
    """Whether a list that was only checked is too old to be confirmed."""
    return run.state == RunState.CHECKED and now - run.made_at > policy.FREEZE_RUN_LAPSES


# --- Freezing ----------------------------------------------------------------------------------------


def work_off(*, bite: int = policy.FREEZE_RUN_BITE, clock: Callable[[], datetime] = timezone.now) -> int:
    """Freeze on where confirmed runs stopped, up to so many accounts; how many were looked at."""
    done = 0
    for run in FreezeRun.objects.filter(state=RunState.CONFIRMED).order_by("confirmed_at"):
        while done < bite and _claim(run, clock()):
            batch = run.items.filter(state=ItemState.PENDING).order_by("pk")[
                : min(policy.FREEZE_RUN_BATCH, bite - done)
            ]
            pending = list(batch.values_list("pk", "customer_id"))
            for item, customer in pending:
                _freeze(run, item, customer, clock)
            done += len(pending)
            _release(run, clock())
            if not pending:
                _finish(run, clock())
                break
    return done


def _claim(run: FreezeRun, now: datetime) -> bool:
    free = FreezeRun.objects.filter(pk=run.pk, state=RunState.CONFIRMED, claimed_until__lte=now)
    return bool(free.update(claimed_until=now + policy.FREEZE_RUN_LEASE))


def _release(run: FreezeRun, now: datetime) -> None:
    FreezeRun.objects.filter(pk=run.pk).update(claimed_until=now)


def _freeze(run: FreezeRun, item_id: int, customer_id: int, clock: Callable[[], datetime]) -> None:
    """Freeze one account and tick it off, under its lock."""
    with transaction.atomic():
        customer = Customer.lock(customer_id)
        item = FreezeRunItem.objects.get(pk=item_id)
        if item.state != ItemState.PENDING:
            return
        cause, now = FreezeCause(run.cause), clock()
        facts = {"run": run.reference}
        if customer.state == AccountState.CLOSED:
            item.state = ItemState.CLOSED
        elif customer.frozen:
            item.state = ItemState.ALREADY
            if freezing.outweighs(customer, cause):
                freezing.hold(customer, cause, actor=run.confirmed_by, reason=run.reason, facts=facts)
        else:
            item.state = ItemState.FROZEN
            item.reference = lockout.freeze(
                customer, cause, now=now, actor=run.confirmed_by, reason=run.reason, more=facts
            )
        item.at = now
        item.save(update_fields=["state", "reference", "at"])


def _finish(run: FreezeRun, now: datetime) -> None:
    """Write down once what became of a run, and tell the security mailbox."""
    with transaction.atomic():
        open_run = FreezeRun.objects.select_for_update().get(pk=run.pk)
        if open_run.state != RunState.CONFIRMED or open_run.items.filter(state=ItemState.PENDING).exists():
            return
        open_run.state = RunState.FINISHED
        open_run.finished_at = now
        open_run.save(update_fields=["state", "finished_at"])
        counts = progress(open_run)
        record(Event.FREEZE_RUN_FINISHED, actor=run.confirmed_by, facts={"reference": run.reference, **counts})
        lines = "\n".join(f"{state}: {count}" for state, count in counts.items())
        notices.alarm(f"Accounts frozen by list {run.reference}", f"List {run.reference} is done.\n{lines}\n", now=now)


def progress(run: FreezeRun) -> dict[str, int]:
    """How many accounts of a run are in which state."""
    counted = dict(run.items.order_by().values_list("state").annotate(Count("pk")))
    return {state.value: counted.get(state, 0) for state in ItemState}


def still_frozen(run: FreezeRun) -> QuerySet[FreezeRunItem]:
    """The accounts that this run froze and that nobody has unfrozen, or frozen anew or heavier, since."""
    return run.items.filter(
        Q(customer__freeze_cause=run.cause),
        state=ItemState.FROZEN,
        customer__state=AccountState.FROZEN,
        customer__freeze_reference=F("reference"),
    ).select_related("customer")


def purge(now: datetime) -> int:
    """Delete lists that were never confirmed; how many."""
    old = FreezeRun.objects.filter(state=RunState.CHECKED, made_at__lt=now - policy.FREEZE_RUN_LAPSES)
    count = old.count()
    old.delete()
    return count
