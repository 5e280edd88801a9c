"""What the staff door asks: its forms, and its only method, an authenticator app with a sealed seed.

django-two-factor-auth walks through the steps; its own generator method, which keeps seeds in clear, is replaced.
"""
# mypy: allow-untyped-calls

import base64
import re
import secrets
import time
import unicodedata
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device
from django_otp.oath import TOTP
from two_factor.forms import AuthenticationTokenForm
from two_factor.plugins.registry import MethodBase, registry

from accounts.models import Customer, SignIn
from accounts.policy import PASSWORD_MAX, PENDING_LIFETIME
from accounts.services.login import Try, Verdict, prove_password
from portal.lib import crypto
from portal.lib.source import request_address
from twofactor import policy
from twofactor.models import StaffAuthenticator, StaffEnrolment
from twofactor.services import staff

BACKEND = "accounts.backends.StaffBackend"

WRONG = _("The staff name or password is incorrect.")
WAIT = _("Too many tries. Try again at %(time)s (Hong Kong time).")
CODE_SHAPE = _("Enter the 6 digits that your authenticator app shows.")
CODE_WRONG = _("That code is incorrect, or was used before. Enter the next one that the app shows.")
ENROLMENT_WRONG = _("That code is incorrect or no longer valid. Ask for a new one after five wrong codes.")

_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_SEED = "staff_seed"  # the key in the session
_SEAL = "staff-seed-unproven"


def staff_name(typed: str) -> str | None:
    """The one spelling of a staff name, or None for what can be none: all spellings share one counter."""
    name = unicodedata.normalize("NFKC", typed).strip().lower()
    return name if _NAME.fullmatch(name) else None


def _wait(until: datetime) -> str:
    return str(WAIT) % {"time": f"{timezone.localtime(until):%H:%M:%S}"}


# --- Forms -------------------------------------------------------------------------------------------


def _code_field() -> forms.RegexField:
    return forms.RegexField(
        label=_("Code from your authenticator app"),
        regex=r"^[0-9]{6}$",
        error_messages={"invalid": CODE_SHAPE, "required": CODE_SHAPE},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6, "autofocus": True}
        ),
    )


class StaffPasswordForm(forms.Form):
    """Name and password. Judged like a client's, with the same waits and the same record of every try."""

    username = forms.CharField(
        label=_("Staff name"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request = request
        self.user_cache: Customer | None = None  # the wizard's name for who proved the password
        self.sign_in: SignIn | None = None

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if "username" not in typed or "password" not in typed:
            return typed
        name = staff_name(typed["username"])
        if name is None:
            raise ValidationError(WRONG)
        facts = Try(
            number=name,
            verification=f"staff:{uuid4()}",  # there is none at this door, and the column is unique
            address=request_address(self.request),
            user_agent=self.request.headers.get("User-Agent", ""),
            platform="staff",
        )
        answer = prove_password(facts, typed["password"], now=timezone.now())
        if answer.verdict == Verdict.SLOWED and answer.retry_at:
            raise ValidationError(_wait(answer.retry_at))
        if answer.verdict != Verdict.RIGHT or answer.customer is None or answer.sign_in is None:
            raise ValidationError(WRONG)
        self.user_cache, self.sign_in = answer.customer, answer.sign_in
        self.user_cache.backend = BACKEND  # Django's login() reads it
        staff.password_proven(self.sign_in, self.user_cache)
        return typed


class StaffTokenForm(AuthenticationTokenForm):
    """The code of an authenticator that is bound."""

    otp_token = _code_field()
    otp_error_messages = {**AuthenticationTokenForm.otp_error_messages, "invalid_token": CODE_WRONG}

    def _verify_token(self, user: Any, token: Any, device: Any = None) -> Any:
        allowed, extra = device.verify_is_allowed()
        if not allowed and "locked_until" in extra:
            raise ValidationError(_wait(extra["locked_until"]), code="wait")
        return super()._verify_token(user, token, device)


class EnrolmentForm(forms.Form):
    """The one-time code that a colleague without an authenticator was given."""

    code = forms.CharField(
        label=_("Enrolment code"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": True}),
    )
    idempotent = False  # it is spent by looking: the wizard must not look twice

    def __init__(self, user: Customer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user = user
        self.enrolment: StaffEnrolment | None = None

    def clean_code(self) -> str:
        self.enrolment = staff.use_enrolment(self.user, self.cleaned_data["code"], now=timezone.now())
        if self.enrolment is None:
            raise ValidationError(ENROLMENT_WRONG)
        return ""  # what was typed is not kept


class SeedForm(forms.Form):
    """One right code proves that the seed has arrived in the app."""

    token = _code_field()

    def __init__(self, key: bytes, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = key
        self.step = -1

    def clean_token(self) -> str:
        totp = TOTP(self.seed, step=30, digits=policy.CODE_DIGITS)
        totp.time = time.time()
        if not totp.verify(int(self.cleaned_data["token"]), tolerance=policy.STAFF_STEPS_OFF):
            raise ValidationError(CODE_WRONG)
        self.step = totp.t()
        return str(self.cleaned_data["token"])


# --- The seed before it is proven ----------------------------------------------------------------------


def new_seed(session: SessionBase) -> bytes:
    """A seed to show once. The session keeps it sealed, as the table will."""
    seed = secrets.token_bytes(policy.STAFF_SEED_BYTES)
    session[_SEED] = {"sealed": base64.b64encode(crypto.seal(_SEAL, seed)).decode(), "at": time.time()}
    return seed


def seed_of(session: SessionBase) -> bytes | None:
    """The seed that this session was shown, unless that was too long ago."""
    kept = session.get(_SEED)
    if kept is None or time.time() - kept["at"] > PENDING_LIFETIME.total_seconds():
        return None
    return crypto.open_sealed(_SEAL, base64.b64decode(kept["sealed"]))


def drop_seed(session: SessionBase) -> None:
    """Forget it."""
    session.pop(_SEED, None)


# --- The method ----------------------------------------------------------------------------------------


class AuthenticatorMethod(MethodBase):
    """Authenticator app, to django-two-factor-auth. The code is the one that it gives its generator."""

    code: Any = "generator"
    verbose_name: Any = _("Authenticator app")

    def get_devices(self, user: Customer) -> "QuerySet[StaffAuthenticator]":
        return StaffAuthenticator.objects.filter(user=user, confirmed=True)

    def recognize_device(self, device: Device) -> bool:
        return isinstance(device, StaffAuthenticator)

    def get_setup_forms(self, wizard: object) -> dict[str, type[forms.Form]]:
        return {self.code: SeedForm}

    def get_token_form_class(self) -> type[StaffTokenForm]:
        return StaffTokenForm

    def get_action(self, device: Device) -> str:
        return str(CODE_SHAPE)

    def get_verbose_action(self, device: Device) -> str:
        return str(CODE_SHAPE)


registry.unregister(AuthenticatorMethod.code)
registry.register(AuthenticatorMethod())
