"""The first step of a login: system verification spent, waits looked at, password proven.

The order is fixed and every step costs the same for any number, whether the account exists or not:
the try is written down first (which spends the verification, and counts the try as a failure until
something better is known), then the waits are looked up, then one password hash is computed.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection

from accounts import policy
from accounts.models import Customer, Result, SignIn
from portal.lib import crypto
from portal.lib.prepared import PreparedInsert, PreparedSql
from portal.metrics import LOGINS


@dataclass(frozen=True, slots=True)
class Browser:
    """The device cookie that came with a request: which browser it says it is, and the token that proves it."""

    device: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Try:
    """The facts of one try to get in."""

    number: str
    verification: str
    address: str
    user_agent: str
    browser: Browser | None = None
    platform: str = "web"
    language: str = ""


class Verdict(Enum):
    """What the first step found."""

    SPENT = auto()  # the verification was used before
    SLOWED = auto()
    WRONG = auto()
    RIGHT = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, with the row of the try and whatever the page needs."""

    verdict: Verdict
    sign_in: SignIn | None = None
    customer: Customer | None = None
    retry_at: datetime | None = None
    all_frozen: bool = False


def prove_password(facts: Try, password: str, *, now: datetime) -> Answer:
    """Judge one try. Every outcome is on record when this returns."""
    sign_in = write_down(facts, now=now)
    if sign_in is None:
        return Answer(Verdict.SPENT)
    found = _look_up(sign_in)
    customer = found.customer
    sign_in.known_browser = found.known_browser
    retry_at = None if sign_in.known_browser else found.lanes.retry_at(now)
    if retry_at:
        return _close(sign_in, customer, Result.SLOWED, Answer(Verdict.SLOWED, retry_at=retry_at))
    if not password_matches(customer, password):
        return _close(sign_in, customer, Result.WRONG_PASSWORD, Answer(Verdict.WRONG))
    return Answer(Verdict.RIGHT, sign_in=sign_in, customer=customer, all_frozen=found.all_frozen)


def password_matches(customer: Customer | None, password: str) -> bool:
    """Whether it is the account's password. Without an account, or without a usable password, a hash is computed
    all the same. A hash of an older kind is replaced by one of today's on the way."""
    if customer is None or not customer.has_usable_password():
        check_password(password, _nobodys_hash())
        return False

    def upgrade(right: str) -> None:
        fresh = make_password(right)
        if Customer.objects.filter(pk=customer.pk, password=stale).update(password=fresh):
            customer.password = fresh
        else:
            customer.refresh_from_db(fields=["password"])  # another login was faster, or the password changed

    stale = customer.password
    if not check_password(password, stale, setter=upgrade):
        return False
    return customer.password == stale or check_password(password, customer.password)


@cache
def _nobodys_hash() -> str:
    """What an unknown number's password is compared with: made once per process, known to nobody."""
    return make_password(secrets.token_hex())


_NEW = PreparedInsert(SignIn)


def write_down(facts: Try, *, now: datetime, result: Result = Result.STARTED) -> SignIn | None:
    """The row of the try, or None if its verification was spent by another. One statement, in force at once."""
    return _NEW.insert_unless_there(
        SignIn(
            at=now,
            number=facts.number,
            verification=facts.verification,
            result=result,
            address=facts.address,
            user_agent=facts.user_agent[:200],
            platform=facts.platform,
            language=facts.language,
            device=facts.browser.device if facts.browser else None,
            browser_seen=crypto.token_digest(facts.browser.token) if facts.browser else "",
        )
    )


@dataclass(frozen=True, slots=True)
class _Lanes:
    """The failures of the last half hour that bear on one try."""

    source_failures: int
    source_last: datetime | None
    number_failures: int
    pair_last: datetime | None  # the latest failure of this source on this number
    pair_waiting: datetime | None  # since when this source has been told to wait for this number

    def retry_at(self, now: datetime) -> datetime | None:
        """When this try may be made, or None for now.

        A source waits after its own latest failure. A number that many fail on makes each source wait for
        itself, counted from when that source first came: so however hard others press, whoever comes back
        when told to is let in.
        """
        times = []
        source_wait = policy.wait_after(self.source_failures, policy.FREE_FAILURES_PER_SOURCE)
        if source_wait and self.source_last:
            times.append(self.source_last + source_wait)
        number_wait = policy.wait_after(self.number_failures, policy.FREE_FAILURES_PER_NUMBER)
        if number_wait:
            times.append((self.pair_last or self.pair_waiting or now) + number_wait)
        latest = max(times, default=now)
        return latest if latest > now else None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one try is judged by."""

    lanes: _Lanes
    customer: Customer | None  # the account of the number, if there is one, so far known by key and password alone
    known_browser: bool = False
    all_frozen: bool = False


#: The tries of a source or on a number that count, and the account of the number, if there is one: always one row,
#: found by the same statement whether the account exists or not.
#:
#: A browser is known if the account's own last login with its device cookie gave that cookie out, not too long ago; if
#: it was not handed in since, survived no freeze or password change, and was not guessed with.
_LOOK_UP = PreparedSql("""
    SELECT lanes.*, account.id, account.password, account.known_browser, account.all_frozen
      FROM (SELECT COUNT(CASE WHEN source AND failed THEN 1 END), MAX(CASE WHEN source AND failed THEN at END),
                   COUNT(CASE WHEN target AND failed THEN 1 END),
                   MAX(CASE WHEN source AND target AND failed THEN at END),
                   MIN(CASE WHEN source AND target AND NOT failed THEN at END)
              FROM (SELECT at, address = %(source)s AS source, number = %(number)s AS target,
                           result <> %(slowed)s AS failed
                      FROM accounts_signin
                     WHERE (address = %(source)s OR number = %(number)s) AND at > %(window)s AND id <> %(this)s
                       AND result IN (%(started)s, %(wrong)s, %(slowed)s)) tries) lanes
      LEFT JOIN
           (SELECT id, password,
                   EXISTS (SELECT 1 FROM accounts_emergency WHERE ended_at IS NULL) AS all_frozen,
                   %(browser)s <> ''
                   AND EXISTS (SELECT 1 FROM accounts_signin
                                WHERE customer_id = customer.id AND epoch = customer.security_epoch
                                  AND browser_digest = %(browser)s AND browser_digest <> ''
                                  AND result = %(success)s AND at > %(browser_window)s)
                   AND NOT EXISTS (SELECT 1 FROM accounts_signin
                                    WHERE browser_seen = %(browser)s AND browser_seen <> '' AND result = %(success)s)
                   AND (SELECT COUNT(*) FROM accounts_signin
                         WHERE browser_seen = %(browser)s AND browser_seen <> ''
                           AND result IN (%(started)s, %(wrong)s)) <= %(guesses)s AS known_browser
              FROM accounts_customer customer
             WHERE login = %(number)s AND is_staff = %(staff)s AND is_active) account
        ON TRUE
""")


def _look_up(sign_in: SignIn) -> _Facts:
    """Count what others did, this try left out, and find the account. Rows are written before they are counted: of many
    tries at once each sees those written before it, so no more of them pass than if they had come one by one."""
    adapt = connection.ops.adapt_datetimefield_value
    values: dict[str, Any] = {
        "source": sign_in.address,
        "number": sign_in.number,
        "this": sign_in.pk,
        "staff": sign_in.platform == "staff",
        "browser": sign_in.browser_seen,
        "window": adapt(sign_in.at - policy.FAILURE_WINDOW),
        "browser_window": adapt(sign_in.at - policy.BROWSER_LIFETIME),
        "guesses": policy.BROWSER_WRONG_PASSWORDS,
        "started": Result.STARTED.value,
        "wrong": Result.WRONG_PASSWORD.value,
        "slowed": Result.SLOWED.value,
        "success": Result.SUCCESS.value,
    }
    (found,) = _LOOK_UP.run(values).fetchall()
    source_failures, source_last, number_failures, pair_last, pair_waiting, *account = found
    lanes = _Lanes(source_failures, _moment(source_last), number_failures, _moment(pair_last), _moment(pair_waiting))
    pk, password, known_browser, all_frozen = account
    if pk is None:
        return _Facts(lanes, None)
    customer = Customer.from_db(connection.alias, ["id", "password"], [pk, password])
    return _Facts(lanes, customer, bool(known_browser), bool(all_frozen))


def account_of(sign_in: SignIn) -> tuple[Customer | None, bool]:
    """The account of the number that was tried, known by its key, and whether it knows the browser. One statement,
    the same for every number."""
    found = _look_up(sign_in)
    return found.customer, found.known_browser


def _moment(value: datetime | str | None) -> datetime | None:
    """A moment as a bare cursor gives it: SQLite has no type for it and answers with text, in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def _close(sign_in: SignIn, customer: Customer | None, result: Result, answer: Answer) -> Answer:
    record(sign_in, customer, result)
    return answer


def record(sign_in: SignIn, customer: Customer | None, result: Result) -> None:
    """Write down what became of a try that ends here."""
    sign_in.customer = customer
    sign_in.result = result
    sign_in.save(update_fields=["customer", "result", "known_browser"])
    LOGINS.labels(sign_in.platform, result.value).inc()


def spoil(facts: Try, *, now: datetime) -> None:
    """Spend a picture that was answered wrongly, so that nobody guesses at it twice."""
    sign_in = write_down(facts, now=now)
    if sign_in:
        record(sign_in, None, Result.NO_VERIFICATION)
