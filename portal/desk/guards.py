"""What every page of the desk begins and ends with: who asks, and the frame around the answer."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.models import Customer
from accounts.services import clients
from accounts.services.staff import NotAllowedError


def staff_with(request: HttpRequest, *permissions: str) -> Customer:
    """The member of staff who asks, who has one of these rights. Raises `PermissionDenied`."""
    if not isinstance(request.user, Customer) or not any(map(request.user.has_perm, permissions)):
        raise PermissionDenied
    return request.user


def client_for(pk: int, staff: Customer, page: str) -> Customer:
    """The client whom a page is about; that it was opened is written down. Raises `Http404`, `PermissionDenied`."""
    try:
        client = clients.view(pk, staff=staff, page=page)
    except NotAllowedError as problem:
        raise PermissionDenied(str(problem)) from problem
    if client is None:
        raise Http404
    return client


def page(site: AdminSite, request: HttpRequest, name: str, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page in the frame of the desk."""
    request.current_app = site.name
    context = {**site.each_context(request), **facts}
    return TemplateResponse(request, f"admin/desk/{name}.html", context, status=status)


def door(site: AdminSite, route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """An address of the desk: behind both factors, and handed the site as its first argument."""

    def inside(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        return view(site, request, **arguments)

    return path(route, site.admin_view(inside), name=name)
