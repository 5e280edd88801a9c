"""`manage.py create_staff_roles`: the roles of the staff desk with exactly their permissions."""

from django.core.management.base import BaseCommand, CommandError

from accounts.services.staff import ROLES, make_roles


class Command(BaseCommand):
    help = "Make the roles clerk and supervisor, or set them back to exactly their permissions. Safe to run again."

    def handle(self, *, verbosity: int, **_options: object) -> None:
        try:
            make_roles()
        except LookupError as problem:
            raise CommandError(str(problem)) from problem
        if verbosity:
            self.stdout.write(f"Roles: {', '.join(ROLES)}.")
