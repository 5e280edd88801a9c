"""The door for delivery receipts."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.messaging import receipts, routing
from portal.messaging.gateways.base import Forged


@csrf_exempt  # a carrier has no cookie; each gateway checks who speaks
@require_POST
def receipt(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take one receipt: 204 when it was believed, moved or not; 403 when not; 400 when it cannot be read."""
    if gateway not in routing.GATEWAYS:
        raise Http404
    try:
        receipts.take(gateway, routing.GATEWAYS[gateway].receipt(request.headers, request.body))
    except Forged:
        return HttpResponse(status=403)
    except ValueError:
        return HttpResponse(status=400)
    return HttpResponse(status=204)
