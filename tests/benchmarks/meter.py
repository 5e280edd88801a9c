"""Does something many times and reads the CPU clocks of all processes before and after."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from tests.benchmarks.browser import Answer, HttpWire, Wire
from tests.benchmarks.clients import Client
from tests.benchmarks.house import House
from tests.benchmarks.login import STEPS, Login, log_in, try_wrong
from tests.benchmarks.site import HOST, Site


@dataclass
class Visitors:
    """A site with the clients that have not come yet."""

    site: Site
    clients: Iterator[Client]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of one login, or of one wrong password."""

    web: float
    postgres: float
    worker: float
    steps: tuple[float, ...]  # of the web alone, by request; what is left to do after an answer goes to the next

    @property
    def whole(self) -> float:
        """What grows, if anything does, with the number of accounts."""
        return self.web + self.postgres


class MeteredWire:
    """A connection that notes what the web's clock shows after each answer, by the place in the journey."""

    def __init__(self, site: Site, places: int) -> None:
        self._wire = HttpWire(site.web.port)
        self._clock = site.web.cpu
        self._last = self._clock()
        self._place = 0
        self.seconds = [0.0] * places

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = self._wire.send(method, path, headers, body)
        now = self._clock()
        self.seconds[self._place] += now - self._last
        self._last, self._place = now, (self._place + 1) % len(self.seconds)
        return answer

    def close(self) -> None:
        self._wire.close()


class Meter:
    """Sends clients to a site, one after the other over one connection, and says what each has cost."""

    def __init__(self, house: House, proofs: Iterator[str]) -> None:
        self._house = house
        self._proofs = proofs

    def logins(
        self,
        at: Visitors,
        count: int,
        code_of: Callable[[Client], str] | None = None,
        beside: Callable[[], None] | None = None,
    ) -> tuple[Cost, list[Login]]:
        """So many logins; the codes are what the carrier got, unless the clients have them from elsewhere. What is done
        `beside`, after each of them, must cost nothing here."""
        done: list[Login] = []
        code_of = code_of or (lambda who: self._house.carrier.wait(who.mobile).code)

        def once(wire: Wire, client: Client, proof: str) -> None:
            done.append(log_in(wire, HOST, client, proof, code_of))
            if beside:
                beside()

        return self._measure(at, count, once, len(STEPS)), done

    def wrong(self, at: Visitors, count: int) -> Cost:
        """So many wrong passwords, each by another client."""

        def once(wire: Wire, client: Client, proof: str) -> None:
            try_wrong(wire, HOST, client, proof)

        return self._measure(at, count, once, 2)

    def _measure(self, at: Visitors, count: int, once: Callable[[Wire, Client, str], None], requests: int) -> Cost:
        site, cluster = at.site, self._house.cluster
        clocks = (site.web.cpu, cluster.cpu, site.worker_cpu)
        before = [clock() for clock in clocks]
        wire = MeteredWire(site, requests)
        for client in islice(at.clients, count):
            once(wire, client, next(self._proofs))
        site.sweep()
        self._house.processes.until(lambda: not cluster.open_messages(site.database), "the outbox to be empty")
        wire.close()
        web, postgres, worker = ((clock() - was) * 1000 / count for clock, was in zip(clocks, before, strict=True))
        return Cost(web, postgres, worker, tuple(each * 1000 / count for each in wire.seconds))
