"""Why an answer did not let the client on, in the words of the method that was asked."""

from datetime import timedelta

from django.utils.functional import Promise

from accounts.models import Method, Purpose, SignIn
from twofactor import errors
from twofactor.forms import AnswerForm, TwoCodesForm
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Verdict

_NAMED: dict[str, dict[Verdict, Promise]] = {
    Method.SMS: {
        Verdict.EXPIRED: errors.EXPIRED,
        Verdict.SUPERSEDED: errors.SUPERSEDED,
        Verdict.USED: errors.USED,
    },
    Method.SOFT_TOKEN: {Verdict.EXPIRED: errors.TOKEN_EXPIRED, Verdict.USED: errors.TOKEN_USED},
}
_OF_NEW: dict[Verdict, Promise] = {
    Verdict.EXPIRED: errors.EXPIRED,
    Verdict.SUPERSEDED: errors.SUPERSEDED,
    Verdict.USED: errors.NEW_CODE_USED,
}
_MINUTE = timedelta(minutes=1)


def shape(form: AnswerForm, sign_in: SignIn) -> Promise:
    """What was typed has not the shape of an answer."""
    if isinstance(form, TwoCodesForm):
        return errors.TWO_CODES_SHAPE
    return errors.APP_CODE_SHAPE if _method(sign_in) == Method.SOFT_TOKEN else errors.CODE_SHAPE


def reason(outcome: Outcome, sign_in: SignIn, purpose: Purpose) -> str | Promise:
    """Why it is not right, and how many tries are left if that cost one."""
    match outcome.verdict:
        case Verdict.WRONG if _method(sign_in) == Method.SOFT_TOKEN:
            return _by_token(outcome, errors.CLOCK_UNKNOWN)
        case Verdict.WRONG:
            return _by_sms(outcome)
        case Verdict.CLOCK_SLOW:
            return _by_token(outcome, _clock(outcome.slow_by))
        case Verdict.OTHER_LOGIN:
            asked = challenges.current(sign_in, purpose)
            words = errors.OTHER_LOGIN if asked and asked.code_digest else errors.OTHER_LOGIN_UNSENT
            return words % {"other": outcome.other_reference, "reference": outcome.reference}
        case verdict:
            return _NAMED[_method(sign_in)][verdict]


def of_new(outcome: Outcome) -> str | Promise:
    """Why a code does not prove a new method or contact. At its last try the change ends; nothing is frozen."""
    if outcome.verdict == Verdict.WRONG:
        return errors.TRIES_LEFT % {"count": outcome.tries_left}
    if outcome.verdict == Verdict.OTHER_LOGIN:
        return errors.OTHER_LOGIN % {"other": outcome.other_reference, "reference": outcome.reference}
    return _OF_NEW[outcome.verdict]


def _method(sign_in: SignIn) -> str:
    return sign_in.customer.method if sign_in.customer else Method.SMS


def _by_sms(outcome: Outcome) -> str | Promise:
    one_left = outcome.tries_left == 1
    return errors.ONE_TRY_LEFT if one_left else errors.TRIES_LEFT % {"count": outcome.tries_left}


def _by_token(outcome: Outcome, why: str | Promise) -> str:
    one_left = outcome.tries_left == 1
    tries = errors.TOKEN_ONE_TRY_LEFT if one_left else errors.TOKEN_TRIES_LEFT % {"count": outcome.tries_left}
    return errors.WRONG_AND_WHY % {"tries": tries, "why": why}


def _clock(slow_by: timedelta) -> str | Promise:
    if not slow_by:
        return errors.CLOCK_MENDED
    return errors.CLOCK_SLOW % {"count": max(1, round(slow_by / _MINUTE))}
