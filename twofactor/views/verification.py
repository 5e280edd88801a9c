"""The system verification of a form that asks for an account number: a fresh one for the page, and what came back."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language

from accounts import errors, sessions
from accounts.forms import NumberForm
from accounts.services import login as login_service
from accounts.services import verification
from accounts.services.login import Try
from portal.lib.source import request_address
from portal.metrics import LOGINS


def fresh_verification(*, picture: bool) -> dict[str, Any]:
    """What the page needs to ask for it: by picture where that is wanted, or the normal form failed."""
    now = timezone.now()
    by_picture = settings.SYSTEM_VERIFICATION == "picture"
    return {
        "altcha": "" if by_picture else verification.new_proof(now),
        "show_picture": by_picture or picture,
        "picture_token": verification.new_picture(now),
    }


def verified_try(request: HttpRequest, form: NumberForm, *, again: str | Promise) -> Try | None:
    """The facts of the try with the verification to spend; None, with the reason on the form, if it was not passed.

    `again` says which button to press once more.
    """
    now, typed = timezone.now(), form.cleaned_data
    if typed["altcha"] and settings.SYSTEM_VERIFICATION == "proof":
        passed = verification.check_proof(typed["altcha"])
    else:
        passed = verification.check_picture(typed["picture_token"], typed["picture"], now)
        spoiled = None if passed else verification.spoiled_picture(typed["picture_token"], now)
        if spoiled and typed["picture"]:
            login_service.spoil(_facts(request, form, spoiled), now=now)
            form.add_error("picture", errors.PICTURE_WRONG)
            return None
    if passed is None:
        LOGINS.labels("web", "no_proof").inc()
        form.add_error(None, str(again))
        return None
    return _facts(request, form, passed)


def _facts(request: HttpRequest, form: NumberForm, verified: str) -> Try:
    return Try(
        number=form.cleaned_data["number"],
        verification=verified,
        address=request_address(request),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        browser=sessions.browser_of(request),
        language=get_language() or settings.LANGUAGE_CODE,
    )
