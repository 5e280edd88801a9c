from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import Customer


class StaffBackend(ModelBackend):
    """The staff door's passwords. A client's number and password are worth nothing here."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user) and user.is_staff)

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Customer | None:
        user = super().authenticate(request, username=username, password=password, **kwargs)
        return user if isinstance(user, Customer) else None
