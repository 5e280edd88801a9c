"""`manage.py verify_audit [--head FILE]`: is the audit trail what was written, with nothing missing?"""

import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils import timezone, translation

from portal.audit import checking, heads

BROKEN, NOT_CHECKED = 1, 2


class Command(BaseCommand):
    help = (
        "Verify the whole audit trail and say what could not be checked. Exit code: 0 unbroken, 1 broken, 2 nothing "
        "checked because a head cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", action="append", type=Path, metavar="FILE", default=[])
        parser.add_argument("--public-key", action="store_true", help="print the key that checks heads, and stop")

    def handle(self, *, head: list[Path], public_key: bool, **_options: object) -> None:
        if public_key:
            self.stdout.write(heads.public_key(), ending="")
            return
        try:
            kept = {path.name: heads.read(path) for path in head}
        except heads.HeadError as problem:
            self.stderr.write(f"A head cannot be used: {problem}. Nothing was checked.")
            sys.exit(NOT_CHECKED)
        with translation.override("en"):
            report, stored = checking.check(timezone.now(), kept=kept)
            for fault in report.worst:
                self.stdout.write(str(fault))
            if report.faults > len(report.worst):
                self.stdout.write(f"... and {report.faults - len(report.worst)} more.")
            for each in report.unchecked:
                self.stdout.write(f"Not checked: {each}")
        self.stdout.write(
            f"{'BROKEN' if report.faults else 'Unbroken'}: {report.rows} rows up to row {report.last}, "
            f"{report.heads} heads, {report.faults} faults, {stored.seconds} s."
        )
        if report.faults:
            sys.exit(BROKEN)
