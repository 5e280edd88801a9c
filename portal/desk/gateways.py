"""Text messages on the desk: routes, the last hour of each gateway, and what is gone of the budgets of today."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.desk.guards import door, page, staff_with
from portal.messaging import budgets, health, policy, routing
from portal.messaging.health import Figures

#: Everybody on the desk is asked why no text message came.
SEES = "accounts.view_customer"

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
        "ways": [_way(name, health.figures(name, now)) for name in routing.used()],
    }
    return page(site, request, "gateways", facts)


def _way(name: str, figures: Figures) -> Way:
    return Way(name, figures, round(figures.share * 100), str(_REASONS.get(figures.reason, figures.reason)))
