"""Logins that come at a steady pace, one every so often whatever the portal does: how long each thing takes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from tests.benchmarks.browser import HttpWire
from tests.benchmarks.clients import Client
from tests.benchmarks.house import House
from tests.benchmarks.login import Login, log_in
from tests.benchmarks.site import HOST, Site

LOGINS, PER_SECOND = 1000, 5
_BROWSERS = 24  # at once at the most; a login that finds none free starts late, and that is told


@dataclass(frozen=True, slots=True)
class Paced:
    """One login of the pace. Seconds."""

    login: Login
    arrived_at: float  # when the carrier had the text message, by the monotonic clock
    late: float  # how much later than planned it started

    @property
    def to_carrier(self) -> float:
        """From sending the password to the text message in the carrier's hands."""
        return self.arrived_at - self.login.password_sent_at

    @property
    def after_answer(self) -> float:
        """How long after the answer to the password the carrier had it; negative if before."""
        return self.arrived_at - self.login.password_answered_at


def measure(house: House, site: Site, clients: Iterator[Client], proofs: Iterator[str]) -> list[Paced]:
    """All logins, each at its time."""

    def once(client: Client, proof: str, at: float) -> Paced:
        time.sleep(max(0.0, at - time.monotonic()))
        late = time.monotonic() - at
        arrived: list[float] = []

        def code_of(who: Client) -> str:
            arrival = house.carrier.wait(who.mobile)
            arrived.append(arrival.at)
            return arrival.code

        wire = HttpWire(site.web.port)
        try:
            login = log_in(wire, HOST, client, proof, code_of)
        finally:
            wire.close()
        return Paced(login, arrived[0], late)

    began = time.monotonic() + 0.5
    with ThreadPoolExecutor(_BROWSERS) as browsers:
        coming = [
            browsers.submit(once, client, proof, began + place / PER_SECOND)
            for place, (client, proof) in enumerate(zip(islice(clients, LOGINS), proofs, strict=False))
        ]
        try:
            return [each.result() for each in coming]
        except BaseException:
            browsers.shutdown(wait=False, cancel_futures=True)
            raise
