"""`manage.py reset_staff_password LOGIN --reason REASON`."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Customer
from accounts.services.staff import NotAllowedError, reset_password


class Command(BaseCommand):
    help = "Give a member of staff a random password, shown once and changed at the next login. Their sessions end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--reason", required=True, help="for the audit trail")

    def handle(self, *, login: str, reason: str, **_options: object) -> None:
        staff = Customer.objects.filter(login=login, is_staff=True).first()
        if staff is None:
            raise CommandError(f"There is no member of staff {login!r}.")
        try:
            password = reset_password(staff, by=None, reason=reason, now=timezone.now())
        except NotAllowedError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"Password of {login}, shown this once: {password}")
