"""A carrier that the settings describe: any fields, JSON or a form, and its own words for yes and no."""

import json
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import httpx
import pytest
from pytest_django import Settings

from portal import carriers
from portal.messaging.gateways import calls
from portal.messaging.gateways.base import Envelope, Refused, Unavailable
from portal.messaging.gateways.http import HttpGateway

_ENVELOPE = Envelope(reference="0b5c3a0e-0000-4000-8000-000000000001", to="+85291234567", text="739184 是", validity=90)
_FORM = {
    "SMS_HTTP_MORE": "alpha",
    "SMS_ALPHA_URL": "https://rest.alpha.example/sms/json",
    "SMS_ALPHA_USER": "key",
    "SMS_ALPHA_TOKEN": "alpha-token",
    "SMS_ALPHA_RECEIPT_SECRET": "alpha-secret",
    "SMS_ALPHA_FORMAT": "form",
    "SMS_ALPHA_HEADERS": "{}",
    "SMS_ALPHA_BODY": '{"api_key": "{user}", "api_secret": "{token}", "to": "{to_digits}", "from": "{sender}", '
    '"text": "{text}", "ttl": "{validity}000", "client-ref": "{reference}"}',
    "SMS_ALPHA_ACCEPTED": "200,messages.0.status=0",
    "SMS_ALPHA_REFUSED": "messages.0.status=3|7",
    "SMS_ALPHA_ID": "messages.0.message-id",
}
_JSON = {
    **_FORM,
    "SMS_ALPHA_FORMAT": "json",
    "SMS_ALPHA_METHOD": "PUT",
    "SMS_ALPHA_HEADERS": '{"Authorization": "App {token}", "X-Request": "{reference}"}',
    "SMS_ALPHA_BODY": '{"messages": [{"to": ["{to}"], "content": {"text": "{text}", "flash": false}, '
    '"ttl": "{validity}", "note": "{{x}}"}]}',
    "SMS_ALPHA_ACCEPTED": "2xx",
    "SMS_ALPHA_REFUSED": "400,error.code=opted_out",
    "SMS_ALPHA_ID": "",
}


@pytest.fixture
def alpha(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Callable[..., list[httpx.Request]]]:
    """The carrier as described, with what it answers; the requests that it gets."""
    seen: list[httpx.Request] = []
    given = [httpx.Response(200)]

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return given[0]

    def describe(names: dict[str, str], answer: httpx.Response) -> list[httpx.Request]:
        for name, value in names.items():
            monkeypatch.setenv(name, value)
        settings.SMS_HTTP = carriers.http()
        given[0] = answer
        return seen

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield describe


def status(number: str, **more: str) -> httpx.Response:
    return httpx.Response(200, json={"message-count": "1", "messages": [{"status": number, **more}]})


def test_a_form_is_filled_as_described(alpha: Callable[..., list[httpx.Request]]) -> None:
    """S4"""
    seen = alpha(_FORM, status("0", **{"message-id": "A-1"}))
    assert HttpGateway("alpha").send(_ENVELOPE, 1.0) == "A-1"
    (request,) = seen
    assert str(request.url) == "https://rest.alpha.example/sms/json"
    assert dict(parse_qsl(request.content.decode(), strict_parsing=True)) == {
        "api_key": "key",
        "api_secret": "alpha-token",
        "to": "85291234567",
        "from": "#DemoSec",
        "text": "739184 是",
        "ttl": "90000",
        "client-ref": _ENVELOPE.reference,
    }


def test_a_body_in_json_is_filled_at_any_depth(alpha: Callable[..., list[httpx.Request]]) -> None:
    """S4"""
    seen = alpha(_JSON, httpx.Response(202))
    assert HttpGateway("alpha").send(_ENVELOPE, 1.0) == ""
    (request,) = seen
    assert request.method == "PUT"
    assert request.headers["authorization"] == "App alpha-token"
    content = {"text": "739184 是", "flash": False}
    assert json.loads(request.content) == {
        "messages": [{"to": ["+85291234567"], "content": content, "ttl": 90, "note": "{x}"}]
    }


@pytest.mark.parametrize("text", ['"}], "to": "x', "{token}", "{0.__class__}", "a\nb\\", "%s &=+"])
def test_a_text_is_only_ever_a_text(alpha: Callable[..., list[httpx.Request]], text: str) -> None:
    """C6: nothing in it is read as a template or as JSON"""
    seen = alpha(_JSON, httpx.Response(202))
    HttpGateway("alpha").send(Envelope("r", "+85291234567", text), 1.0)
    assert json.loads(seen[0].content)["messages"][0]["content"]["text"] == text


@pytest.mark.parametrize("number", ["3", "7"])
def test_its_own_words_for_a_refusal_are_final(alpha: Callable[..., list[httpx.Request]], number: str) -> None:
    """S6: a number that is none, and one that opted out, said with 200"""
    alpha(_FORM, status(number))
    with pytest.raises(Refused):
        HttpGateway("alpha").send(_ENVELOPE, 1.0)


@pytest.mark.parametrize(
    "answer",
    [
        status("1"), status("0"), httpx.Response(200, json={"messages": []}), httpx.Response(200, json=[]),
        httpx.Response(200, text="ok"), httpx.Response(201, json={"messages": [{"status": "0"}]}), httpx.Response(400),
    ],
)  # fmt: skip
def test_anything_else_is_worth_another_way(alpha: Callable[..., list[httpx.Request]], answer: httpx.Response) -> None:
    """S6: throttled, accepted without the promised id, garbage"""
    alpha(_FORM, answer)
    with pytest.raises(Unavailable):
        HttpGateway("alpha").send(_ENVELOPE, 1.0)


def test_an_opted_out_number_is_told_by_a_word_in_the_body(alpha: Callable[..., list[httpx.Request]]) -> None:
    """S6"""
    alpha(_JSON, httpx.Response(403, json={"error": {"code": "opted_out"}}))
    with pytest.raises(Refused):
        HttpGateway("alpha").send(_ENVELOPE, 1.0)
    alpha(_JSON, httpx.Response(403, json={"error": {"code": "rate"}}))
    with pytest.raises(Unavailable):
        HttpGateway("alpha").send(_ENVELOPE, 1.0)
