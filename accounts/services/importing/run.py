"""The run: one transaction from the first row to the last, in batches so that memory stays bounded."""

import hashlib
import io
import secrets
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import AccountState, Customer
from accounts.services.importing.hashes import HashChecker
from accounts.services.importing.reading import FileRefused, read_header, read_records
from accounts.services.importing.report import Report, open_report
from accounts.services.importing.rows import CONTACTS, FieldRefused, Refusal, Row, check_row
from accounts.services.importing.writing import NewAccount, insert, rename
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import letters

BATCH = 2_000  # rows; one SELECT each, and few enough parameters for every database
_NUMBERS = 1_000_000  # as many as six digits can tell apart

_COLUMNS_NEEDED = ("id", "login", "name", "state", *CONTACTS)


@dataclass(slots=True)
class Summary:
    """What a run did; the numbers are rows, but `reported` counts lines of the report."""

    rows: int = 0
    created: int = 0
    renamed: int = 0
    closed: int = 0
    refused: int = 0
    reported: int = 0


def import_accounts(path: Path, *, report_path: Path, dry_run: bool = False) -> Summary:
    """Create, rename and close accounts as the file says, all or nothing. Raises FileRefused.

    `dry_run` does the same, report included, and then rolls back. Running a file twice changes nothing more.
    The transaction stays open for the whole run: on SQLite nobody else can write meanwhile.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None
    with file, open_report(report_path) as report:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        run = _Run(report)
        try:
            with transaction.atomic(durable=True):
                run.take(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
                facts = {"file": path.name[:100], "sha256": digest, **asdict(run.summary)}
                record(Event.ACCOUNTS_IMPORTED, facts=facts)
                report.flush()
                transaction.set_rollback(dry_run)
        except IntegrityError as error:
            raise FileRefused("Accounts were created by somebody else meanwhile; run the import again.") from error
        report.publish()
    return run.summary


class _Run:
    """The state of one run, none of which grows with the file but one number for each account to close."""

    def __init__(self, report: Report) -> None:
        self.summary = Summary()
        self._report = report
        self._hashes = HashChecker()
        self._seen = bytearray(_NUMBERS // 8)  # one bit a number
        self._closing = array("q")  # primary keys

    def take(self, text: io.TextIOWrapper) -> None:
        records = read_records(text)
        header = read_header(records)
        while batch := list(islice(records, BATCH)):
            self.summary.rows += len(batch)
            rows, refusals = self._check(header, batch)
            self.summary.refused += len(refusals)
            refusals += self._apply(rows)
            refusals.sort(key=lambda refusal: refusal.line)
            self.summary.reported += len(refusals)
            self._report.write(refusals)
        # Last, so that these accounts are locked for a short time only.
        self._close()

    def _check(self, header: Sequence[str], batch: Sequence[tuple[int, list[str]]]) -> tuple[list[Row], list[Refusal]]:
        rows: list[Row] = []
        refusals: list[Refusal] = []
        for line, cells in batch:
            result = check_row(line, header, cells)
            if result.number and self._seen_before(result.number):
                result = Refusal(line, result.number, "number", "row refused: the number was in an earlier row")
            if isinstance(result, Row):
                rows.append(result)
            else:
                refusals.append(result)
        return rows, refusals

    def _seen_before(self, number: str) -> bool:
        place, bit = divmod(int(number), 8)
        seen = self._seen[place] >> bit & 1
        self._seen[place] |= 1 << bit
        return bool(seen)

    def _apply(self, rows: Sequence[Row]) -> list[Refusal]:
        existing = {
            customer.login: customer
            for customer in Customer.objects.filter(login__in=[row.number for row in rows]).only(*_COLUMNS_NEEDED)
        }
        refusals: list[Refusal] = []
        new: list[NewAccount] = []
        renamed: list[tuple[int, str]] = []
        for row in rows:
            customer = existing.get(row.number)
            if customer is not None:
                refusals += _compare(row, customer)
                if customer.name != row.name:
                    renamed.append((customer.pk, row.name))
                if row.closed and customer.state != AccountState.CLOSED:
                    self._closing.append(customer.pk)
            elif row.closed:
                self.summary.refused += 1
                refusals.append(_refusal(row, "state", "row refused: closed, and not an account here"))
            else:
                new.append(self._new(row, refusals))
        insert(new)
        rename(renamed)
        self.summary.created += len(new)
        self.summary.renamed += len(renamed)
        return refusals

    def _new(self, row: Row, refusals: list[Refusal]) -> NewAccount:
        """A new account; what is wrong with its contacts or its hash goes to `refusals`."""
        contacts = dict.fromkeys(CONTACTS, "")
        for field, contact in CONTACTS.items():
            try:
                contacts[field] = contact.value(row.cells.get(field, ""))
            except FieldRefused as problem:
                refusals.append(_refusal(row, field, f"imported as none: {problem}"))
        # Unusable like Django's own, whose forty separate random choices would take a third of the run.
        password = UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)
        if encoded := row.cells.get("password_hash"):
            try:
                password = self._hashes.check(encoded)
            except FieldRefused as problem:
                refusals.append(_refusal(row, "password_hash", f"imported as none: {problem}"))
        return NewAccount(row.number, row.name, row.language, password, **contacts)

    def _close(self) -> None:
        for start in range(0, len(self._closing), BATCH):
            with_lock = Customer.objects.select_for_update().order_by("pk")
            still_open = with_lock.filter(pk__in=self._closing[start : start + BATCH]).exclude(
                state=AccountState.CLOSED
            )
            customers = list(still_open.only("login", "state"))
            Customer.objects.filter(pk__in=[customer.pk for customer in customers]).update(
                state=AccountState.CLOSED,
                frozen_at=None,
                freeze_cause="",
                security_epoch=F("security_epoch") + 1,  # ends every session and open code
            )
            for customer in customers:
                record(Event.ACCOUNT_CLOSED, subject=customer, facts={"by": "import", "was": customer.state})
            letters.void_of_closed([customer.pk for customer in customers], now=timezone.now())
            self.summary.closed += len(customers)


def _compare(row: Row, customer: Customer) -> Iterator[Refusal]:
    """What the file says otherwise than the account, and which an import does not change."""
    if customer.state == AccountState.CLOSED and not row.closed:
        yield _refusal(row, "state", "not applied: a closed account is never opened again")
    for field, contact in CONTACTS.items():
        cell, on_file = row.cells.get(field), contact.on_file(customer)
        if cell is None or cell == on_file:
            continue
        try:
            value = contact.value(cell)
        except FieldRefused as problem:
            yield _refusal(row, field, f"not applied: {problem}")
            continue
        if not contact.same(value, on_file):
            shown = f"{contact.show(value)} in the file, {contact.show(on_file)} on file"
            yield _refusal(row, field, f"not applied: {shown}")
    if row.cells.get("password_hash"):
        yield _refusal(row, "password_hash", "not applied: the account exists")


def _refusal(row: Row, field: str, reason: str) -> Refusal:
    return Refusal(row.line, row.number, field, reason)
