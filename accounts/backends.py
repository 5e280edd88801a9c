"""Staff as Django's own login and permissions know them."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest


class StaffBackend(ModelBackend):
    """Loads members of staff and answers for their permissions. A client is nobody here.

    It takes no password: `accounts.services.login` proves passwords, with its waits and its record of every try,
    and a second way in would go around both.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user) and user.is_staff)

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> None:
        return None
