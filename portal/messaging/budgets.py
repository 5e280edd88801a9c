"""What text messages may cost on one day: for each country, each range of numbers, and all together.

Whoever makes others pay for texts (numbers of a range, by the thousand) meets these; the caps of an account, a number
and a source are in `outbox`. A day ends at midnight in Hong Kong. One code is one segment: the start refuses more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.lib.phone import E164, country_code
from portal.messaging import policy
from portal.messaging.models import SendCount

_DAY = "day:"

#: Writes to those who must know: subject and text.
Alarm = Callable[[str, str], object]


#: What happens when a budget is gone; by whether the budgets are in shadow mode.
_AFTERWARDS = {
    False: "When it is gone, clients who have logged in before still get codes, others are told to come back.",
    True: "Nothing is refused: the budgets are in shadow mode.",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be counted until a time, after which it begins anew."""

    most: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """One budget and what of it is gone today."""

    name: str  # "country:852", "prefix:8529123" or "segments"
    used: int
    most: int

    @property
    def percent(self) -> int:
        """How much of it is gone."""
        return 100 * self.used // self.most


def limits(to: str, *, account: int, now: datetime) -> dict[str, Limit]:
    """The counters of one code to this number.

    What everybody counts on is spread over `policy.BUDGET_SHARDS` rows by account, so that logins do not wait for each
    other; each row has its share of the budget.
    """
    resets_at = _midnight_after(now)
    country, prefix = country_of(to), prefix_of(to)
    shard = account % policy.BUDGET_SHARDS
    shared = {f"country:{country}": country_limit(country), "segments": settings.SMS_BUDGETS["segments"]}
    counters = {f"{_DAY}{name}:{shard}": _share(most, shard) for name, most in shared.items()}
    counters[f"{_DAY}prefix:{prefix}"] = settings.SMS_BUDGETS["prefix"]
    return {key: Limit(most, resets_at) for key, most in counters.items()}


def is_budget(key: str) -> bool:
    """Whether a counter is one of a day's budget."""
    return key.startswith(_DAY)


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


def _share(most: int, shard: int) -> int:
    """So much of a budget has one of its rows: together they have no more than all of it."""
    return most // policy.BUDGET_SHARDS + (shard < most % policy.BUDGET_SHARDS)


def _midnight_after(now: datetime) -> datetime:
    day = timezone.localtime(now, timezone.get_default_timezone()).date() + timedelta(days=1)
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


# --- Who looks -----------------------------------------------------------------------------------------------


def figures(now: datetime) -> list[Used]:
    """Every country, everything together, and the ranges that got most today."""
    used: dict[str, int] = {f"country:{country}": 0 for country in settings.SMS_COUNTRIES} | {"segments": 0}
    today = SendCount.objects.filter(key__startswith=_DAY, resets_at__gt=now)
    for key, count in today.exclude(key__startswith=f"{_DAY}prefix:").values_list("key", "used"):
        name = key.removeprefix(_DAY).rpartition(":")[0]
        used[name] = used.get(name, 0) + count
    ranges = today.filter(key__startswith=f"{_DAY}prefix:").order_by("-used").values_list("key", "used")
    used |= {key.removeprefix(_DAY): count for key, count in ranges[: policy.BUDGET_PREFIXES_SHOWN]}
    return [Used(name, count, _most(name)) for name, count in used.items()]


def _most(name: str) -> int:
    kind, _colon, which = name.partition(":")
    return country_limit(int(which)) if kind == "country" else int(settings.SMS_BUDGETS[kind])


def watch(now: datetime, *, alarm: Alarm) -> int:
    """Tell, once a day each, of budgets of which `policy.BUDGET_ALARM_PERCENT` is gone; how many were told."""
    told = 0
    for each in figures(now):
        if each.percent < policy.BUDGET_ALARM_PERCENT:
            continue
        with transaction.atomic():
            row, _made = SendCount.objects.select_for_update().get_or_create(
                key=f"alarm:{each.name}", defaults={"resets_at": now, "used": 0}
            )
            if row.resets_at > now:
                continue
            SendCount.objects.filter(key=row.key).update(resets_at=_midnight_after(now), used=1)
            alarm(
                f"Text messages: {each.percent} % of the budget of today is gone ({each.name})",
                f"{each.used} of {each.most}. {_AFTERWARDS[bool(settings.SMS_BUDGETS_SHADOW)]}\n",
            )
        told += 1
    return told
