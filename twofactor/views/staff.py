"""The staff door: name and password, then the authenticator's code, or the way to bind one."""
# mypy: allow-untyped-calls

from base64 import b32encode
from io import BytesIO
from typing import Any, cast

import qrcode  # type: ignore[import-untyped]
from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.generic import TemplateView, View
from django_otp import login as otp_login
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]
from two_factor.utils import get_otpauth_url
from two_factor.views import LoginView, SetupView
from two_factor.views.utils import IdempotentSessionWizardView

from accounts.models import Customer
from twofactor.models import StaffAuthenticator
from twofactor.services import staff as service
from twofactor.staff import (
    BACKEND,
    EnrolmentForm,
    StaffPasswordForm,
    StaffTokenForm,
    drop_seed,
    new_seed,
    seed_of,
)

#: What the session remembers between the enrolment code and the proven authenticator.
_ENROLMENT, _SIGN_IN = "enrolment", "sign_in"


class StaffLoginView(LoginView):
    """Password, then the authenticator's code; without an authenticator, the enrolment code instead.

    Nobody is logged in on the password alone, not even as somebody unverified: Django's `login` runs after the
    second step. The enrolment code opens nothing but the page that binds an authenticator.
    """

    ENROL_STEP = "enrol"
    form_list: Any = (
        (LoginView.AUTH_STEP, StaffPasswordForm),
        (LoginView.TOKEN_STEP, StaffTokenForm),
        (ENROL_STEP, EnrolmentForm),
    )

    def has_token_step(self) -> bool:
        return self.get_device() is not None

    def has_enrol_step(self) -> bool:
        return bool(self.get_user()) and self.get_device() is None

    condition_dict = {LoginView.TOKEN_STEP: has_token_step, ENROL_STEP: has_enrol_step}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            if request.method == "POST":
                logout(request)  # whoever logs in here is done with the session before
            elif request.user.is_verified():  # type: ignore[attr-defined]
                return redirect(self.get_success_url())
        return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if "challenge_device" in self.request.POST:
            raise SuspiciousOperation("there is no choice of devices at this door")
        return cast(HttpResponse, super().post(*args, **kwargs))

    def get_user(self) -> Customer | None:
        """Who proved the password in this session, unless it was changed since."""
        if not self.user_cache:
            user = self.storage.authenticated_user
            proven = self.storage.data.get("auth_hash", "")
            if user and constant_time_compare(proven, user.get_session_auth_hash()):
                self.user_cache = user
        return cast("Customer | None", self.user_cache)

    def get_device(self, step: str | None = None) -> StaffAuthenticator | None:
        user = self.get_user()
        if user is not None and self.device_cache is None:
            self.device_cache = StaffAuthenticator.objects.of(user)
        return cast("StaffAuthenticator | None", self.device_cache)

    def process_step(self, form: forms.Form) -> Any:
        data = super().process_step(form)
        if isinstance(form, StaffPasswordForm) and form.user_cache and form.sign_in:
            self.user_cache = self.device_cache = None  # an earlier try in this session may have filled them
            self.storage.data["auth_hash"] = form.user_cache.get_session_auth_hash()
            self.storage.data[_SIGN_IN] = form.sign_in.pk
            self.request.session.cycle_key()
        elif isinstance(form, EnrolmentForm) and form.enrolment:
            self.storage.data[_ENROLMENT] = form.enrolment.pk
        return data

    def render(self, form: forms.Form | None = None, **kwargs: Any) -> HttpResponse:
        if isinstance(form, StaffTokenForm) and form.has_error("__all__", "invalid_token"):
            service.count_wrong_code(self.storage.data[_SIGN_IN])
        return cast(HttpResponse, super().render(form, **kwargs))

    def done(self, form_list: list[forms.Form], **kwargs: Any) -> HttpResponse:
        user = self.get_user()
        sign_in, enrolment = self.storage.data.get(_SIGN_IN), self.storage.data.get(_ENROLMENT)
        if user is None:
            return redirect("two_factor:login")
        if getattr(user, "otp_device", None) is not None:
            if not service.finish_login(user, sign_in, now=timezone.now()):
                return redirect("two_factor:login")
            login(self.request, user, backend=BACKEND)
            return redirect(self.get_success_url())
        if not service.may_set_up(user, enrolment, now=timezone.now()):
            return redirect("two_factor:login")
        login(self.request, user, backend=BACKEND)
        self.request.session[_ENROLMENT], self.request.session[_SIGN_IN] = enrolment, sign_in
        return redirect("two_factor:setup")


class EnrolmentRequired:
    """Mixed into views that only somebody with a freshly spent enrolment code may see."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        enrolment = request.session.get(_ENROLMENT)
        if not service.may_set_up(request.user, enrolment, now=timezone.now()):
            return redirect("admin:index")  # which sends whoever is not inside on to the login
        return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))  # type: ignore[misc]


class StaffSetupView(EnrolmentRequired, SetupView):
    """Shows a new seed and stores the authenticator after one right code."""

    form_list: Any = (("generator", forms.Form),)  # the method's own form takes its place

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        new_seed(request.session)
        return cast(HttpResponse, IdempotentSessionWizardView.get(self, request, *args, **kwargs))

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if seed_of(self.request.session) is None:  # shown too long ago
            return redirect("two_factor:setup")
        return cast(HttpResponse, super().post(*args, **kwargs))

    def get_key(self, step: str) -> bytes:
        return seed_of(self.request.session) or new_seed(self.request.session)

    def get_context_data(self, form: forms.Form, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = IdempotentSessionWizardView.get_context_data(self, form=form, **kwargs)
        key = b32encode(self.get_key("generator")).decode()
        groups = [key[start : start + 4] for start in range(0, len(key), 4)]
        return {**context, "secret_key": " ".join(groups), "issuer": settings.OTP_TOTP_ISSUER}

    def done(self, form_list: list[Any], **kwargs: Any) -> HttpResponse:
        session, user, now = self.request.session, self.request.user, timezone.now()
        form = form_list[0]
        device = service.bind(user, form.seed, step=form.step, enrolment=session.pop(_ENROLMENT), now=now)
        drop_seed(session)
        if device is None or not service.finish_login(user, session.pop(_SIGN_IN), now=now):
            logout(self.request)
            return redirect("two_factor:login")
        session.cycle_key()
        otp_login(self.request, device)
        return redirect("two_factor:setup_complete")


class StaffSeedPictureView(EnrolmentRequired, View):
    """The seed as a picture for the app's camera, drawn here and kept nowhere."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        seed = seed_of(request.session)
        if seed is None or not isinstance(request.user, Customer):
            return HttpResponse(status=404)
        address = get_otpauth_url(request.user.login, b32encode(seed).decode(), settings.OTP_TOTP_ISSUER)
        picture = BytesIO()
        qrcode.make(address, image_factory=SvgPathFillImage).save(picture)
        return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


class StaffSetupCompleteView(TemplateView):
    """Says that the authenticator is bound."""

    template_name = "two_factor/core/setup_complete.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated or not request.user.is_verified():  # type: ignore[attr-defined]
            return redirect("two_factor:login")
        return super().dispatch(request, *args, **kwargs)
