"""The generic HTTP gateway: JSON over HTTPS with a bearer token, receipts signed with HMAC-SHA-256.

Request: POST {"reference", "to", "from", "text", "validity"}. 2xx with {"id"} means accepted; 400, 410, 413 and 422
refuse the message for good; anything else (a wrong token, too many requests, a fault) may pass. A receipt is a POST of
{"reference", "id", "status"} with the headers X-Timestamp (seconds) and X-Signature (hex HMAC of `timestamp.body`).
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from functools import cache

import httpx
from django.conf import settings

from portal import brand
from portal.messaging import policy
from portal.messaging.gateways.base import Envelope, Forged, Receipt, Refused, Unavailable, within

#: Answers about this message; any other that is no success is about us or the carrier, and may pass.
_ABOUT_THE_MESSAGE = frozenset({400, 410, 413, 422})


@cache
def client() -> httpx.Client:
    """One client per process: it keeps connections open, and threads may share it."""
    return httpx.Client(limits=httpx.Limits(max_connections=64, max_keepalive_connections=16))


def _post(envelope: Envelope, timeout: float) -> httpx.Response:
    return client().post(
        settings.SMS_HTTP_URL,
        headers={"Authorization": f"Bearer {settings.SMS_HTTP_TOKEN}"},
        json={
            "reference": envelope.reference,
            "to": envelope.to,
            "from": brand.current().sms_sender,
            "text": envelope.text,
            "validity": envelope.validity,
        },
        timeout=timeout,
    )


class HttpGateway:
    """Any carrier that takes the request described above."""

    name = "http"

    def send(self, envelope: Envelope, timeout: float) -> str:
        try:
            answer = within(timeout, lambda: _post(envelope, timeout))
        except httpx.HTTPError as error:
            raise Unavailable(type(error).__name__) from None
        if answer.status_code in _ABOUT_THE_MESSAGE:
            raise Refused(f"HTTP {answer.status_code}")
        if not answer.is_success:
            raise Unavailable(f"HTTP {answer.status_code}")
        try:
            return str(answer.json()["id"])[:80]
        except (ValueError, KeyError, TypeError):
            # Accepted, said the status; without an id the receipt is still matched by our own reference.
            return ""

    def receipt(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        stamp = headers.get("X-Timestamp", "")
        expected = hmac.digest(settings.SMS_RECEIPT_SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hex()
        if not settings.SMS_RECEIPT_SECRET or not hmac.compare_digest(
            expected.encode(), headers.get("X-Signature", "").encode()
        ):
            raise Forged("signature")
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > policy.RECEIPT_AGE.total_seconds():
            raise Forged("too old")
        content = json.loads(body)
        if not isinstance(content, dict) or content.get("status") not in ("delivered", "failed"):
            raise ValueError("not a receipt")
        return Receipt(
            reference=str(content.get("reference", "")),
            gateway_reference=str(content.get("id", ""))[:80],
            delivered=content["status"] == "delivered",
        )
