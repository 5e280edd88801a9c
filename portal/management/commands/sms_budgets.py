"""`manage.py sms_budgets`."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.messaging import budgets


class Command(BaseCommand):
    help = "Print what is gone of the budgets of text messages of today; of the ranges of numbers those with most."

    def handle(self, *_args: object, **_options: object) -> None:
        if settings.SMS_BUDGETS_SHADOW:
            self.stdout.write("Shadow mode: nothing is refused.")
        for each in budgets.figures(timezone.now()):
            self.stdout.write(f"{each.name}: {each.used} of {each.most} ({each.percent} %)")
