"""Asking for a new password, with a number that has an account and with one that has none, in turns."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

from tests.benchmarks.browser import Browser, HttpWire, hidden_fields
from tests.benchmarks.meter import Visitors
from tests.benchmarks.processes import BenchError
from tests.benchmarks.site import HOST

PAGE = "/zh-hant/login/reset/"
PAIRS, WARM = 100, 10
PROOFS = 2 * (PAIRS + WARM)


@dataclass(frozen=True, slots=True)
class Asked:
    """Milliseconds until the answer to the form, the median of each kind of number."""

    known: float
    unknown: float


def measure(at: Visitors, proofs: Iterator[str]) -> Asked:
    """Each client's number and, from the same address, a number that nobody has; who comes first changes."""
    wire, spent = HttpWire(at.site.web.port), {True: [0.0], False: [0.0]}
    for place, client in enumerate(islice(at.clients, PAIRS + WARM)):
        for known in (True, False) if place % 2 else (False, True):
            number = client.number if known else f"9{client.number[1:]}"
            seconds = _ask(Browser(wire, HOST, client.address), number, next(proofs))
            if place >= WARM:
                spent[known].append(seconds * 1000)
    wire.close()
    return Asked(median(spent[True][1:]), median(spent[False][1:]))


def _ask(browser: Browser, number: str, proof: str) -> float:
    fields = hidden_fields(browser.get(PAGE).answer.body)
    sent = browser.post(PAGE, {**fields, "number": number, "way": "email", "altcha": proof})
    if sent.answer.status != 302 or not sent.answer.header("Location").endswith("/email/"):
        raise BenchError(f"Expected the way to the e-mail page, got {sent.answer.status}.")
    return sent.seconds
