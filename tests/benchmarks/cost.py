"""What a login costs in CPU time: beside a bare request and a bare hash, with few and with many accounts.

Everything is measured in turns, one round after the other, and compared within each round: whatever else
the machine does hits all sides alike. The bare requests and hashes that a login is compared with take turns with every
single login, for a shared machine changes its pace within a second. The figure is the median of the rounds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

from tests.benchmarks.browser import Browser, HttpWire
from tests.benchmarks.cluster import OWNER, Statement
from tests.benchmarks.house import House
from tests.benchmarks.login import STEPS, Login
from tests.benchmarks.meter import Cost, Meter, Visitors
from tests.benchmarks.phones import shown
from tests.benchmarks.site import HOST, Web

ROUNDS, LOGINS = 6, 40
WARM = 40  # logins and wrong passwords before the first round
BARE_REQUESTS = 50  # after each login, and a check of each kind
_CHECK, _OWN_CHECK = "/check", "/own-check"


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of everything; milliseconds."""

    argon2: float
    own_check: float  # the same hash by the portal's hasher
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


class Yardstick:
    """What a bare request and a bare check of a password cost, in as many turns as there are logins."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._wire = HttpWire(web.port)
        self._browser = Browser(self._wire, HOST, "100.64.0.1")
        self._requests = 0.0
        self._checks = dict.fromkeys((_CHECK, _OWN_CHECK), 0.0)
        self._turns = 0

    def turn(self) -> None:
        """Some bare requests; then one check of each kind, each among as many other requests as a login has."""
        self._requests += self._spent(["/"] * BARE_REQUESTS)
        for check in self._checks:
            self._checks[check] += self._spent(["/", check, "/", "/", "/"])
        self._turns += 1

    def request(self) -> float:
        """CPU milliseconds of one bare request."""
        return self._requests / self._turns / BARE_REQUESTS

    def check(self) -> float:
        """CPU milliseconds of one check by Django's library, without the requests around it."""
        return self._check(_CHECK)

    def own_check(self) -> float:
        """The same of one check by the portal's hasher."""
        return self._check(_OWN_CHECK)

    def close(self) -> None:
        self._wire.close()

    def _check(self, which: str) -> float:
        return self._checks[which] / self._turns - len(STEPS) * self.request()

    def _spent(self, paths: list[str]) -> float:
        before = self._web.cpu()
        for path in paths:
            self._browser.get(path)
        return (self._web.cpu() - before) * 1000


def _warm(web: Web) -> None:
    stick = Yardstick(web)
    for _ in range(WARM):
        stick.turn()
    stick.close()


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
    _warm(bare)
    _warm(startproject)
    costs = Costs([], [], [])
    cluster.forget_statements()
    for place in range(ROUNDS):
        say(f"round {place + 1} of {ROUNDS}")
        pair = (few, many) if place % 2 == 0 else (many, few)  # nobody is always the first
        right: dict[str, Cost] = {}
        stick, other = Yardstick(bare), Yardstick(startproject)
        for each in pair:
            right[each.site.database], done = meter.logins(
                each, LOGINS, beside=stick.turn if each is few else other.turn
            )
            costs.logins.extend(done)
        costs.statements.extend(cluster.statements(few.site.database))
        stick.close()
        other.close()
        tokens, _ = meter.logins(phones, LOGINS, shown)
        wrong = {each.site.database: meter.wrong(each, LOGINS) for each in pair}
        cluster.forget_statements()
        costs.rounds.append(
            Round(
                argon2=stick.check(),
                own_check=stick.own_check(),
                bare=stick.request(),
                startproject=other.request(),
                few=right[few.site.database],
                many=right[many.site.database],
                few_wrong=wrong[few.site.database],
                many_wrong=wrong[many.site.database],
                token=tokens,
            )
        )
    return costs
