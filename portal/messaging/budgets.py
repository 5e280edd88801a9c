"""What text messages may cost on one day: for each country, each range of numbers, and all together.

Whoever makes others pay for texts (numbers of a range, by the thousand) meets these; the caps of an account, a number
and a source are in `outbox`. A day ends at midnight in Hong Kong. One text is one segment: the start refuses more.
Notices are counted among the texts of a country and of the day, and never refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.lib.phone import E164, country_code
from portal.messaging import policy
from portal.messaging.counts import Limit, count
from portal.messaging.models import SendCount

_DAY, _OVER = "day:", "over:"

#: The caps that are not of a day, as they are called where somebody looks.
CAPS = ("account", "number", "source")

#: Writes to those who must know: subject and text.
Alarm = Callable[[str, str], object]


#: What happens when a budget is gone; by whether the budgets are in shadow mode.
_AFTERWARDS = {
    False: "When it is gone, clients who have logged in before still get codes, others are told to come back.",
    True: "No budget refuses a code: they are in shadow mode.",
}


@dataclass(frozen=True, slots=True)
class Used:
    """One budget and what of it is gone today."""

    name: str  # "country:852", "prefix:8529123" or "segments"
    used: int
    most: int
    over: int  # codes that it stood against today: refused, or in shadow mode passed all the same

    @property
    def percent(self) -> int:
        """How much of it is gone."""
        return 100 * self.used // self.most


def limits(to: str, *, account: int, now: datetime) -> dict[str, Limit]:
    """The counters of one code to this number."""
    prefix = {f"{_DAY}prefix:{prefix_of(to)}": Limit(settings.SMS_BUDGETS["prefix"], _midnight_after(now))}
    return _shared(to, account, now) | prefix


def count_notice(to: str, account: int, now: datetime) -> None:
    """One more text that nobody asked for by typing a number: it costs its segment, and is nobody's pumping."""
    count(_shared(to, account, now), now)


def _shared(to: str, account: int, now: datetime) -> dict[str, Limit]:
    """What everybody counts on. A large one is spread over rows by account, so that logins do not wait for each other;
    each row has its share."""
    country = country_of(to)
    shared = {f"country:{country}": country_limit(country), "segments": settings.SMS_BUDGETS["segments"]}
    counters = {}
    for name, most in shared.items():
        shards = policy.BUDGET_SHARDS if most >= policy.BUDGET_SHARDED_FROM else 1
        shard = account % shards
        share = most // shards + (shard < most % shards)  # together no more than all of it
        counters[f"{_DAY}{name}:{shard}"] = Limit(share, _midnight_after(now))
    return counters


def note(name: str, now: datetime) -> None:
    """A cap or a budget stood against a code."""
    count({f"{_OVER}{name}": Limit(0, _midnight_after(now))}, now)


def is_budget(key: str) -> bool:
    """Whether a counter is one of a day's budget."""
    return key.startswith(_DAY)


def name_of(key: str) -> str:
    """What a counter is called where somebody looks: which number or source it was does not matter, which budget
    does."""
    kind, _colon, rest = key.removeprefix(_DAY).partition(":")
    if not is_budget(key) or kind == "segments":
        return kind
    return f"{kind}:{rest.partition(':')[0]}"


def kind_of(key: str) -> str:
    """The same in one word, for the figures."""
    return name_of(key).partition(":")[0]


def country_of(to: str) -> int:
    """The calling code of a number on file, 0 for one of no country."""
    try:
        return country_code(E164(to))
    except ValueError:
        return 0


def prefix_of(to: str) -> str:
    """The range of numbers: calling code and the first digits after it."""
    return to.removeprefix("+")[: len(str(country_of(to))) + policy.BUDGET_PREFIX_DIGITS]


def country_limit(country: int) -> int:
    """Texts a day to one country."""
    limits: Mapping[str, int] = settings.SMS_BUDGETS
    return limits.get(f"country.{country}", limits["country"])


def _midnight_after(now: datetime) -> datetime:
    day = timezone.localtime(now, timezone.get_default_timezone()).date() + timedelta(days=1)
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


# --- Who looks -----------------------------------------------------------------------------------------------


def figures(now: datetime) -> list[Used]:
    """Every country, everything together, and the ranges that got most today."""
    used: dict[str, int] = {f"country:{country}": 0 for country in settings.SMS_COUNTRIES} | {"segments": 0}
    today = SendCount.objects.filter(key__startswith=_DAY, resets_at__gt=now)
    for key, counted in today.exclude(key__startswith=f"{_DAY}prefix:").values_list("key", "used"):
        used[name_of(key)] = used.get(name_of(key), 0) + counted
    ranges = today.filter(key__startswith=f"{_DAY}prefix:").order_by("-used").values_list("key", "used")
    used |= {name_of(key): counted for key, counted in ranges[: policy.BUDGET_PREFIXES_SHOWN]}
    over = _over(now)
    return [Used(name, counted, _most(name), over.get(name, 0)) for name, counted in used.items()]


def caps_reached(now: datetime) -> dict[str, int]:
    """How often each of `CAPS` stood against a code today."""
    over = _over(now)
    return {name: over.get(name, 0) for name in CAPS}


def _over(now: datetime) -> dict[str, int]:
    found = SendCount.objects.filter(key__startswith=_OVER, resets_at__gt=now).values_list("key", "used")
    return {key.removeprefix(_OVER): counted for key, counted in found}


def _most(name: str) -> int:
    kind, _colon, which = name.partition(":")
    return country_limit(int(which)) if kind == "country" else int(settings.SMS_BUDGETS[kind])


def watch(now: datetime, *, alarm: Alarm) -> int:
    """Tell, once a day each, of budgets of which `policy.BUDGET_ALARM_PERCENT` is gone or that stood against a code,
    and of caps that stood against `policy.CAP_ALARM` of them; how many were told."""
    shadow = bool(settings.SMS_BUDGETS_SHADOW)
    told = 0
    for each in figures(now):
        if each.percent >= policy.BUDGET_ALARM_PERCENT or each.over:
            told += _tell(
                each.name,
                f"Text messages: {each.percent} % of the budget of today is gone ({each.name})",
                f"{each.used} of {each.most}. {_AFTERWARDS[shadow]}\n",
                now,
                alarm,
            )
    for name, times in caps_reached(now).items():
        if times >= policy.CAP_ALARM:
            told += _tell(
                f"cap:{name}",
                f"Text messages: the cap of one {name} was reached {times} times today",
                "So many codes were refused; in shadow mode only the cap of one account refuses any.\n",
                now,
                alarm,
            )
    return told


def _tell(name: str, subject: str, text: str, now: datetime, alarm: Alarm) -> bool:
    """Once a day for each name, whoever looks first."""
    with transaction.atomic():
        row, _made = SendCount.objects.select_for_update().get_or_create(
            key=f"alarm:{name}", defaults={"resets_at": now, "used": 0}
        )
        if row.resets_at > now:
            return False
        SendCount.objects.filter(key=row.key).update(resets_at=_midnight_after(now), used=1)
        alarm(subject, text)
    return True
