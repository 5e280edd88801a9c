"""A whole login as five requests, and a wrong password as two; every answer is looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.browser import Browser, Exchange, Wire, hidden_fields
from tests.benchmarks.clients import PASSWORD, Client
from tests.benchmarks.processes import BenchError

LOGIN, CODE, HOME = "/zh-hant/login/", "/zh-hant/login/verify/", "/zh-hant/home/"
STEPS = ("open login page", "send password", "open code page", "send code", "open home page")


@dataclass(frozen=True, slots=True)
class Login:
    """The five requests of one login, in the order of `STEPS`."""

    exchanges: tuple[Exchange, ...]

    @property
    def password_sent_at(self) -> float:
        return self.exchanges[1].sent_at

    @property
    def password_answered_at(self) -> float:
        return self.exchanges[1].sent_at + self.exchanges[1].seconds

    @property
    def wire_bytes(self) -> int:
        return sum(each.answer.wire_bytes for each in self.exchanges)

    @property
    def seconds(self) -> float:
        """Of waiting for answers; the text message's way is not in it."""
        return sum(each.seconds for each in self.exchanges)


def log_in(wire: Wire, host: str, client: Client, proof: str, code_of: Callable[[Client], str]) -> Login:
    """Log one client in. `code_of` waits for the code. Raises `BenchError` at any answer that a login does not have."""
    browser = Browser(wire, host, client.address)
    opened = _open(browser)
    password = browser.post(LOGIN, _first_form(opened, client, proof, PASSWORD))
    _expect(password, 302, CODE)
    asked = browser.get(CODE)
    _expect(asked, 200, "one-time-code")
    fields = hidden_fields(asked.answer.body)
    code = browser.post(CODE, {"csrfmiddlewaretoken": fields["csrfmiddlewaretoken"], "code": code_of(client)})
    _expect(code, 302, HOME)
    home = browser.get(HOME)
    _expect(home, 200, "logout")
    return Login((opened, password, asked, code, home))


def try_wrong(wire: Wire, host: str, client: Client, proof: str) -> tuple[Exchange, Exchange]:
    """Open the login page and send a wrong password."""
    browser = Browser(wire, host, client.address)
    opened = _open(browser)
    refused = browser.post(LOGIN, _first_form(opened, client, proof, f"{PASSWORD}-wrong"))
    _expect(refused, 200, "current-password")
    return opened, refused


def _open(browser: Browser) -> Exchange:
    opened = browser.get(LOGIN)
    _expect(opened, 200, "data-challenge")
    return opened


def _first_form(opened: Exchange, client: Client, proof: str, password: str) -> dict[str, str]:
    fields = hidden_fields(opened.answer.body)
    return {**fields, "number": client.number, "password": password, "altcha": proof}


def _expect(exchange: Exchange, status: int, mark: str) -> None:
    """The status, and a word that stands in the page or in the address that a redirect leads to."""
    answer = exchange.answer
    place = answer.header("Location") if answer.status == 302 else answer.body.decode(errors="replace")
    if answer.status != status or mark not in place:
        raise BenchError(f"Expected {status} with {mark!r}, got {answer.status}: {place[:2000]}")
