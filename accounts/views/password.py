"""Changing the password."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import errors, sessions
from accounts.decorators import handles_secrets, proof_required, session_ended
from accounts.forms import NewPasswordForm
from accounts.models import Purpose, SignIn
from accounts.services.password import ProofMissingError, change_password


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@proof_required(Purpose.CHANGE_PASSWORD, unless_forced=True)
def password(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Choose a new password, after password and code were proven."""
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key = change_password(sign_in, form.cleaned_data["new_password"], now=timezone.now())
        except ValidationError as problem:
            form.add_error("new_password", problem)
        except ProofMissingError:
            return session_ended("gone")
        else:
            messages.success(request, str(errors.PASSWORD_CHANGED))
            response: HttpResponse = redirect("home")
            sessions.set_session_cookie(response, key)
            return response
    forced = sign_in.customer is not None and sign_in.customer.must_change_password
    return render(request, "accounts/password.html", {"form": form, "forced": forced})
