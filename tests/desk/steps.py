"""Staff at their door: a browser, an authenticator, and what stands in the database."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from accounts.models import Customer
from tests.actors import PASSWORD

SEED = bytes(range(101, 121))
ADDRESS = "198.51.100.20"


def code_of(seed: bytes = SEED, *, steps: int = 0) -> str:
    """The code that an authenticator with this seed shows now, or some steps from now."""
    return f"{totp(seed, drift=steps):06d}"


class Desk:
    """A member of staff with a browser. Follows no redirect by itself."""

    def __init__(self, address: str = ADDRESS) -> None:
        self.client = Client(
            REMOTE_ADDR=address,
            HTTP_ACCEPT_LANGUAGE="en",
            HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
        )

    def get(self, path: str, **extra: Any) -> HttpResponse:
        """Open a page below the staff path, or another one that is given from the root."""
        response: Any = self.client.get(path if path.startswith("/") else f"/staff/{path}", secure=True, **extra)
        return response  # type: ignore[no-any-return]

    def post(self, path: str, data: dict[str, Any] | None = None, **extra: Any) -> HttpResponse:
        """Send a form to such a page."""
        target = path if path.startswith("/") else f"/staff/{path}"
        response: Any = self.client.post(target, data or {}, secure=True, **extra)
        return response  # type: ignore[no-any-return]

    def step(self, step: str, path: str = "login/", view: str = "staff_login_view", **fields: Any) -> HttpResponse:
        """Send one step of the login."""
        data = {f"{step}-{name}": value for name, value in fields.items()}
        return self.post(path, {f"{view}-current_step": step, **data})

    def password_step(self, login: str, password: str = PASSWORD) -> HttpResponse:
        """Name and password."""
        return self.step("auth", username=login, password=password)

    def code_step(self, code: str) -> HttpResponse:
        """The authenticator's code."""
        return self.step("token", otp_token=code)

    def enrol_step(self, code: str) -> HttpResponse:
        """The one-time code of a first enrolment."""
        return self.step("enrol", code=code)

    def bind_step(self, code: str) -> HttpResponse:
        """The first code of a new authenticator."""
        return self.step("generator", "authenticator/", "staff_setup_view", token=code)

    def log_in(self, login: str, seed: bytes = SEED) -> HttpResponse:
        """Password and code."""
        self.password_step(login)
        return self.code_step(code_of(seed))

    def is_inside(self) -> bool:
        """Whether the desk opens."""
        return self.get("").status_code == 200

    @property
    def session_key(self) -> str:
        """What the staff cookie holds."""
        cookie = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        return cookie.value if cookie else ""


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Do something in many threads at the same time, each with connections of its own, which are closed after."""

    def one(number: int) -> Any:
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def everything_stored() -> Iterator[tuple[str, str]]:
    """Every value in the database as text: the table it is in, and the value; sessions also decoded."""
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values_list():
            for value in row:
                yield model._meta.label, _text(value)
    for session in Session.objects.all():
        yield "sessions decoded", repr(session.get_decoded())


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex() + repr(bytes(value))
    return str(value)


def spellings(seed: bytes) -> set[str]:
    """How a seed would read if it were somewhere in clear."""
    b32, b64 = base64.b32encode(seed).decode(), base64.b64encode(seed).decode()
    return {seed.hex(), seed.hex().upper(), b32, b32.lower(), b64, b64.rstrip("="), repr(seed)[2:-1], repr(seed)}


def wrong_of(code: str) -> str:
    """Six digits that are none of the codes around now."""
    near = {code_of(steps=step) for step in range(-3, 4)} | {code}
    return next(f"{number:06d}" for number in range(10**6) if f"{number:06d}" not in near)


def frozen(client: Customer, cause: str, **fields: object) -> Customer:
    """The client, frozen since just now."""
    facts = {"frozen_at": timezone.now(), "freeze_cause": cause, "freeze_reference": "FAB2CD3E", **fields}
    Customer.objects.filter(pk=client.pk).update(state="frozen", **facts)
    client.refresh_from_db()
    return client
