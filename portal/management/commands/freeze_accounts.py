"""`manage.py freeze_accounts FILE.csv --reason TEXT [--cause fraud|staff] [--dry-run]`."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from accounts import policy
from accounts.models import FreezeCause, FreezeRun
from accounts.services import freeze_runs
from accounts.services.importing import FileRefused
from accounts.services.staff import NotAllowedError


class Command(BaseCommand):
    help = (
        "Emergency: freeze the accounts whose numbers stand in a file, one on each line. Each client is told. "
        "May be stopped at any moment: a worker freezes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="UTF-8, one account number on each line")
        parser.add_argument("--reason", default="", help="why, for the audit trail; up to 500 characters")
        parser.add_argument(
            "--cause",
            choices=[FreezeCause.FRAUD.value, FreezeCause.STAFF.value],
            default=FreezeCause.FRAUD.value,
            help="fraud, or staff for a precaution",
        )
        parser.add_argument("--dry-run", action="store_true", help="say who is concerned and change nothing")

    @no_translations
    def handle(self, *, file: Path, reason: str, cause: str, dry_run: bool, **_options: object) -> None:
        longest = FreezeRun._meta.get_field("reason").max_length or 0
        if not dry_run and not 0 < len(reason.strip()) <= longest:
            raise CommandError(f"Give a reason of up to {longest} characters.")
        try:
            with file.open("rb") as opened:
                run = freeze_runs.check(opened, cause=FreezeCause(cause), staff=None, now=timezone.now())
        except OSError as problem:
            raise CommandError(f"{file} cannot be read: {problem.strerror}.") from problem
        except FileRefused as problem:
            raise CommandError(f"{problem} Nothing was frozen.") from problem
        self._tell(run)
        if dry_run:
            self.stdout.write("Dry run: nothing was frozen.")
            return
        try:
            freeze_runs.confirm(run, staff=None, reason=reason, now=timezone.now())
        except NotAllowedError as problem:
            raise CommandError(f"{problem} Nothing was frozen.") from problem
        while freeze_runs.work_off(bite=policy.FREEZE_RUN_BATCH):
            left = freeze_runs.progress(run)["pending"]
            self.stdout.write(f"{left} still to come.")
        done = freeze_runs.progress(run)
        self.stdout.write(f"List {run.reference}: {done['frozen']} frozen, {done['already']} were frozen already.")

    def _tell(self, run: FreezeRun) -> None:
        self.stdout.write(
            f"{run.rows} lines: {run.open} accounts to freeze, {run.already} frozen already, {run.closed} closed, "
            f"{run.unknown} unknown numbers, {run.repeated} repeated lines, {run.refused} refused lines."
        )
        for each in run.problems:
            self.stdout.write(f"  line {each['line']}: {freeze_runs.PROBLEMS[each['what']]}")
        more = run.refused + run.unknown - len(run.problems)
        if more > 0:
            self.stdout.write(f"  and {more} more")
