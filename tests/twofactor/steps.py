"""Steps that tests of codes take: pending logins through the services, journeys inside, words on a page."""

from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.functional import Promise
from time_machine import Traveller as Clock

from accounts.models import Customer, FreezeCause, Purpose, SignIn
from accounts.services import lockout, sign_ins
from portal.messaging import relay
from portal.messaging.models import Message
from tests.actors import PASSWORD, Handset, Visitor, text_of
from twofactor.models import Challenge
from twofactor.services import challenges

__all__ = ["Clock"]


def english(words: str | Promise, **facts: object) -> str:
    """What the client reads, in English, whatever the catalogues say today."""
    with translation.override("en"):
        return str(words % facts if facts else words)


def pend(customer: Customer, *, address: str = "203.0.113.9", purpose: Purpose = Purpose.LOGIN) -> tuple[SignIn, str]:
    """A login whose password was right, and the key of its cookie: what the first step leaves behind."""
    sign_in = SignIn.objects.create(
        at=timezone.now(), number=customer.login, address=address, verification=uuid4().hex, language="en"
    )
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        key = sign_ins.start_pending(sign_in, locked)
        challenges.issue(locked, sign_in, purpose, source=address, language="en")
    return sign_in, key


def with_key(key: str) -> Visitor:
    """A browser that holds the cookie of a pending login."""
    visitor = Visitor("en")
    visitor.client.cookies[settings.CLIENT_COOKIE_NAME] = key
    return visitor


def challenge_of(sign_in: SignIn, purpose: Purpose = Purpose.LOGIN) -> Challenge:
    """The newest challenge of a session."""
    challenge = challenges.current(sign_in, purpose)
    assert challenge is not None
    return challenge


def code_in(message: Message | None) -> str:
    """The code in a message that has not been sent yet."""
    assert message is not None
    assert message.sealed is not None
    return relay._open(message).text[:6]


def code_for(sign_in: SignIn, purpose: Purpose = Purpose.LOGIN) -> str:
    """The live code of a session, out of the outbox."""
    return code_in(challenge_of(sign_in, purpose).message)


def page(visitor: Visitor, path: str = "login/verify/") -> str:
    """What the code page says now."""
    return text_of(visitor.get(path))


def ask_password_change(visitor: Visitor) -> HttpResponse:
    """Inside: ask to change the password and prove the old one; the code page is next."""
    visitor.get("service/password/")
    return visitor.post("service/prove/", {"password": PASSWORD})


def prove_step(visitor: Visitor, code: str) -> HttpResponse:
    """Send a code on the journey inside."""
    return visitor.post("service/prove/code/", {"code": code})


def another(visitor: Visitor, handset: Handset, customer: Customer) -> str:
    """Ask for a new code and read it."""
    visitor.post("login/resend/")
    return handset.code(customer.mobile)


def freeze(customer: Customer, cause: FreezeCause = FreezeCause.STAFF) -> None:
    """What staff do."""
    with transaction.atomic():
        lockout.freeze(Customer.lock(customer.pk), cause, now=timezone.now())


def unfreeze(customer: Customer, staff: Customer) -> None:
    """What becomes of it when a second person has approved."""
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        lockout.unfreeze_approved(locked, staff=staff, facts={"reason": "client called"}, now=timezone.now())


def count(customer: Customer) -> int:
    """Wrong codes in a row, as the account has them."""
    return Customer.objects.get(pk=customer.pk).wrong_codes


def frozen(customer: Customer) -> bool:
    """Whether the account is frozen."""
    return Customer.objects.get(pk=customer.pk).frozen
