"""What a login costs in CPU time: beside a bare request and a bare hash, with few and with many accounts.

Everything is measured in turns, one round after the other, and compared within each round: whatever else
the machine does hits all sides alike. The figure is the median of the rounds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from tests.benchmarks.browser import Browser, HttpWire
from tests.benchmarks.cluster import OWNER, Statement
from tests.benchmarks.house import House
from tests.benchmarks.login import Login
from tests.benchmarks.meter import Cost, Meter, Visitors
from tests.benchmarks.phones import shown
from tests.benchmarks.site import HOST, Web

ROUNDS, LOGINS, BARE_REQUESTS, HASHES = 4, 40, 2000, 60
WARM = 20  # logins and wrong passwords before the first round


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
    token: Cost


@dataclass
class Costs:
    """All rounds, with what was seen on the way."""

    rounds: list[Round]
    logins: list[Login]
    statements: list[Statement]

    def median(self, value: Callable[[Round], float]) -> float:
        return median(map(value, self.rounds))

    def steps(self) -> list[float]:
        """The web's part of each request of a login."""
        return [median(each) for each in zip(*(turn.few.steps for turn in self.rounds), strict=True)]


def bare_request(web: Web) -> float:
    """CPU milliseconds of one request, of many over one connection."""
    return _bare(web, ["/"] * BARE_REQUESTS) / BARE_REQUESTS


def bare_hash(web: Web, request: float) -> float:
    """CPU milliseconds of one check of a password, among as many other requests as a login has."""
    paths = ["/", "/check", "/", "/", "/"] * HASHES
    return _bare(web, paths) / HASHES - len(paths) / HASHES * request


def _bare(web: Web, paths: Sequence[str]) -> float:
    wire = HttpWire(web.port)
    browser = Browser(wire, HOST, "100.64.0.1")
    before = web.cpu()
    for path in paths:
        browser.get(path)
    spent = web.cpu() - before
    wire.close()
    return spent * 1000


def _with_phones(house: House, few: Visitors) -> Visitors:
    """So many of the clients that have not come yet, who from now on log in by the mobile security code."""
    clients = list(islice(few.clients, WARM + ROUNDS * LOGINS))
    url = house.cluster.url(few.site.database, OWNER)
    house.module("phones", *(each.number for each in clients), DATABASE_URL=url, REDIS_URL="unix:///nowhere")
    return Visitors(few.site, iter(clients))


def measure(
    house: House, few: Visitors, many: Visitors, bare: Web, startproject: Web, proofs: Iterator[str],
    say: Callable[[str], None],
) -> Costs:  # fmt: skip
    """Warm everything, then all rounds."""
    meter, cluster = Meter(house, proofs), house.cluster
    phones = _with_phones(house, few)
    for each in (few, many):
        meter.logins(each, WARM)
        meter.wrong(each, WARM)
    meter.logins(phones, WARM, shown)
    for web in (bare, startproject):
        bare_request(web)
    costs = Costs([], [], [])
    cluster.forget_statements()
    for place in range(ROUNDS):
        say(f"round {place + 1} of {ROUNDS}")
        pair = (few, many) if place % 2 == 0 else (many, few)  # nobody is always the first
        right: dict[str, Cost] = {}
        for each in pair:
            right[each.site.database], done = meter.logins(each, LOGINS)
            costs.logins.extend(done)
        costs.statements.extend(cluster.statements(few.site.database))
        tokens, _ = meter.logins(phones, LOGINS, shown)
        wrong = {each.site.database: meter.wrong(each, LOGINS) for each in pair}
        cluster.forget_statements()
        request = bare_request(bare)
        costs.rounds.append(
            Round(
                argon2=bare_hash(bare, request),
                bare=request,
                startproject=bare_request(startproject),
                few=right[few.site.database],
                many=right[many.site.database],
                few_wrong=wrong[few.site.database],
                many_wrong=wrong[many.site.database],
                token=tokens,
            )
        )
    return costs
