"""`manage.py freeze_all --reason TEXT`, with `--off` the way back, with `--dry-run` neither."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Emergency
from accounts.services import clients, lockout


class Command(BaseCommand):
    help = (
        "Emergency: end every client's session and let no client in until --off. Staff can still log in. "
        "Nobody is written to; every page shows a banner."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="why, for the audit trail; up to 200 characters")
        parser.add_argument("--off", action="store_true", help="end the emergency; clients log in anew")
        parser.add_argument("--dry-run", action="store_true", help="say who is concerned and change nothing")

    def handle(self, *, reason: str, off: bool, dry_run: bool, **_options: object) -> None:
        reason = reason.strip()
        longest = Emergency._meta.get_field("reason").max_length or 0
        if not 0 < len(reason) <= longest:
            raise CommandError(f"Give a reason of up to {longest} characters.")
        now = timezone.now()
        concerned = clients.concerned(now)
        if dry_run:
            state = "on" if lockout.all_frozen() else "off"
            self.stdout.write(
                f"Concerned: {concerned.clients} clients, {concerned.sessions} live sessions. "
                f"The emergency freeze is {state}. Dry run: nothing was changed."
            )
        elif off:
            lasted = lockout.unfreeze_all(reason=reason, actor=None, now=now)
            if lasted is None:
                raise CommandError("The emergency freeze is not on.")
            self.stdout.write(f"Clients may log in again. It lasted {str(lasted).partition('.')[0]}.")
        elif lockout.freeze_all(reason=reason, actor=None, now=now):
            self.stdout.write(
                f"All frozen: {concerned.clients} clients kept out, {concerned.sessions} live sessions ended."
            )
        else:
            raise CommandError("The emergency freeze is on already.")
