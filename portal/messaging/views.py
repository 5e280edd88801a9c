"""The door for delivery receipts."""

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.lib.masking import mask_address
from portal.lib.source import request_address
from portal.messaging import policy, receipts, routing
from portal.messaging.gateways.base import Forged, ReceiptRequest
from portal.metrics import RECEIPTS

log = structlog.get_logger(__name__)


@csrf_exempt  # a carrier has no cookie; each gateway checks who speaks
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, gateway: str, secret: str = "") -> HttpResponse:
    """Take receipts: 204 when they were believed, moved or not; 403 when not; 400 when they cannot be read.

    The gateway itself looks for the secret part of the path, if it has one.
    """
    if gateway not in routing.GATEWAYS:
        raise Http404
    asked = ReceiptRequest(
        method=request.method or "",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        headers=request.headers,
        body=request.body,
        address=request_address(request),
    )
    if len(asked.body) > policy.RECEIPT_SIZE or len(asked.query) > policy.RECEIPT_SIZE:
        return HttpResponse(status=413)
    try:
        for found in routing.GATEWAYS[gateway].receipts(asked):
            receipts.take(gateway, found)
    except Forged as forged:
        # Without the path and the address in full: the one may hold a secret, the other is somebody's.
        log.warning("receipt.forged", gateway=gateway, reason=str(forged), address=mask_address(asked.address))
        RECEIPTS.labels(gateway, "unknown", "forged").inc()
        return HttpResponse(status=403)
    except ValueError:
        RECEIPTS.labels(gateway, "unknown", "unreadable").inc()
        return HttpResponse(status=400)
    return HttpResponse(status=204)
