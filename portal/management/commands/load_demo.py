"""`manage.py load_demo`: the demo clients and staff. Safe to run again."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.demo import data


class Command(BaseCommand):
    help = "Make the demo clients and staff that are not there yet. Refused outside demo mode."

    def handle(self, **_options: object) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data belongs into demo mode only: PORTAL_DEMO=1 switches it on.")
        call_command("create_staff_roles", verbosity=0)
        made = data.load(settings.DATA_DIR / "demo.json")
        self.stdout.write(f"{made} demo accounts made.")
