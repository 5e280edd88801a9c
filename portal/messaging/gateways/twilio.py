"""Twilio's Messages API, version 2010-04-01.

A message is a POST of form fields with basic authentication; 201 with {"sid"} means accepted, and any other answer has
a `code`. Receipts come to the StatusCallback of the message, signed as Twilio documents: X-Twilio-Signature is the
base64 of HMAC-SHA1 under the account's token over the whole address and then every field of the form, sorted by name,
name and value without anything between them. The signature names no time: a receipt that comes again is told by what
the message is already. Where one did not come, the message itself can be asked for.
"""

import base64
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings

from portal import brand
from portal.lib.carriers import TwilioAccount
from portal.messaging.gateways.base import (
    OPTED_OUT,
    Envelope,
    Fate,
    Forged,
    Receipt,
    ReceiptRequest,
    Refused,
    Unavailable,
)
from portal.messaging.gateways.calls import Answer, call

#: What Twilio says about the message or its number: no other way would help. Any other code is about us, our sender,
#: a country that the account may not write to, or Twilio itself.
_REFUSES = {
    21211: "no such number",
    21265: "short code",
    21602: "no text",
    21604: "no number",
    21610: OPTED_OUT,
    21614: "not a mobile number",
    21617: "text too long",
    21635: "landline",
}
#: Twilio's states that tell something new; the others come before the message has left Twilio.
_STATES: dict[str, Fate] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
_BEFORE = frozenset({"accepted", "scheduled", "queued", "sending"})
_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_CODE = re.compile(r"[0-9]{5}")
_SHORTEST, _LONGEST = 1, 36_000  # seconds of validity that Twilio takes
_FIELDS = 60  # of a receipt; Twilio sends about a dozen
_PORTS = {"https": 443, "http": 80}


def signature(token: str, url: str, fields: dict[str, list[str]]) -> str:
    """What Twilio writes into X-Twilio-Signature."""
    signed = url + "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _addresses(request: ReceiptRequest) -> set[str]:
    """The address that Twilio called, with and without the port that goes without saying: it signs either."""
    parts = urlsplit(settings.PUBLIC_ORIGIN)
    rest = request.path + (f"?{request.query}" if request.query else "")
    origins = {settings.PUBLIC_ORIGIN}
    if parts.port is None:
        origins.add(f"{settings.PUBLIC_ORIGIN}:{_PORTS.get(parts.scheme, 443)}")
    else:
        origins.add(f"{parts.scheme}://{parts.hostname}")
    return {origin + rest for origin in origins}


def _code(answer: Answer) -> int:
    said = answer.json()
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, int) else 0


class TwilioGateway:
    """The account of the settings."""

    name = "twilio"

    def _messages(self, account: TwilioAccount) -> str:
        return f"{account.url}/2010-04-01/Accounts/{account.account}/Messages"

    def send(self, envelope: Envelope, timeout: float) -> str:
        account = settings.SMS_TWILIO
        if missing := account.missing():
            raise Unavailable(missing)
        sender = {"MessagingServiceSid": account.service} if account.service else {"From": account.sender or _brand()}
        if not all(sender.values()):
            raise Unavailable("Set SMS_TWILIO_FROM or SMS_TWILIO_SERVICE: the brand has no sms_sender.")
        callback = f"{settings.PUBLIC_ORIGIN}/receipts/sms/twilio/?{urlencode({'reference': envelope.reference})}"
        answer = call(
            "POST",
            f"{self._messages(account)}.json",
            timeout,
            auth=(account.account, account.token),
            data={
                "To": envelope.to,
                **sender,
                "Body": envelope.text,
                "StatusCallback": callback,
                "ValidityPeriod": str(min(max(envelope.validity, _SHORTEST), _LONGEST)),
            },
        )
        if not answer.accepted:
            code = _code(answer)
            if code in _REFUSES:
                raise Refused(f"{_REFUSES[code]} (Twilio {code})")
            raise Unavailable(f"Twilio {code}" if code else f"HTTP {answer.status}")
        said = answer.json()
        sid = said.get("sid") if isinstance(said, dict) else None
        if not (isinstance(sid, str) and _SID.fullmatch(sid)):
            raise Unavailable("answer not understood")
        return sid

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        account = settings.SMS_TWILIO
        fields = self._believed(account, request)
        reference = parse_qs(request.query, max_num_fields=_FIELDS).get("reference", [""])[0]
        sid = fields.get("MessageSid", "")
        if fields.get("AccountSid") != account.account or not _SID.fullmatch(sid):
            raise ValueError("not a receipt for a message of this account")
        return _receipts(reference, sid, fields.get("MessageStatus"), fields.get("ErrorCode"))

    def _believed(self, account: TwilioAccount, request: ReceiptRequest) -> dict[str, str]:
        """The fields of a form that Twilio signed. Raises `Forged`."""
        if request.method != "POST" or not account.token:
            raise Forged("not from Twilio")
        try:
            fields = parse_qs(request.body.decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
        except ValueError:
            raise Forged("no form") from None
        given = request.headers.get("X-Twilio-Signature", "").encode()
        signatures = (signature(account.token, url, fields).encode() for url in _addresses(request))
        if not any(hmac.compare_digest(expected, given) for expected in signatures):
            raise Forged("signature")
        return {name: values[0] for name, values in fields.items()}

    def ask(self, gateway_reference: str, timeout: float) -> list[Receipt]:
        """What became of a message that no receipt came for. Raises `Unavailable`."""
        account = settings.SMS_TWILIO
        if account.missing() or not _SID.fullmatch(gateway_reference):
            return []
        url = f"{self._messages(account)}/{gateway_reference}.json"
        answer = call("GET", url, timeout, auth=(account.account, account.token))
        if not answer.accepted:
            raise Unavailable(f"HTTP {answer.status}")
        said = answer.json()
        if not isinstance(said, dict) or said.get("sid") != gateway_reference:
            raise Unavailable("answer not understood")
        try:
            return _receipts("", gateway_reference, said.get("status"), said.get("error_code"))
        except ValueError:
            raise Unavailable("answer not understood") from None


def _brand() -> str:
    return brand.current().sms_sender


def _receipts(reference: str, sid: str, status: Any, code: Any) -> list[Receipt]:
    """One receipt, or none for a state that tells nothing new. Raises ValueError for one that Twilio does not have."""
    if status in _BEFORE:
        return []
    if not isinstance(status, str) or status not in _STATES:
        raise ValueError("unknown status")
    problem = f"Twilio {code}" if _CODE.fullmatch(str(code)) and _STATES[status] == "failed" else ""
    return [Receipt(reference, sid, _STATES[status], problem)]
