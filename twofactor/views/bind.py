"""Binding a phone: name it, take over the key that is shown once, and confirm with the app's first code."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import qrcode  # type: ignore[import-untyped]
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped]
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

from accounts.decorators import handles_secrets, inside_required, session_ended
from accounts.models import Method, SignIn
from portal import brand
from portal.lib import totp
from portal.lib.masking import mask_number
from portal.lib.user_agent import phone_label
from twofactor import errors, policy
from twofactor.forms import CodeForm, DeviceForm
from twofactor.models import MethodSwitch
from twofactor.services import switching
from twofactor.services.challenges import Verdict
from twofactor.services.switching import Shown
from twofactor.views.method import finished, gone, owner, stopped
from twofactor.views.token_app import opens_token_app, token_app_url


@dataclass(frozen=True, slots=True)
class KeyPages:
    """Where a key is shown: the template, and the URL name of the page that takes its first code."""

    template: str
    code: str


_PAGES = KeyPages("twofactor/bind_key.html", code="twofactor:bind_code")
_QUIET_ZONE = 8  # modules; twice what the standard asks, for pages that are dark around it


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def bind(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for the name; after that, say that the key was shown, and take its first code."""
    switch = _binding(sign_in)
    if switch is None:
        return gone(request)
    if request.method == "POST":
        return _make_key(request, sign_in)
    context = {
        "form": CodeForm(),
        "token": switch.token,
        "name": switch.token.name if switch.token else suggested_name(request),
        "until": switch.proven_at and switch.proven_at + policy.KEY_LIFETIME,
        "code_page": _PAGES.code,
    }
    return render(request, "twofactor/bind.html", context)


def _binding(sign_in: SignIn) -> MethodSwitch | None:
    switch = switching.current(sign_in)
    if switch is None or switch.to_method != Method.SOFT_TOKEN or not switching.in_time(switch, now=timezone.now()):
        return None
    return switch


def suggested_name(request: HttpRequest) -> str:
    """What the client may call the phone."""
    return phone_label(request.headers.get("User-Agent", "")) or _("My phone")


def _make_key(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    form = DeviceForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(errors.DEVICE_NAME), extra_tags="field-name")
        return redirect("twofactor:bind")
    shown = switching.show_key(sign_in, form.cleaned_data["name"], after=form.cleaned_data["after"])
    # A form that was sent before, or too late: the page tells which.
    return key_page(request, sign_in, shown, _PAGES) if shown else redirect("twofactor:bind")


@opens_token_app
def key_page(request: HttpRequest, sign_in: SignIn, shown: Shown, pages: KeyPages) -> HttpResponse:
    """The key. The one answer to a form that is a page and no redirect: the key is kept nowhere that another request
    could read it from, so it has to stand in this one. Sending the form again makes no second key."""
    issuer = str(brand.current().sms_name)
    account = mask_number(owner(sign_in).login)[-4:].replace("•", "·")
    address = totp.otpauth_uri(shown.seed, issuer=issuer, account=account)
    groups = totp.base32_key(shown.seed)
    context = {
        "form": CodeForm(),
        "token": shown.token,
        "until": shown.until,
        "picture": _drawn(address),
        "groups": groups,
        "key": groups.replace(" ", ""),
        "app": token_app_url(request),
        "account": account,
        "issuer": issuer,
        "code_page": pages.code,
    }
    return render(request, pages.template, context)


def _drawn(address: str) -> str:
    """The key for a camera, as a picture that is part of the page and has no address of its own."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_ZONE, image_factory=SvgPathFillImage)
    code.add_data(address)
    picture = BytesIO()
    code.make_image().save(picture)
    return f"data:image/svg+xml;base64,{b64encode(picture.getvalue()).decode()}"


@handles_secrets
@require_POST
@inside_required
def code(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Judge the first code of the app."""
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _back(request, errors.APP_CODE_SHAPE)
    confirmed = switching.confirm_token(sign_in, form.cleaned_data["code"])
    match confirmed.outcome.verdict:
        case Verdict.PASSED:
            return finished(confirmed.key)
        case Verdict.WRONG if confirmed.outcome.tries_left:
            return _back(request, errors.APP_CODE_WRONG % {"count": confirmed.outcome.tries_left})
        case Verdict.WRONG:
            return stopped(request)
        case Verdict.FROZEN:
            return session_ended("frozen")
        case _:
            return gone(request)


def _back(request: HttpRequest, reason: str | Promise) -> HttpResponse:
    messages.error(request, str(reason), extra_tags="field-code")
    return redirect("twofactor:bind")
