"""What many tests of accounts do: one try without a page, a proof inside, threads that start together."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer
from accounts.services.login import Browser, Try
from tests.actors import PASSWORD, Handset, Visitor
from twofactor.services.login import FirstStep, first_step

MORNING = datetime(2035, 11, 19, 2, 0, tzinfo=UTC)  # 10 o'clock in Hong Kong
WRONG = "Wrong-2026-guess"
T = TypeVar("T")


def attempt(
    number: str = "100001", password: str = WRONG, *, address: str = "203.0.113.7", browser: Browser | None = None
) -> FirstStep:
    """One try to get in, with a verification of its own."""
    facts = Try(
        number=number,
        verification=f"test:{uuid4().hex}",
        address=address,
        user_agent="",
        browser=browser,
        language="en",
    )
    return first_step(facts, password, now=timezone.now())


def key_of(visitor: Visitor) -> str:
    """The session key in a browser's cookie."""
    return visitor.client.cookies[settings.CLIENT_COOKIE_NAME].value


def device_of(visitor: Visitor) -> str:
    """The device cookie of a browser."""
    return visitor.client.cookies[settings.BROWSER_COOKIE_NAME].value


def browser_of(visitor: Visitor) -> Browser:
    """The device cookie of a browser, as a service takes it."""
    device, _, token = device_of(visitor).partition(".")
    return Browser(UUID(device), token)


def with_cookie(name: str, value: str) -> Visitor:
    """A browser that was handed one cookie."""
    visitor = Visitor("en")
    visitor.client.cookies[name] = value
    return visitor


def prove(visitor: Visitor, handset: Handset, customer: Customer, password: str = PASSWORD) -> HttpResponse:
    """Inside: ask for the password page and prove password and code for it."""
    visitor.get("service/password/")
    assert visitor.post("service/prove/", {"password": password}).status_code == 302
    return visitor.post("service/prove/code/", {"code": handset.code(customer.mobile)})


def choose(visitor: Visitor, password: str) -> HttpResponse:
    """Send a new password, twice the same."""
    return visitor.post("service/password/", {"new_password": password, "repeat_password": password})


def together(acts: Iterable[Callable[[], T]]) -> list[T]:
    """Run all at once, each in a thread with a database connection of its own."""
    queue = list(acts)
    barrier = Barrier(len(queue))

    def run(act: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(queue)) as pool:
        return list(pool.map(run, queue))


def anonymous(body: str, *secrets: str) -> str:
    """A page without what is drawn anew each time: CSRF token, verification, picture, and the given words."""
    body = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", body)
    body = re.sub(r'(data-challenge=")[^"]+', r"\1", body)
    body = re.sub(r'(name="picture_token" value=")[^"]+', r"\1", body)
    body = re.sub(r"(login/(?:picture.png|sound.wav)\?token=)[^\"]+", r"\1", body)
    for secret in secrets:
        body = body.replace(secret, "")
    return body
