"""The generic HTTP gateway: requests by templates and answers by rules, both from the settings.

Without templates the request is POST {"reference", "to", "from", "text", "validity"} in JSON with a bearer token; 2xx
with {"id"} means accepted; 400, 410, 413 and 422 refuse the message for good; anything else (a wrong token, too many
requests, a fault, an answer that is not understood) may pass. A receipt is a POST of {"reference", "id", "status"} with
the headers X-Timestamp (seconds) and X-Signature (hex HMAC-SHA-256 of `timestamp.body`); a status is sent, delivered,
delayed or failed.
"""

import hashlib
import hmac
import json
import time

from django.conf import settings

from portal import brand
from portal.lib import templated
from portal.lib.carriers import HttpCarrier
from portal.messaging import policy
from portal.messaging.gateways.base import (
    Envelope,
    Fate,
    Forged,
    Receipt,
    ReceiptRequest,
    Refused,
    Unavailable,
    own_reference,
)
from portal.messaging.gateways.calls import call

_STATES: dict[str, Fate] = {"sent": "sent", "delivered": "delivered", "delayed": "delayed", "failed": "failed"}


class HttpGateway:
    """A carrier that the settings describe under this name."""

    def __init__(self, name: str = "http") -> None:
        self.name = name

    @property
    def _carrier(self) -> HttpCarrier:
        return settings.SMS_HTTP[self.name]

    def send(self, envelope: Envelope, timeout: float) -> str:
        carrier = self._carrier
        if missing := carrier.missing():
            raise Unavailable(missing)
        values = {
            "reference": envelope.reference,
            "to": envelope.to,
            "to_digits": envelope.to.removeprefix("+"),
            "sender": brand.current().sms_sender,
            "text": envelope.text,
            "validity": str(envelope.validity),
            "user": carrier.user,
            "token": carrier.token,
        }
        body = carrier.body.fill(values)
        answer = call(
            carrier.method,
            carrier.url,
            timeout,
            headers=carrier.headers.fill(values),
            **({"data": body} if carrier.body.form else {"json": body}),
        )
        said = answer.json()
        if carrier.refused.touches(answer.status, said):
            raise Refused(f"HTTP {answer.status}")
        if not carrier.accepted.holds(answer.status, said):
            raise Unavailable(f"HTTP {answer.status}")
        reference = own_reference(templated.found(said, carrier.id_place)) if carrier.id_place else ""
        if carrier.id_place and not reference:
            # Whoever answers without the promised id may not be the carrier at all. If it is, it knows the repetition
            # by our reference.
            raise Unavailable("answer not understood")
        return reference

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        secret = self._carrier.receipt_secret
        stamp = request.headers.get("X-Timestamp", "")
        expected = hmac.digest(secret.encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hex()
        given = request.headers.get("X-Signature", "")
        if not secret or not hmac.compare_digest(expected.encode(), given.encode()):
            raise Forged("signature")
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > policy.RECEIPT_AGE.total_seconds():
            raise Forged("too old")
        content = json.loads(request.body)
        state = _STATES.get(str(content.get("status"))) if isinstance(content, dict) else None
        if state is None:
            raise ValueError("not a receipt")
        return [Receipt(str(content.get("reference", "")), own_reference(content.get("id", "")), state)]
