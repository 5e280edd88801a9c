"""Kannel's `sendsms`, by POST: the text is the body, everything else stands in X-Kannel headers.

`sendsms` takes GET as well, which would put the text into an address. 202 with "0:" (accepted) or "3:" (queued) means
accepted; Kannel gives no id and knows no repetition. A receipt is a GET of the address that came with the message, with
the values in place of %d and %F. It is believed when the secret part of its path is right and it comes from an address
of the list. %A, the reply of the SMSC, is not asked for: it may quote the text.
"""

import hmac
from urllib.parse import parse_qs, quote

from django.conf import settings

from portal import brand
from portal.messaging import texts
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

_ALL_REPORTS = "31"  # delivered 1, not delivered 2, held by the SMSC 4, taken by the SMSC 8, refused by it 16
_STATES: dict[str, Fate] = {"1": "delivered", "2": "failed", "4": "delayed", "8": "sent", "16": "failed"}
_PROBLEMS = {"2": "not delivered", "16": "refused by the network"}
_GSM, _UCS2 = "0", "2"
#: What Kannel says about the number; its other refusals are about our own settings.
_REFUSES = (b"denied by white- and/or black-lists", b"receiver number")
_TAKEN = (b"0:", b"3:")
_FIELDS = {"reference", "status", "id"}
_PATH = "/receipts/sms/kannel/"


class KannelGateway:
    """The smsbox of the settings."""

    name = "kannel"

    def send(self, envelope: Envelope, timeout: float) -> str:
        box = settings.SMS_KANNEL
        if missing := box.missing():
            raise Unavailable(missing)
        report = f"{settings.PUBLIC_ORIGIN}{_PATH}{box.receipt_path}/?reference={quote(envelope.reference)}"
        headers = {
            "X-Kannel-Username": box.user,
            "X-Kannel-Password": box.password,
            "X-Kannel-To": envelope.to,
            "X-Kannel-From": brand.current().sms_sender,
            "X-Kannel-Coding": _GSM if texts.is_gsm(envelope.text) else _UCS2,
            "X-Kannel-Validity": str(max(1, envelope.validity // 60)),  # minutes
            "X-Kannel-DLR-Mask": _ALL_REPORTS,
            "X-Kannel-DLR-URL": f"{report}&status=%d&id=%F",
            "X-Kannel-SMSC": box.smsc,
            "Content-Type": "text/plain; charset=UTF-8",
        }
        filled = {name: value for name, value in headers.items() if value}
        answer = call("POST", box.url, timeout, headers=filled, content=envelope.text.encode())
        if answer.accepted and answer.body.startswith(_TAKEN):
            return ""
        if any(words in answer.body for words in _REFUSES):
            raise Refused(f"number refused (HTTP {answer.status})")
        raise Unavailable("answer not understood" if answer.accepted else f"HTTP {answer.status}")

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        box = settings.SMS_KANNEL
        secret = request.path.removeprefix(_PATH).removesuffix("/")
        if not box.receipt_path or not hmac.compare_digest(secret.encode(), box.receipt_path.encode()):
            raise Forged("path")
        if request.method != "GET" or not box.knows(request.address):
            raise Forged("address")
        fields = parse_qs(request.query, keep_blank_values=True, max_num_fields=len(_FIELDS))
        if set(fields) != _FIELDS or any(len(values) > 1 for values in fields.values()):
            raise ValueError("not a receipt")
        status = fields["status"][0]
        if status not in _STATES:
            raise ValueError("unknown status")
        reference, gateway_reference = fields["reference"][0], own_reference(fields["id"][0])
        return [Receipt(reference, gateway_reference, _STATES[status], _PROBLEMS.get(status, ""))]
