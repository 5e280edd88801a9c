"""`manage.py sms_test NUMBER [--gateway NAME] [--language zh-hant] [--wait SECONDS]`."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import carriers
from portal.lib.masking import mask_mobile
from portal.lib.phone import E164, MobileProblem, MobileRefused, parse_mobile
from portal.messaging.probe import Step, probe

_LONGEST_WAIT = 600  # seconds


class Command(BaseCommand):
    help = "Send one test message by one gateway and show each step, down to the delivery receipt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="a mobile number of a country that SMS_COUNTRIES lists")
        parser.add_argument("--gateway", default=settings.SMS_GATEWAY, help="its name; the one in use by default")
        parser.add_argument("--language", default="zh-hant", choices=[code for code, _ in settings.LANGUAGES])
        parser.add_argument("--wait", type=int, default=60, help="seconds to wait for a receipt")

    def handle(self, *, number: str, gateway: str, language: str, wait: int, **_options: object) -> None:
        known = carriers.by_name()
        if gateway not in known:
            raise CommandError(f"There is no gateway {gateway!r}; there are {', '.join(sorted(known))}.")
        if not 0 <= wait <= _LONGEST_WAIT:
            raise CommandError(f"--wait takes 0 to {_LONGEST_WAIT} seconds.")
        self._show(Step("gateway", gateway))
        if missing := known[gateway].missing():
            raise CommandError(missing)
        to = self._number(number)
        self._show(Step("number", mask_mobile(to).shown))
        for step in probe(to, gateway, language=language, wait=wait):
            if step.wrong:
                raise CommandError(f"{step.name}: {step.said}")
            self._show(step)

    def _show(self, step: Step) -> None:
        self.stdout.write(f"{step.name + ':':9} {step.said}")
        self.stdout.flush()

    @staticmethod
    def _number(number: str) -> E164:
        try:
            return parse_mobile(number, countries=settings.SMS_COUNTRIES)
        except MobileRefused as refused:
            if refused.reason == MobileProblem.COUNTRY_NOT_ALLOWED:
                raise CommandError("SMS_COUNTRIES does not list the country of this number.") from None
            raise CommandError(f"This is no mobile number that a text can reach: {refused.reason}.") from None
