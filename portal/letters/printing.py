"""Printing: codes are born, one file leaves for the printer, and somebody says whether it came out well.

The accounts are locked first, then the run, then the letters. What is in the file is committed before the file exists:
a code that may have left is either in a run that was called good, or void.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import codes, glyphs, policy, typesetting
from portal.letters.letters import end, lock_accounts, may_print, write_down
from portal.letters.models import Kind, Letter, PrintRun, RunState, State, Void
from portal.letters.typesetting import Sheet
from portal.lib.crypto import CannotOpen
from portal.lib.references import new_reference

log = structlog.get_logger(__name__)
_CLOSED = "closed"  # the state of an account, as its table calls it


@dataclass(frozen=True, slots=True)
class Started:
    """A run that is at the printer, and its file, which holds the codes and is made once."""

    run: PrintRun
    pdf: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """What a failed run came to: letters that were voided, and how many of them were made anew."""

    voided: int
    made: int


def waiting(printer: Any) -> QuerySet[Letter]:
    """What this member of staff may print: what a colleague asked for, and for no account of their own."""
    made = Letter.objects.filter(state=State.MADE).exclude(customer__postal_address="")
    return made.exclude(maker=printer).exclude(customer__in=printer.own_clients.values("client"))


def start(printer: Any, *, now: datetime) -> Started | None:
    """Print the oldest letters that this member of staff may print, `policy.RUN` at most; None if there are none.

    Letters with a sign that the font lacks are marked and left out. Where the file cannot be made the run has failed
    without costing a letter one of its reprints; raises what the typesetter raised, `TypesettingFailed` as a rule.
    """
    with transaction.atomic(durable=True):
        run, sheets = _begin(printer, now)
    if run is None:
        return None
    try:
        return Started(run, typesetting.letters(sheets))
    except Exception:
        log.error("letters.not_typeset", run=run.reference)
        _fail(run.pk, actor=None, now=now, counts=False)
        raise


def _begin(printer: Any, now: datetime) -> tuple[PrintRun | None, list[Sheet]]:
    """The run with its letters, and what is to be printed. The codes are in the sheets and nowhere else."""
    printable = [letter for letter in _locked(printer) if _printable(letter)]
    if not printable or not may_print(printer):
        return None, []
    run = PrintRun.objects.create(
        reference=new_reference("L"), printer=printer, letters_count=len(printable), started_at=now
    )
    sheets = [_print(letter, run, now) for letter in printable]
    record(Event.PRINT_RUN_STARTED, actor=printer, facts={"reference": run.reference, "count": len(sheets)})
    return run, sheets


def _locked(printer: Any) -> list[Letter]:
    """The next letters, the oldest first, with their accounts as they stand. What was found unprintable comes last."""
    candidates = waiting(printer).order_by("unprintable", "made_at", "pk")
    found = dict(candidates.values_list("pk", "customer_id")[: policy.RUN])
    accounts = lock_accounts(set(found.values()))
    letters = Letter.objects.select_for_update().filter(pk__in=found, state=State.MADE).order_by("made_at", "pk")
    ours = [letter for letter in letters if accounts[letter.customer_id].state != _CLOSED]
    for letter in ours:
        letter.customer = accounts[letter.customer_id]
    return ours


def _printable(letter: Letter) -> bool:
    """Whether the font has every sign of name and address. What it lacks is marked, and unmarked once it is mended."""
    written = " ".join([letter.customer.name, *letter.customer.postal_address.splitlines()])
    lacking = glyphs.missing(written)[: Letter._meta.get_field("unprintable").max_length]
    if lacking != letter.unprintable:
        letter.unprintable = lacking
        letter.save(update_fields=["unprintable"])
    return not lacking


def _print(letter: Letter, run: PrintRun, now: datetime) -> Sheet:
    """The sheet of a letter, whose code is born here and kept as a digest."""
    code = codes.new_code()
    lapses_at = _end_of_worth(now)
    sheet = Sheet(
        kind=Kind(letter.kind),
        reference=letter.reference,
        name=letter.customer.name,
        address=letter.customer.postal_address,
        language=letter.customer.language,
        code=code,
        tail=letter.customer.login[-2:],
        printed_on=timezone.localdate(now),
        valid_until=timezone.localdate(lapses_at) - timedelta(days=1),
    )
    letter.state, letter.run, letter.printer, letter.printed_at = State.PRINTED, run, run.printer, now
    letter.lapses_at = lapses_at
    letter.code_digest = codes.digest(str(letter.pk), letter.customer_id, letter.kind, code)
    letter.seal(
        {
            "name": sheet.name,
            "address": sheet.address,
            "language": sheet.language,
            "tail": sheet.tail,
            "printed_on": sheet.printed_on.isoformat(),
            "valid_until": sheet.valid_until.isoformat(),
        }
    )
    letter.save(
        update_fields=["state", "run", "printer", "printed_at", "lapses_at", "code_digest", "sealed_content"]
    )  # fmt: skip
    write_down(Event.LETTER_PRINTED, letter, actor=run.printer, run=run.reference)
    return sheet


def _end_of_worth(now: datetime) -> datetime:
    """The midnight in Hong Kong that ends the last whole day within `policy.LIFETIME`, which stands on the letter."""
    last = timezone.localtime(now + policy.LIFETIME, timezone.get_default_timezone())
    return datetime.combine(last.date(), time.min, tzinfo=last.tzinfo)


# --- Judging a run ---------------------------------------------------------------------------------------


def confirm(run: PrintRun, *, staff: Any, now: datetime) -> bool:
    """The run came out well, and its letters may be posted. Whether it was this call that judged it."""
    with transaction.atomic():
        run = PrintRun.objects.select_for_update().get(pk=run.pk)
        return may_print(staff) and _judge(run, RunState.GOOD, staff, now)


def fail(run: PrintRun, *, staff: Any, now: datetime) -> Failed | None:
    """The run did not come out well: its codes are void, and its letters are made anew, to be printed again.

    None if it was judged before. A letter that was printed too often is not made anew: it has to be asked for again.
    """
    return _fail(run.pk, actor=staff, now=now)


def fail_unjudged(now: datetime) -> int:
    """Fail the runs that nobody judged within `policy.CONFIRM_WITHIN`; how many."""
    late = PrintRun.objects.filter(state=RunState.OPEN, started_at__lte=now - policy.CONFIRM_WITHIN)
    return sum(_fail(pk, actor=None, now=now) is not None for pk in list(late.values_list("pk", flat=True)))


@transaction.atomic(durable=True)
def _fail(pk: UUID, *, actor: Any | None, now: datetime, counts: bool = True) -> Failed | None:
    """`counts` is whether it is one of the reprints that a letter has."""
    accounts = lock_accounts(set(Letter.objects.filter(run=pk).values_list("customer_id", flat=True)))
    run = PrintRun.objects.select_for_update().get(pk=pk)
    if (actor and not may_print(actor)) or not _judge(run, RunState.FAILED, actor, now):
        return None
    letters = list(Letter.objects.select_for_update().filter(run=run, state=State.PRINTED))
    for letter in letters:
        letter.customer = accounts[letter.customer_id]
        end(letter, Void.RUN_FAILED, now=now, actor=actor)
    return Failed(len(letters), _make_anew(letters, now, counts=counts))


def _judge(run: PrintRun, state: RunState, actor: Any | None, now: datetime) -> bool:
    """Close a locked run that is open; whether it was."""
    if run.state != RunState.OPEN:
        return False
    run.state, run.ended_at = state, now
    run.save(update_fields=["state", "ended_at"])
    record(
        Event.PRINT_RUN_JUDGED,
        actor=actor,
        facts={"reference": run.reference, "count": run.letters_count, "result": state.value},
    )
    return True


def _make_anew(letters: Iterable[Letter], now: datetime, *, counts: bool) -> int:
    """The same letters with other references, to be printed with other codes; how many."""
    made = 0
    for old in letters:
        if old.customer.state == _CLOSED or not _address_stands(old) or (counts and old.reprints >= policy.REPRINTS):
            continue
        new = Letter.objects.create(
            reference=new_reference(old.reference[0]),
            kind=old.kind,
            customer=old.customer,
            maker_id=old.maker_id,
            checker_id=old.checker_id,
            proposal=old.proposal,
            made_at=now,
            reprints=old.reprints + counts,
        )
        write_down(Event.LETTER_MADE, new, proposal=new.proposal)
        made += 1
    return made


def _address_stands(letter: Letter) -> bool:
    """Whether the address is the one that the letter was printed with, and so approved for."""
    try:
        return letter.content["address"] == letter.customer.postal_address
    except CannotOpen:
        return False
