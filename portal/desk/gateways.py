"""Text messages on the desk: what waits, routes, the last hour of each gateway, what is gone of the budgets of today.

And how many accounts were frozen in each hour: where codes do not arrive, or somebody guesses them, it shows here.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.desk.guards import door, page, staff_with
from portal.messaging import budgets, health, policy, relay, routing
from portal.messaging.health import Figures

#: Everybody on the desk is asked why no text message came.
SEES = "accounts.view_customer"

HOURS = 24  # of freezes
FREEZES_COUNTED = 10_000  # the newest: a freeze of a whole list must not slow the page

#: Why a gateway was left, as `health` says it.
_REASONS: dict[str, str | Promise] = {
    "failing": gettext_lazy("failing"),
    "slow": gettext_lazy("slow"),
    "refusing": gettext_lazy("refusing"),
    "not delivering": gettext_lazy("not delivering"),
}


#: The caps, as `budgets` calls them.
_CAPS: dict[str, str | Promise] = {
    "account": gettext_lazy("one account"),
    "number": gettext_lazy("one number"),
    "source": gettext_lazy("one network address"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One gateway: whether it has its usual traffic, and its last hour."""

    name: str
    figures: Figures
    percent: int
    reason: str

    @property
    def away(self) -> bool:
        """Whether others are preferred at the moment."""
        return self.percent < 100


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of the page."""
    return [door(site, "gateways/", show, "desk_gateways")]


def show(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The routes, and a line for each gateway that is on one."""
    staff_with(request, SEES)
    routes = routing.routes()
    now = timezone.now()
    facts = {
        "title": _("Text messages"),
        "routes": [(f"+{country}", route) for country, route in routes.items()],
        "budgets": sorted(budgets.figures(now), key=lambda each: each.name.startswith("prefix:")),
        "caps": [(str(_CAPS[name]), times) for name, times in budgets.caps_reached(now).items()],
        "shadow": settings.SMS_BUDGETS_SHADOW,
        "alarm": policy.BUDGET_ALARM_PERCENT,
        "queues": _queues(now),
        "counted": policy.WAITING_COUNTED,
        "freezes": _freezes(now),
        "ways": [_way(name, health.figures(name, now)) for name in routing.used()],
    }
    return page(site, request, "gateways", facts)


def _way(name: str, figures: Figures) -> Way:
    return Way(name, figures, round(figures.share * 100), str(_REASONS.get(figures.reason, figures.reason)))


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to leave, and for how many seconds the oldest has."""

    label: str
    length: int
    age: int


def _queues(now: datetime) -> list[Queue]:
    found = [(_("Codes"), relay.waiting(codes=True)), (_("Notices"), relay.waiting(codes=False))]
    return [
        Queue(label, waiting.length, max(0, int((now - (waiting.since or now)).total_seconds())))
        for label, waiting in found
    ]


def _freezes(now: datetime) -> list[tuple[datetime, int]]:
    """Each hour's beginning and how many accounts were frozen in it, the present hour first."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    frozen = AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN, at__gte=first).order_by("-at")
    in_hour = Counter(
        (at - first) // timedelta(hours=1) for at in frozen.values_list("at", flat=True)[:FREEZES_COUNTED]
    )
    return [(first + timedelta(hours=nth), in_hour[nth]) for nth in reversed(range(HOURS))]
