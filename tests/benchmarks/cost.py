"""What a login costs in CPU time: beside a bare request and a bare hash, with few and with many accounts.

Everything is measured in turns, one round after the other, and compared within each round: whatever else
the machine does hits all sides alike. The figure is the median of the rounds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

from tests.benchmarks.browser import Browser, HttpWire
from tests.benchmarks.clients import Client
from tests.benchmarks.cluster import Statement
from tests.benchmarks.house import House
from tests.benchmarks.login import Login, log_in, try_wrong
from tests.benchmarks.site import HOST, Site, Web

ROUNDS, LOGINS, BARE_REQUESTS = 5, 40, 2000
WARM = 20  # logins and wrong passwords before the first round


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

    @property
    def whole(self) -> float:
        """What grows, if anything does, with the number of accounts."""
        return self.web + self.postgres


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of everything; milliseconds."""

    argon2: float
    bare: float
    startproject: float
    few: Cost
    many: Cost
    few_wrong: Cost
    many_wrong: Cost


@dataclass
class Costs:
    """All rounds, with what was seen on the way."""

    rounds: list[Round]
    logins: list[Login]
    statements: list[Statement]

    def median(self, value: Callable[[Round], float]) -> float:
        return median(map(value, self.rounds))


class Meter:
    """Does something many times and reads the clocks before and after."""

    def __init__(self, house: House, proofs: Iterator[str]) -> None:
        self._house = house
        self._proofs = proofs

    def logins(self, at: Visitors, count: int) -> tuple[Cost, list[Login]]:
        """So many logins, one after the other, over one connection."""
        done: list[Login] = []

        def once(wire: HttpWire, client: Client, proof: str) -> None:
            done.append(log_in(wire, HOST, client, proof, lambda who: self._house.carrier.wait(who.mobile).code))

        return self._measure(at, count, once), done

    def wrong(self, at: Visitors, count: int) -> Cost:
        """So many wrong passwords, each by another client."""
        return self._measure(at, count, lambda wire, client, proof: _wrong(wire, client, proof))

    def _measure(self, at: Visitors, count: int, once: Callable[[HttpWire, Client, str], None]) -> Cost:
        site, cluster = at.site, self._house.cluster
        wire = HttpWire(site.web.port)
        clocks = (site.web.cpu, cluster.cpu, site.worker_cpu)
        before = [clock() for clock in clocks]
        for client in islice(at.clients, count):
            once(wire, client, next(self._proofs))
        self._house.processes.until(lambda: not cluster.open_messages(site.database), "the outbox to be empty")
        web, postgres, worker = (clock() - was for clock, was in zip(clocks, before, strict=True))
        wire.close()
        return Cost(web * 1000 / count, postgres * 1000 / count, worker * 1000 / count)


def _wrong(wire: HttpWire, client: Client, proof: str) -> None:
    try_wrong(wire, HOST, client, proof)


def bare_request(web: Web) -> float:
    """CPU milliseconds of one request, of many over one connection."""
    wire = HttpWire(web.port)
    browser = Browser(wire, HOST, "100.64.0.1")
    before = web.cpu()
    for _ in range(BARE_REQUESTS):
        browser.get("/")
    spent = web.cpu() - before
    wire.close()
    return spent * 1000 / BARE_REQUESTS


def measure(
    house: House, few: Visitors, many: Visitors, bare: Web, startproject: Web, proofs: Iterator[str],
    say: Callable[[str], None],
) -> Costs:  # fmt: skip
    """Warm everything, then all rounds."""
    meter, cluster = Meter(house, proofs), house.cluster
    for each in (few, many):
        meter.logins(each, WARM)
        meter.wrong(each, WARM)
    for web in (bare, startproject):
        bare_request(web)
    costs = Costs([], [], [])
    cluster.forget_statements()
    for place in range(ROUNDS):
        say(f"round {place + 1} of {ROUNDS}")
        pair = (few, many) if place % 2 == 0 else (many, few)  # nobody is always the first
        measured: dict[Site, Cost] = {}
        for each in pair:
            measured[each.site], done = meter.logins(each, LOGINS)
            costs.logins.extend(done)
        costs.statements.extend(cluster.statements(few.site.database))
        wrong = {each.site: meter.wrong(each, LOGINS) for each in pair}
        cluster.forget_statements()
        costs.rounds.append(
            Round(
                argon2=float(house.module("hashing")[-1]),
                bare=bare_request(bare),
                startproject=bare_request(startproject),
                few=measured[few.site],
                many=measured[many.site],
                few_wrong=wrong[few.site],
                many_wrong=wrong[many.site],
            )
        )
    return costs
