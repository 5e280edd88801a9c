"""`manage.py retire_audit --before DAY --output FILE`: for the owner of the database, years from now."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.audit.retiring import RetireError, retire


class Command(BaseCommand):
    help = (
        "Move the rows of the audit trail from before a day into a file, and record that. Refused within the retention "
        "and for a broken trail. Needs a database user who owns the tables."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--output", type=Path, required=True, help="a file that does not exist yet")

    def handle(self, *, before: date, output: Path, **_options: object) -> None:
        try:
            retired = retire(before, to=output, now=timezone.now())
        except RetireError as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(
            f"{retired.rows} rows retired, up to row {retired.through}. SHA-256 of the file: {retired.sha256}"
        )
