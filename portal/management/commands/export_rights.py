"""`manage.py export_rights`."""

from django.core.management.base import BaseCommand

from accounts.services import rights


class Command(BaseCommand):
    help = "Print who may do what as CSV: a line for each right of each member of staff. The export is recorded."

    def handle(self, **_options: object) -> None:
        for line in rights.export(by=None):
            self.stdout.write(line, ending="")
