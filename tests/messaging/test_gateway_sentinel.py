"""A code that can be recognised goes out by each gateway, whose carrier shouts it back in every way it can."""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from django.test import Client
from pytest_django import Settings
from time_machine import Traveller

from portal.lib.carriers import networks
from portal.messaging import routing
from portal.messaging.gateways import calls
from portal.messaging.gateways.base import Envelope, Refused, Unavailable, own_reference
from portal.messaging.models import Message
from tests.actors import run_relay
from tests.messaging.twilio import ACCOUNT, TOKEN
from tests.sweeps.test_sentinel import figures, whole_database

pytestmark = pytest.mark.django_db
CODE = "739184"
_TEXT = f"{CODE} 是示範證券登入驗證碼"
_GATEWAYS = ("http", "twilio", "kannel")
Manner = Callable[[httpx.Request], httpx.Response]


def shouting(status: int) -> Manner:
    """Says the text back: as JSON, as plain words, and as an address."""

    def answer(request: httpx.Request) -> httpx.Response:
        said = {"id": _TEXT, "code": 21211, "message": _TEXT, "body": _TEXT, "sid": "SM" + "0" * 32}
        location = {"Location": f"https://carrier.example/?text={CODE}"}
        return httpx.Response(status, json=said, headers=location)

    return answer


def cutting(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"cut while sending {request.content.decode()}", request=request)


def breaking(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError(f"illegal: {CODE}", request=request)


def plain(request: httpx.Request) -> httpx.Response:
    return httpx.Response(400, text=f"Garbage in receiver number, rejected: {_TEXT}")


_MANNERS: dict[str, Manner] = {
    **{str(status): shouting(status) for status in (200, 201, 202, 302, 400, 403, 422, 429, 500)},
    "cut": cutting,
    "broken": breaking,
    "plain": plain,
}


@pytest.fixture(autouse=True)
def all_set_up(settings: Settings) -> None:
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, account=ACCOUNT, token=TOKEN)
    settings.SMS_KANNEL = replace(
        settings.SMS_KANNEL,
        url="http://127.0.0.1:13013/cgi-bin/sendsms",
        user="portal",
        password="secret",
        receipt_path="kannel-receipts-nobody-can-guess",
        addresses=networks(["127.0.0.1"]),
    )


@pytest.fixture(params=_MANNERS)
def urls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses that were called, at a carrier of each manner."""
    called: list[str] = []

    def handle(asked: httpx.Request) -> httpx.Response:
        assert CODE in asked.content.decode("utf-8") or "%E6%98%AF" in asked.content.decode(), "it really went out"
        called.append(str(asked.url))
        called.extend(f"{name}: {value}" for name, value in asked.headers.items())
        return _MANNERS[request.param](asked)

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield called


@pytest.mark.parametrize("gateway", _GATEWAYS)
def test_it_is_in_no_log_no_address_no_table_and_no_figure(
    clock: Traveller,
    text: Callable[..., Message],
    urls: list[str],
    settings: Settings,
    logged: list[str],
    gateway: str,
) -> None:
    """C6"""
    settings.SMS_GATEWAY = gateway
    text(text=_TEXT)
    run_relay()
    assert urls
    for told in (*urls, *logged, whole_database(), figures()):
        assert CODE not in told


@pytest.mark.parametrize("gateway", _GATEWAYS)
def test_it_is_in_no_exception_nor_behind_one(urls: list[str], gateway: str) -> None:
    """C6: an exception of the network library holds the whole request; none is a cause or a context of ours"""
    envelope = Envelope(reference="0b5c3a0e-0000-4000-8000-000000000001", to="+85291230000", text=_TEXT)
    error: Exception | None = None
    try:
        routing.GATEWAYS[gateway].send(envelope, 1.0)
    except (Refused, Unavailable) as raised:
        error = raised
    if error is not None:
        assert CODE not in "".join(traceback.format_exception(error))
        assert error.__cause__ is None
        assert error.__context__ is None


@pytest.mark.parametrize("told", [_TEXT, f"{CODE} is your code", f"{CODE}\n", ["x", CODE], {"a": 1}])
def test_what_may_be_the_text_is_no_reference(told: object) -> None:
    """C6"""
    assert own_reference(told) == ""
    assert own_reference("c-1:a_b/7=") == "c-1:a_b/7="


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("http/", b'{"id": "739184", "status": "739184"}'),
        ("twilio/", b"MessageSid=x&ErrorMessage=739184"),
        ("kannel/739184/?reference=739184", b""),
    ],
)
def test_what_is_said_at_the_door_of_receipts_is_not_written_down(logged: list[str], path: str, body: bytes) -> None:
    """C6: neither the body, nor the query, nor the secret part of the path"""
    answer = Client().post(f"/receipts/sms/{path}", body, content_type="text/plain", secure=True)
    assert answer.status_code == 403
    ours = "\n".join(line for line in logged if '"logger": "portal' in line)
    assert "receipt.forged" in ours
    for told in (ours, whole_database(), figures()):
        assert CODE not in told
