"""`manage.py sms_budgets`."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.messaging import budgets


class Command(BaseCommand):
    help = (
        "Print what is gone of the budgets of text messages of today, of the ranges of numbers those with most, and "
        "how many codes each budget and each cap refused or, in shadow mode, would have refused."
    )

    def handle(self, *_args: object, **_options: object) -> None:
        shadow = settings.SMS_BUDGETS_SHADOW
        if shadow:
            self.stdout.write("Shadow mode: only the cap of one account refuses codes.")
        now, fate = timezone.now(), "would have been refused" if shadow else "refused"
        for each in budgets.figures(now):
            self.stdout.write(f"{each.name}: {each.used} of {each.most} ({each.percent} %), {each.over} {fate}")
        for name, times in budgets.caps_reached(now).items():
            self.stdout.write(f"cap of one {name}: {times} {'refused' if name == 'account' else fate}")
