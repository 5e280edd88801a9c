"""`manage.py staff_accounts LOGIN [NUMBER ...]`."""

from argparse import ArgumentParser

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Customer
from accounts.services.staff import set_own_clients


class Command(BaseCommand):
    help = (
        "Write down which client accounts a member of staff holds: nobody acts on their own. The list replaces the one "
        "before; without a number there are none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login")
        parser.add_argument("number", nargs="*", help="account number of six digits")

    def handle(self, *, login: str, number: list[str], **_options: object) -> None:
        staff = Customer.objects.filter(login=login, is_staff=True).first()
        if staff is None:
            raise CommandError(f"There is no member of staff {login!r}.")
        try:
            set_own_clients(staff, number)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        self.stdout.write(f"Own accounts of {login}: {len(set(number))}.")
