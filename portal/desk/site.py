from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from two_factor.admin import AdminSiteOTPRequiredMixin

from portal.desk import (
    amending,
    audit,
    client,
    colleagues,
    emergency,
    finding,
    freezing,
    gateways,
    holds,
    letter_runs,
    letters,
    proposing,
    queue,
    resetting,
    story,
    surveillance,
    timeline,
    verification,
)
from portal.desk.menu import menu
from portal.desk.views import StaffPasswordChangeView

#: Apps whose models may have a page. What the packages register by themselves stays out: an editor of groups
#: or of one-time-password devices would be a door around our services and the audit trail.
_OURS = frozenset({"accounts", "twofactor", "messaging", "audit", "portal"})

#: Every module with pages of the desk; their addresses come before those of the admin.
_ROOMS = (
    finding,
    client,
    timeline,
    story,
    freezing,
    emergency,
    holds,
    resetting,
    amending,
    proposing,
    queue,
    letters,
    letter_runs,
    surveillance,
    audit,
    verification,
    colleagues,
    gateways,
)


class DeskSite(AdminSiteOTPRequiredMixin, AdminSite):
    """The admin: no page of it opens without both factors."""

    site_header = _("Staff desk")
    site_title = _("Staff desk")
    index_title = _("Customer service")
    site_url = None  # the client's pages are another door
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: "type[ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        ours = [model for model in models if model._meta.app_label in _OURS]
        super().register(ours, admin_class, **options)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """A page for staff, and nothing but the page that changes it for those who owe us a new password."""

        @wraps(view)
        def after_change(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            forced = getattr(request.user, "must_change_password", False)
            if forced and request.path not in {reverse("admin:password_change"), reverse("admin:logout")}:
                return redirect("admin:password_change")
            answer: HttpResponseBase = view(request, *args, **kwargs)
            return answer

        return super().admin_view(after_change, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        inside = context["has_permission"] and not getattr(request.user, "must_change_password", False)
        return {**context, "menu": menu(request) if inside else []}

    def get_urls(self) -> list[Any]:
        ours = [url for room in _ROOMS for url in room.urls(self)]
        return [*ours, *super().get_urls()]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {**self.each_context(request), **(extra_context or {})}
        return StaffPasswordChangeView.as_view(extra_context=context)(request)
