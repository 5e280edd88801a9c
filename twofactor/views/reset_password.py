"""The new password, once who asks was recognised and the method in use proven."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import errors
from accounts.decorators import handles_secrets
from accounts.forms import NewPasswordForm
from accounts.models import PasswordReset
from accounts.services import reset as journeys
from accounts.services.reset import Step
from twofactor.views.reset import at


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@at(Step.CHOOSE)
def choose(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """Take the new password. Nobody is logged in by it."""
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            stands = journeys.choose(reset, form.cleaned_data["new_password"], now=timezone.now())
        except ValidationError as problem:
            form.add_error("new_password", problem)
        else:
            return redirect("twofactor:reset_done") if stands == Step.DONE else _over(request)
    login = reset.sign_in.customer.login if reset.sign_in.customer else ""
    return render(request, "twofactor/reset_password.html", {"form": form, "login": login})


def _over(request: HttpRequest) -> HttpResponse:
    messages.warning(request, str(errors.RESET_GONE))
    return redirect("twofactor:reset")


@require_safe
@at(Step.DONE)
def done(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """There is a new password, and here is the way to the login."""
    return render(request, "twofactor/reset_done.html")
