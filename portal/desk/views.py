"""Pages of the desk that are about staff themselves."""

from typing import Any

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone

from accounts.models import Customer
from accounts.policy import PROVE_WRONG_PASSWORDS
from accounts.services import staff

_WRONG = "wrong_passwords"  # the key in the session


class StaffPasswordChangeForm(AdminPasswordChangeForm):
    """Saves through the service, which remembers the old password and writes the change down."""

    user: Customer

    def save(self, commit: bool = True) -> Customer:
        self.user = staff.change_own_password(self.user, self.cleaned_data["new_password1"], now=timezone.now())
        return self.user


class StaffPasswordChangeView(PasswordChangeView):
    """The old password, the new one twice. A session that guesses at the old one ends."""

    form_class = StaffPasswordChangeForm
    success_url = reverse_lazy("admin:password_change_done")

    def form_invalid(self, form: Any) -> HttpResponse:
        if form.has_error("old_password", "password_incorrect"):
            wrong = self.request.session.get(_WRONG, 0) + 1
            if wrong >= PROVE_WRONG_PASSWORDS:
                logout(self.request)
                return redirect("two_factor:login")
            self.request.session[_WRONG] = wrong
        return super().form_invalid(form)
