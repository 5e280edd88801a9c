"""`manage.py enrol_staff LOGIN [--replace]`."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Customer
from twofactor import policy
from twofactor.services.staff import AlreadyEnrolledError, issue_enrolment


class Command(BaseCommand):
    help = (
        "Print a one-time code with which a member of staff binds an authenticator after the password. "
        "Earlier codes are void. --replace withdraws an authenticator that was lost."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--replace", action="store_true", help="withdraw the authenticator in use")

    def handle(self, *, login: str, replace: bool, **_options: object) -> None:
        staff = Customer.objects.filter(login=login, is_staff=True, is_active=True).first()
        if staff is None:
            raise CommandError(f"There is no active member of staff {login!r}.")
        try:
            code = issue_enrolment(staff, now=timezone.now(), replace=replace)
        except AlreadyEnrolledError:
            raise CommandError(f"{login} has an authenticator: --replace withdraws it.") from None
        hours = policy.ENROLMENT_LIFETIME.total_seconds() / 3600
        self.stdout.write(f"Enrolment code of {login}, shown this once: {code}")
        self.stdout.write(f"Good for {hours:.0f} hours and {policy.ENROLMENT_TRIES} tries. Tell it in person.")
