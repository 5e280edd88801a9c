"""`manage.py disable_staff LOGIN --reason REASON`."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Customer
from accounts.services.staff import NotAllowedError
from twofactor.services.staff import leave


class Command(BaseCommand):
    help = "Disable a member of staff who leaves: sessions, authenticator and role end at once. Nothing is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--reason", required=True, help="for the audit trail")

    def handle(self, *, login: str, reason: str, **_options: object) -> None:
        staff = Customer.objects.filter(login=login, is_staff=True).first()
        if staff is None:
            raise CommandError(f"There is no member of staff {login!r}.")
        try:
            leave(staff, by=None, reason=reason, now=timezone.now())
        except NotAllowedError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{login} is disabled.")
