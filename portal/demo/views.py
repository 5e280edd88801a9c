"""The demo handset: every SMS and e-mail that the demo carrier took, newest first. Only in demo mode."""

from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.demo.handset import FILE_NAME, Arrival, arrivals


@require_safe
def handset(request: HttpRequest) -> HttpResponse:
    """The page; it reloads itself, so that a code is there when one looks up."""
    shown = [(arrival, datetime.fromisoformat(arrival.received_at)) for arrival in _newest()]
    return render(request, "demo/handset.html", {"arrivals": shown})


@require_safe
def handset_json(request: HttpRequest) -> HttpResponse:
    """The same for a script."""
    return JsonResponse([asdict(arrival) for arrival in _newest()], safe=False)


def _newest() -> list[Arrival]:
    return arrivals(settings.DATA_DIR / FILE_NAME)
