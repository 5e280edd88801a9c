"""`manage.py export_audit --from DAY --to DAY --form csv|jsonl --output FILE`."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.audit import exporting
from portal.audit.exporting import Period, PeriodError


class Command(BaseCommand):
    help = "Export a period of the audit trail, both days included, as they are in Hong Kong. The export is recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--form", choices=exporting.FORMS, default="jsonl")
        parser.add_argument("--output", type=Path, required=True, help="a file that does not exist yet")

    def handle(self, *, first: date, last: date, form: str, output: Path, **_options: object) -> None:
        try:
            with output.open("x", encoding="utf-8", newline="") as file:
                output.chmod(0o600)
                file.writelines(exporting.export(Period(first, last), form, by=None).lines)
        except PeriodError as problem:
            output.unlink()
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Written to {output}.")
