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
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, Count, Exists, OuterRef, Value
from django.db.models.expressions import Combinable, RawSQL

from accounts import policy
from accounts.models import Customer, Result, SignIn
from accounts.models.sign_in import FAILURES, SLOWING
from portal.lib import crypto
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
    sign_in = _write_down(facts, now)
    if sign_in is None:
        return Answer(Verdict.SPENT)
    lanes = _lanes(sign_in)
    account = _find(facts, sign_in)
    customer = account.customer
    sign_in.known_browser = account.known_browser
    retry_at = None if sign_in.known_browser else lanes.retry_at(now)
    if retry_at:
        return _close(sign_in, customer, Result.SLOWED, Answer(Verdict.SLOWED, retry_at=retry_at))
    if not password_matches(customer, password):
        return _close(sign_in, customer, Result.WRONG_PASSWORD, Answer(Verdict.WRONG))
    return Answer(Verdict.RIGHT, sign_in=sign_in, customer=customer, all_frozen=account.all_frozen)


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


def _write_down(facts: Try, now: datetime) -> SignIn | None:
    """The row of the try, or None if its verification was spent by another."""
    try:
        with transaction.atomic():
            return SignIn.objects.create(
                at=now,
                number=facts.number,
                verification=facts.verification,
                address=facts.address,
                user_agent=facts.user_agent[:200],
                platform=facts.platform,
                language=facts.language,
                device=facts.browser.device if facts.browser else None,
                browser_seen=crypto.token_digest(facts.browser.token) if facts.browser else "",
            )
    except IntegrityError:
        return None


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


#: The tries of a source or on a number that count, and what `_Lanes` is made of. As text, because it is asked at every
#: login and composing it anew costs ten times what the database takes to answer.
_LANES = """
    SELECT COUNT(CASE WHEN source AND failed THEN 1 END), MAX(CASE WHEN source AND failed THEN at END),
           COUNT(CASE WHEN target AND failed THEN 1 END), MAX(CASE WHEN source AND target AND failed THEN at END),
           MIN(CASE WHEN source AND target AND NOT failed THEN at END)
      FROM (SELECT at, address = %s AS source, number = %s AS target, result <> %s AS failed
              FROM accounts_signin
             WHERE (address = %s OR number = %s) AND result IN (%s, %s, %s) AND at > %s AND id <> %s) tries
"""


def _lanes(sign_in: SignIn) -> _Lanes:
    """Count what others did, this try left out. Rows are written before they are counted: of many tries at once
    each sees those written before it, so no more of them pass than if they had come one by one."""
    since = connection.ops.adapt_datetimefield_value(sign_in.at - policy.FAILURE_WINDOW)
    source, target = sign_in.address, sign_in.number
    parameters = [source, target, Result.SLOWED.value, source, target, *SLOWING, since, sign_in.pk]
    with connection.cursor() as cursor:
        cursor.execute(_LANES, parameters)
        source_failures, source_last, number_failures, pair_last, pair_waiting = cursor.fetchone()
    return _Lanes(source_failures, _moment(source_last), number_failures, _moment(pair_last), _moment(pair_waiting))


def _moment(value: datetime | str | None) -> datetime | None:
    """A moment as a bare cursor gives it: SQLite has no type for it and answers with text, in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class _Account:
    """The account of a number, if there is one, with what the login has to know beside it."""

    customer: Customer | None = None
    known_browser: bool = False
    all_frozen: bool = False


_ALL_FROZEN = RawSQL(
    "EXISTS (SELECT 1 FROM accounts_emergency WHERE ended_at IS NULL)", [], output_field=BooleanField()
)


def _find(facts: Try, sign_in: SignIn) -> _Account:
    """The account of this number on this platform."""
    accounts = Customer.objects.annotate(
        known_browser=known_browser(sign_in.browser_seen, sign_in.at), all_frozen=_ALL_FROZEN
    )
    try:
        found = accounts.get(login=facts.number, is_staff=facts.platform == "staff", is_active=True)
    except Customer.DoesNotExist:
        return _Account()
    return _Account(found, found.known_browser, found.all_frozen)


def known_browser(digest: str, now: datetime) -> Combinable | Value:
    """An expression over customers: this device cookie was given out by the account's own last login with it,
    is not too old, was not handed in since, survived no freeze or password change, and was not guessed with."""
    if not digest:
        return Value(False)
    given = SignIn.objects.filter(
        customer=OuterRef("pk"),
        epoch=OuterRef("security_epoch"),
        browser_digest=digest,
        result=Result.SUCCESS,
        at__gt=now - policy.BROWSER_LIFETIME,
    )
    handed_in = SignIn.objects.filter(browser_seen=digest, result=Result.SUCCESS)
    guessed = (
        SignIn.objects.filter(browser_seen=digest, result__in=FAILURES)
        .values("browser_seen")
        .annotate(count=Count("pk"))
        .filter(count__gt=policy.BROWSER_WRONG_PASSWORDS)
    )
    return Exists(given) & ~Exists(handed_in) & ~Exists(guessed)


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
    sign_in = _write_down(facts, now)
    if sign_in:
        record(sign_in, None, Result.NO_VERIFICATION)
