"""`manage.py create_staff LOGIN --name NAME --role ROLE [--prompt]`."""

from argparse import ArgumentParser
from getpass import getpass

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services.staff import ROLES, create_staff


class Command(BaseCommand):
    help = (
        "Create a member of staff. A random password is printed once, or --prompt asks for one; it has to be "
        "changed at the first login. Then enrol_staff prints the code that binds an authenticator."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="small letters, digits, dot, hyphen, underscore; a letter first")
        parser.add_argument("--name", required=True, help="the name that colleagues and the audit trail see")
        parser.add_argument("--role", required=True, choices=list(ROLES))
        parser.add_argument("--prompt", action="store_true", help="ask for the password instead of making one")

    def handle(self, *, login: str, name: str, role: str, prompt: bool, **_options: object) -> None:
        given = self._ask() if prompt else None
        try:
            _, password = create_staff(login, name=name, role=role, password=given)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        except Group.DoesNotExist as problem:
            raise CommandError("There are no roles yet: run create_staff_roles first.") from problem
        self.stdout.write(f"{login} created as {role}.")
        if given is None:
            self.stdout.write(f"Password, shown this once: {password}")
        self.stdout.write(f"Next: manage.py enrol_staff {login}")

    @staticmethod
    def _ask() -> str:
        password = getpass("Password: ")
        if password != getpass("Once more: "):
            raise CommandError("The two passwords are not the same.")
        return password
