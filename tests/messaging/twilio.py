"""Twilio as its documentation describes it, strict: a field that it does not know, a wrong form or an odd address
ends the test. Signatures are made here by other means than the portal's own."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx
from django.test import Client

ACCOUNT = "AC" + "0a" * 16
TOKEN = "1b" * 16
SERVICE = "MG" + "2c" * 16
URL = "https://api.twilio.com"

_ERRORS = {
    20003: (401, "Authenticate"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}."),
    21606: (400, "The 'From' phone number is not a valid, SMS-capable inbound phone number."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21612: (400, "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number"),
    21614: (400, "'To' number: {to}, is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21635: (400, "'To' number cannot be a Landline"),
}


@dataclass
class Twilio:
    """The API and the sender of its callbacks. `errors` are answered one by one before anything is taken."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)  # by sid
    errors: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """What httpx calls in place of the network."""
        assert str(request.url).startswith(f"{URL}/2010-04-01/Accounts/{ACCOUNT}/Messages"), request.url
        assert not request.url.query, "nothing stands in the address"
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers["authorization"] != f"Basic {expected}":
            return self._error(20003, "")
        if request.method == "GET":
            return self._fetch(request.url.path.rpartition("/")[2].removesuffix(".json"))
        assert request.method == "POST"
        assert request.url.path.endswith("/Messages.json")
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        return self._create(dict(parse_qsl(request.content.decode(), strict_parsing=True)))

    def _create(self, form: dict[str, str]) -> httpx.Response:
        assert set(form) <= {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod"}, form
        assert ("From" in form) != ("MessagingServiceSid" in form), "one sender"
        assert 0 < len(form["Body"]) <= 1600
        assert 1 <= int(form["ValidityPeriod"]) <= 36_000
        callback = urlsplit(form["StatusCallback"])
        assert callback.scheme == "https"
        assert callback.hostname
        if self.errors:
            return self._error(self.errors.pop(0), form["To"])
        if not (form["To"].startswith("+") and form["To"][1:].isdecimal()):
            return self._error(21211, form["To"])
        message = self._new(form)
        self.messages[message["sid"]] = message
        return httpx.Response(201, json=self._shown(message))

    def _new(self, form: dict[str, str]) -> dict[str, Any]:
        return {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": form["Body"],
            "date_created": "Mon, 19 Nov 2035 02:00:00 +0000",
            "date_sent": None,
            "date_updated": "Mon, 19 Nov 2035 02:00:00 +0000",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": f"SM{uuid4().hex}",
            "status": "accepted" if "MessagingServiceSid" in form else "queued",
            "to": form["To"],
            "callback": form["StatusCallback"],
        }

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{message['sid']}.json"
        shown = {name: value for name, value in message.items() if name != "callback"}
        return {**shown, "uri": uri, "subresource_uris": {"media": uri.replace(".json", "/Media.json")}}

    def _fetch(self, sid: str) -> httpx.Response:
        self.asked.append(sid)
        if self.errors:
            return self._error(self.errors.pop(0), "")
        if sid not in self.messages:
            return httpx.Response(404, json={"code": 20404, "message": "not found", "status": 404})
        return httpx.Response(200, json=self._shown(self.messages[sid]))

    def _error(self, code: int, to: str) -> httpx.Response:
        status, words = _ERRORS[code]
        said = {"code": code, "message": words.format(to=to), "status": status}
        return httpx.Response(status, json={**said, "more_info": f"https://www.twilio.com/docs/errors/{code}"})

    # --- Callbacks -------------------------------------------------------------------------------------------

    def only(self) -> dict[str, Any]:
        """The one message that was taken."""
        (message,) = self.messages.values()
        return message

    def callback(self, message: Mapping[str, Any], status: str, **more: str) -> tuple[str, dict[str, str]]:
        """Address and fields of one status callback."""
        fields = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "From": message["from"] or "",
            "MessageSid": message["sid"],
            "MessageStatus": status,
            "SmsSid": message["sid"],
            "SmsStatus": status,
            "To": message["to"],
            **more,
        }
        return message["callback"], fields

    def tell(self, message: Mapping[str, Any], status: str, **more: str) -> int:
        """Call back as Twilio does; the status of the portal's answer."""
        url, fields = self.callback(message, status, **more)
        return post(url, fields, sign(url, fields))


def sign(url: str, fields: Mapping[str, str], token: str = TOKEN) -> str:
    """X-Twilio-Signature, as the documentation says step by step."""
    text = url
    for name in sorted(fields):
        text += name
        text += fields[name]
    return base64.b64encode(hmac.new(token.encode(), text.encode("utf-8"), "sha1").digest()).decode("ascii")


def post(url: str, fields: Mapping[str, str], signature: str) -> int:
    """Post a form to the portal; the status of its answer."""
    parts = urlsplit(url)
    answer = Client().post(
        f"{parts.path}?{parts.query}" if parts.query else parts.path,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        secure=True,
        headers={"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": str(uuid4())},
    )
    return answer.status_code
