"""Who acts in the tests: visitors with a browser, the carrier, and the relay that a test runs on purpose."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx
from altcha import Challenge, solve_challenge
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Customer
from portal.messaging import relay
from portal.messaging.models import Message, State

PASSWORD = "Harbour-2026-demo"


def solve(page: str) -> str:
    """The answer to the proof of work on a login page, as the page's script sends it."""
    found = re.search(r'data-challenge="([^"]+)"', page)
    assert found, "the page asks for no proof of work"
    return solve_json(unescape(found.group(1)))


def solve_json(challenge: str) -> str:
    """The answer to a proof-of-work challenge."""
    asked = json.loads(challenge)
    solution = solve_challenge(Challenge.from_dict(asked))
    assert solution is not None
    answer = {"counter": solution.counter, "derivedKey": solution.derived_key, "time": 1}
    return base64.b64encode(json.dumps({"challenge": asked, "solution": answer}).encode()).decode()


@dataclass
class Carrier:
    """The far end of the HTTP gateway. `answers` are taken one by one; when there are none it accepts."""

    received: list[dict[str, Any]] = field(default_factory=list)
    answers: list[httpx.Response | Exception] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None and not answer.is_success:
            return answer
        if all(known["reference"] != body["reference"] for known in self.received):
            self.received.append(body)
        return answer or httpx.Response(202, json={"id": f"c-{len(self.received)}"})


@dataclass
class Handset:
    """What arrived at one number, after the relay has run."""

    carrier: Carrier

    def texts(self, to: str) -> list[str]:
        """Every text to this number, the oldest first."""
        run_relay()
        return [str(message["text"]) for message in self.carrier.received if message["to"] == to]

    def code(self, to: str) -> str:
        """The code in the newest text."""
        return self.texts(to)[-1][:6]


def run_relay() -> None:
    """Do what a worker does: send whatever is due now."""
    for message_id, _is_code in relay.due(timezone.now()):
        relay.deliver(message_id)


def emails(to: str) -> list[mail.EmailMessage]:
    """The e-mails to one address, after the relay has run."""
    run_relay()
    return [message for message in mail.outbox if to in message.to]


def sent_codes(customer: Customer) -> int:
    """How many codes were put on their way to this client."""
    return Message.objects.filter(customer=customer, is_code=True).exclude(state=State.FAILED).count()


class Visitor:
    """Somebody with a browser. Follows no redirect by itself."""

    def __init__(self, language: str = "zh-hant", address: str = "203.0.113.7") -> None:
        self.language = language
        self.client = Client(
            REMOTE_ADDR=address,
            HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
        )

    def get(self, path: str, **extra: Any) -> HttpResponse:
        """Open a page below the language."""
        response: Any = self.client.get(f"/{self.language}/{path}", secure=True, **extra)
        return response  # type: ignore[no-any-return]

    def post(self, path: str, data: Mapping[str, Any] | None = None, **extra: Any) -> HttpResponse:
        """Send a form below the language."""
        response: Any = self.client.post(f"/{self.language}/{path}", data or {}, secure=True, **extra)
        return response  # type: ignore[no-any-return]

    def password_step(self, number: str = "100001", password: str = PASSWORD, **more: Any) -> HttpResponse:
        """Open the login page and send number and password with a solved verification."""
        page = self.get("login/").content.decode()
        form = {"number": number, "password": password, "altcha": solve(page), **more}
        return self.post("login/", form)

    def code_step(self, code: str) -> HttpResponse:
        """Send a code."""
        return self.post("login/verify/", {"code": code})

    def log_in(self, handset: Handset, customer: Customer) -> HttpResponse:
        """The whole journey of a client with a text message."""
        asked = self.password_step(customer.login)
        assert asked.status_code == 302, "the password step did not lead on"
        return self.code_step(handset.code(customer.mobile))

    @property
    def inside(self) -> bool:
        """Whether the menu opens."""
        return self.get("home/").status_code == 200


def text_of(response: HttpResponse) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def wrong(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06d}"
