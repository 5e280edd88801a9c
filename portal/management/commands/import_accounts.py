"""`manage.py import_accounts FILE.csv [--dry-run] [--refused PATH]`."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts.services.importing import FileRefused, import_accounts

_HELP = """\
Create, rename and close clients' accounts as a CSV file of the back office says, all or nothing.

The file is UTF-8, with or without BOM; commas, double quotes, a first line with the column names:
  number          six digits (required)
  name            up to 150 characters (required)
  language        zh-hant, zh-hans or en; used for new accounts only; zh-hant when left out
  mobile          of a country that gets text messages
  email
  postal_address  up to 500 characters, line breaks inside quotes
  state           active or closed; active when left out
  password_hash   as Django writes it: argon2, pbkdf2_sha256, bcrypt_sha256 or scrypt

New accounts are created and must change their password at the first login. Of an account that exists only the
name is updated, and it is closed where the file says so. Whatever else differs is written to the report.
"""


class Command(BaseCommand):
    help = _HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("file", type=Path, help="the CSV file")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="PATH",
            help="where the report of refused rows and fields goes (FILE.refused.csv beside the file)",
        )

    def handle(self, *, file: Path, dry_run: bool, refused: Path | None, **_options: object) -> None:
        report = refused or file.with_suffix(".refused.csv")
        try:
            if report.resolve() == file.resolve():
                raise FileRefused("The report would overwrite the file.")
            summary = import_accounts(file, report_path=report, dry_run=dry_run)
        except FileRefused as error:
            raise CommandError(f"{error} Nothing was imported.") from error
        self.stdout.write(
            f"{summary.rows} rows: {summary.created} accounts created, {summary.renamed} renamed, "
            f"{summary.closed} closed, {summary.refused} rows refused."
        )
        self.stdout.write(f"{summary.reported} refused rows and fields in {report}.")
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")
