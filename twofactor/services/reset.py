"""Proving, in place of a forgotten password, who asks: by a code of an e-mail or a letter, then by the method in use.

Only a right code of the first kind can spend a text message or reach the count that freezes the account. The account is
locked first, then the journey; nothing here raises for a wrong code.
"""

from dataclasses import dataclass
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, PasswordReset, Purpose
from accounts.services import lockout
from accounts.services import login as accounts_login
from accounts.services import reset as journeys
from accounts.services.reset import Locked, Step
from portal.letters import codes, letters
from portal.letters.models import Kind, Letter
from portal.messaging import notices
from portal.messaging.texts import Notice
from twofactor.methods import METHODS
from twofactor.methods.base import Context
from twofactor.methods.email import ResetEmailCode
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Verdict

# --- For the worker --------------------------------------------------------------------------------------


def answer_asked() -> int:
    """Look whose number was asked for, and e-mail a code to those who can have one; how many codes were sent."""
    return sum(_answer(reset) for reset in journeys.unanswered(timezone.now()))


def _answer(reset: PasswordReset) -> bool:
    """Once for each journey. Whether a code is on its way."""
    sign_in = reset.sign_in
    found, known_browser = accounts_login.account_of(sign_in)
    with transaction.atomic():
        locked = journeys.lock(reset, found.pk if found else None)
        customer, now = locked.customer, timezone.now()
        if not journeys.claim(reset, now=now) or customer is None:
            return False
        journeys.belongs_to(sign_in, customer, known_browser=known_browser)
        if customer.frozen:
            _tell_frozen(customer)
        if not customer.open or not customer.email or lockout.all_frozen():
            return False
        asked = challenges.ask_again(
            customer,
            sign_in,
            Purpose.RESET_EMAIL,
            source=sign_in.address,
            language=sign_in.language,
            method=ResetEmailCode.kind,
            to=customer.email,
        )
    return bool(asked.code_digest)


def _tell_frozen(customer: Customer) -> None:
    now = timezone.now()
    if customer.email and not notices.told_lately(customer, Notice.FROZEN_RESET, now=now):
        notices.tell(customer, Notice.FROZEN_RESET, now=now)


# --- Recognised by a code out of an e-mail or a letter ------------------------------------------------------


class Finding(Enum):
    """What a code out of the e-mail or the letter is. Only WRONG and LAST_WRONG cost a try."""

    RIGHT = auto()
    WRONG = auto()
    LAST_WRONG = auto()  # the journey is over
    EXPIRED = auto()
    OTHER = auto()  # right for another request of this account
    LAPSED = auto()
    USED = auto()
    REPLACED = auto()
    NOT_POSTED = auto()
    FROZEN = auto()  # the letter is right, and the account is frozen
    GONE = auto()  # the journey is over, or stands elsewhere


@dataclass(frozen=True, slots=True)
class Recognition:
    """A finding, with what its page has to say about it."""

    finding: Finding
    tries_left: int = 0
    other_reference: str = ""


_OF_CODES = {
    Verdict.PASSED: Finding.RIGHT,
    Verdict.EXPIRED: Finding.EXPIRED,
    Verdict.OTHER_LOGIN: Finding.OTHER,
}
_OF_LETTERS = {
    letters.Verdict.RIGHT: Finding.RIGHT,
    letters.Verdict.LAPSED: Finding.LAPSED,
    letters.Verdict.USED: Finding.USED,
    letters.Verdict.REPLACED: Finding.REPLACED,
    letters.Verdict.NOT_POSTED: Finding.NOT_POSTED,
}


@transaction.atomic(durable=True)
def recognise_by_email(reset: PasswordReset, code: str, *, source: str, language: str) -> Recognition:
    """Judge a code that was e-mailed. A number to which none was sent gets the answer of a wrong one."""
    locked = journeys.lock(reset, reset.sign_in.customer_id)
    now = timezone.now()
    if not journeys.goes_on(locked, Step.RECOGNISE, now=now):
        return Recognition(Finding.GONE)
    left = journeys.count_try(locked.reset, now=now)
    account, sign_in = locked.account, locked.reset.sign_in
    context = Context(account, sign_in, Purpose.RESET_EMAIL, "", "", now, account.email)
    outcome, live = challenges.compare(code, context)
    if live is None:
        codes.matches("", "", 0, "", code)  # what a comparison costs
    standing = account.open and account.security_epoch == sign_in.epoch
    finding = _OF_CODES.get(outcome.verdict, Finding.WRONG) if standing else Finding.WRONG
    recognition = _counted(locked, finding, left, outcome.other_reference)
    if locked.customer and finding == Finding.RIGHT:
        _ask_method(locked, locked.customer, source=source, language=language)
    return recognition


def recognise_by_letter(reset: PasswordReset, typed: str, *, source: str, language: str) -> Recognition:
    """Judge the code of a password letter, as `codes.normalised` gives it. Wrong ones are counted on the journey and
    not on the letter: whoever knows an account number could void it, and 60 bits are guessed by nobody."""
    found, known_browser = accounts_login.account_of(reset.sign_in)
    with transaction.atomic(durable=True):
        locked = journeys.lock(reset, found.pk if found else None)
        now = timezone.now()
        if not journeys.goes_on(locked, Step.RECOGNISE, now=now):
            return Recognition(Finding.GONE)
        left = journeys.count_try(locked.reset, now=now)
        judged = letters.judge(locked.account, Kind.PASSWORD, typed, now=now)
        finding = _OF_LETTERS.get(judged.verdict, Finding.WRONG)
        customer = locked.customer
        if finding == Finding.RIGHT and customer and not customer.open:
            finding = Finding.FROZEN if customer.frozen else Finding.WRONG
        recognition = _counted(locked, finding, left)
        if customer and finding == Finding.RIGHT:
            journeys.belongs_to(locked.reset.sign_in, customer, known_browser=known_browser)
            _ask_method(locked, customer, source=source, language=language, letter=judged.letter)
        return recognition


def _counted(locked: Locked, finding: Finding, left: int, other_reference: str = "") -> Recognition:
    """The try is counted already: it stays so for a guess, and is given back for anything else."""
    if finding == Finding.WRONG:
        return Recognition(Finding.WRONG if left else Finding.LAST_WRONG, left)
    journeys.give_back_try(locked.reset)
    return Recognition(finding, other_reference=other_reference)


def _ask_method(
    locked: Locked, customer: Customer, *, source: str, language: str, letter: Letter | None = None
) -> None:
    """Ask for the method in use, if it is ready; if not, the next page says where to turn."""
    journeys.recognised(locked.reset, customer, now=timezone.now(), letter=letter)
    if METHODS[customer.method].ready(customer):
        challenges.ask_again(customer, locked.reset.sign_in, Purpose.RESET, source=source, language=language)


# --- The method in use -----------------------------------------------------------------------------------


def prove(reset: PasswordReset, answer: str) -> Outcome:
    """Judge an answer of the method in use; a wrong one counts on the account as at a login."""
    with transaction.atomic(durable=True):
        locked = journeys.lock(reset, reset.sign_in.customer_id)
        if locked.reset.method_proven_at:
            return Outcome(Verdict.PASSED)  # sent twice, or gone back to
        if locked.customer is not None and locked.customer.frozen:
            return Outcome(Verdict.FROZEN)
        if not journeys.goes_on(locked, Step.PROVE, now=timezone.now()):
            return Outcome(Verdict.GONE)
        outcome = challenges.verify(reset.sign_in, Purpose.RESET, answer)
        if outcome.verdict == Verdict.PASSED:
            journeys.method_proven(reset, now=timezone.now())
        return outcome
