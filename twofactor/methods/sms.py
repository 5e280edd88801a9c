"""A six-digit code by text message."""

from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import Customer, Result
from portal.lib.masking import Masked, mask_mobile
from portal.lib.phone import E164, country_code
from portal.messaging import code_texts
from portal.messaging.models import Channel
from twofactor import policy
from twofactor.methods.base import Context
from twofactor.methods.codes import SentCode
from twofactor.models import Challenge


class SmsMethod(SentCode):
    """The default: whoever can read messages to the number on file."""

    kind = "sms"
    channel = Channel.SMS
    lifetime = policy.CODE_LIFETIME
    not_ready = Result.NO_MOBILE

    def ready(self, customer: Customer) -> bool:
        try:
            return bool(customer.mobile) and country_code(E164(customer.mobile)) in settings.SMS_COUNTRIES
        except ValueError:  # a number of no country, from before there were checks
            return False

    def destination(self, customer: Customer) -> Masked | None:
        return mask_mobile(customer.mobile)

    def device(self, customer: Customer) -> str:
        return ""

    def to(self, context: Context) -> str:
        return context.to or context.customer.mobile

    def words(self, challenge: Challenge, code: str, context: Context) -> tuple[str, str]:
        origin = urlsplit(settings.PUBLIC_ORIGIN).hostname or "" if settings.SMS_ORIGIN_BOUND else ""
        text = code_texts.code_text(
            context.purpose, code=code, reference=challenge.reference, language=context.language, origin=origin
        )
        return "", text
