"""`manage.py reseal_secrets`: after a new key was put in front of SEALING_KEYS."""

from django.core.management.base import BaseCommand, CommandError

from portal.approvals import retention
from portal.letters import resealing as letters
from twofactor.services import resealing


class Command(BaseCommand):
    help = (
        "Seal seeds, proposals, their files and letters under the first key of SEALING_KEYS. "
        "Runs while clients log in; may be stopped and run again."
    )

    def handle(self, **_options: object) -> None:
        left = 0
        for title, reseal in (
            ("Mobile security codes", resealing.soft_tokens),
            ("Authenticators of staff", resealing.staff_authenticators),
            ("Proposals", retention.reseal_proposals),
            ("Files of proposals", retention.reseal_evidence),
            ("Letters", letters.reseal),
        ):
            resealed = reseal()
            left += resealed.left
            self.stdout.write(f"{title}: {resealed.done} sealed anew, {resealed.left} left.")
        if left:
            raise CommandError(f"No key of SEALING_KEYS opens {left} of them: put the old keys back, and run it again.")
