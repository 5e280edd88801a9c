"""A six-digit code by e-mail. It proves an address; no login is proven by it."""

from portal.messaging import code_texts, outbox
from portal.messaging.models import Channel
from portal.messaging.outbox import MaySend
from twofactor import policy
from twofactor.methods.base import Context
from twofactor.methods.codes import SentCode
from twofactor.models import Challenge


class EmailCode(SentCode):
    """Whoever can read what is sent to an address."""

    kind = "email"
    channel = Channel.EMAIL
    lifetime = policy.EMAIL_CODE_LIFETIME

    def to(self, context: Context) -> str:
        return context.to

    def words(self, challenge: Challenge, code: str, context: Context) -> tuple[str, str]:
        return code_texts.code_email(
            context.purpose, code=code, reference=challenge.reference, language=context.language
        )


class ResetEmailCode(EmailCode):
    """The same for a forgotten password, which anybody can say who names an account number."""

    kind = "reset_email"

    def permit(self, context: Context) -> MaySend:
        return outbox.may_send_reset_code(
            context.customer,
            source=context.source,
            known_browser=context.sign_in.known_browser,
            now=context.now,
        )
