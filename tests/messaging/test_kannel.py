"""Kannel: a real one on loopback, with a network behind it that reports, and the answers that it rarely gives."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Customer, SignIn
from portal.lib.carriers import networks
from portal.messaging import probe
from portal.messaging.gateways import calls
from portal.messaging.gateways.base import Envelope, Refused, Unavailable
from portal.messaging.gateways.kannel import KannelGateway
from portal.messaging.models import Message, State
from tests.actors import Visitor, run_relay
from tests.messaging.kannel import PASSWORD, USER, Kannel, kannel
from tests.messaging.servers import dead_port, read_head, reply, serve
from twofactor.models import Challenge

pytestmark = [pytest.mark.django_db, pytest.mark.process]
Put = Callable[..., Message]
_SECRET = "kannel-receipts-nobody-can-guess"
_BARRED = "+85290000000"
_TAKEN, _DELIVERED = 8, 1  # Kannel's bits for "the network has it" and "it arrived"
_ENVELOPE = Envelope(reference="0b5c3a0e-0000-4000-8000-000000000001", to="+85291234567", text="123456 是", validity=90)


@dataclass
class Reports:
    """What Kannel called back with: kept, and told to the portal when a test says so."""

    paths: list[str] = field(default_factory=list)

    def status(self, number: int) -> str:
        """The report with this status: Kannel calls back in parallel, so the order in which they came says nothing."""
        (found,) = {path for path in self.paths if f"status={number}&" in f"{path}&"}
        return found

    def wait(self, number: int) -> list[str]:
        """So many reports, in the order in which they happened to come."""
        for _ in range(200):
            if len(self.paths) >= number:
                return self.paths[:number]
            time.sleep(0.05)
        raise AssertionError(f"only {self.paths}")

    @staticmethod
    def tell(path: str, address: str = "127.0.0.1") -> int:
        """One report as it came; the status of the portal's answer."""
        return Client(REMOTE_ADDR=address).get(path, secure=True).status_code


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with kannel(tmp_path_factory.mktemp("kannel"), refused=_BARRED) as started:
        yield started


@pytest.fixture(autouse=True)
def box(settings: Settings) -> None:
    """The settings of a smsbox that nobody runs; `live` is one that is."""
    settings.SMS_GATEWAY = "kannel"
    settings.SMS_KANNEL = replace(
        settings.SMS_KANNEL,
        url="http://127.0.0.1:1/cgi-bin/sendsms",
        user=USER,
        password=PASSWORD,
        receipt_path=_SECRET,
        addresses=networks(["127.0.0.1"]),
    )


@pytest.fixture
def live(running: Kannel, settings: Settings) -> Kannel:
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, url=running.url)
    return running


@pytest.fixture
def reports(settings: Settings) -> Iterator[Reports]:
    """The portal's address, as Kannel sees it."""
    found = Reports()

    def manner(connection: socket.socket) -> None:
        found.paths.append(read_head(connection).split()[1].decode())
        connection.sendall(reply("204 No Content", b""))

    with serve(manner) as port:
        settings.PUBLIC_ORIGIN = f"http://127.0.0.1:{port}"
        yield found


@pytest.fixture
def sent(text: Put, live: Kannel, reports: Reports) -> Message:
    """A text that the network has got, with its two reports on their way."""
    message = text()
    run_relay()
    reports.wait(2)
    return message


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


# --- With a real one -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["123456 is your code. 5 > 4, 100% & more", "123456 costs €5 [x]", "123456 是登入驗證碼", "123456 😀"]
)
def test_every_letter_arrives_as_it_was(text: Put, live: Kannel, reports: Reports, said: str) -> None:
    """S9: in the GSM alphabet and in UCS-2, from the sender of the brand"""
    text(text=said)
    run_relay()
    reports.wait(2)
    assert live.texts()[-1] == ("#DemoSec", "+85291234567", said)


def test_its_reports_move_the_message_to_sent_and_then_to_delivered(sent: Message, reports: Reports) -> None:
    """S7: by the reference that the message left with; Kannel itself gives none"""
    taken, delivered = reports.status(_TAKEN), reports.status(_DELIVERED)
    assert reports.tell(taken) == 204
    assert state_of(sent) == State.SENT
    assert reports.tell(delivered) == 204
    found = Message.objects.get(pk=sent.pk)
    assert (found.state, found.gateway, found.sealed) == (State.DELIVERED, "kannel", None)
    assert found.gateway_reference, "the network's own, to quote"


def test_reports_that_come_twice_or_in_the_wrong_order_change_nothing(sent: Message, reports: Reports) -> None:
    """S7"""
    taken, delivered = reports.status(_TAKEN), reports.status(_DELIVERED)
    failed = delivered.replace("status=1", "status=2")
    reports.tell(delivered)
    before = Message.objects.values().get(pk=sent.pk)
    for path in (taken, delivered, failed, taken):
        assert reports.tell(path) == 204
    assert Message.objects.values().get(pk=sent.pk) == before


def test_a_network_that_is_away_delays_the_text_and_loses_nothing(text: Put, live: Kannel, reports: Reports) -> None:
    """S4"""
    live.phone_off()
    message = text(text="123456 later")
    run_relay()
    assert state_of(message) == State.SENT
    live.phone_on()
    for path in reports.wait(2):
        reports.tell(path)
    assert live.texts()[-1][2] == "123456 later"
    assert state_of(message) == State.DELIVERED


def test_a_number_on_its_black_list_is_final(text: Put, live: Kannel, reports: Reports) -> None:
    """S6: somebody who opted out is not tried again, here or elsewhere"""
    message = text(to=_BARRED)
    run_relay()
    message.refresh_from_db()
    assert (message.state, message.problem) == (State.FAILED, "number refused (HTTP 400)")
    assert not reports.paths


def test_a_wrong_password_loses_no_code(text: Put, live: Kannel, settings: Settings) -> None:
    """S4, S6"""
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, password="other")
    message = text()
    run_relay()
    message.refresh_from_db()
    assert (message.state, message.problem) == (State.QUEUED, "HTTP 403")


def test_neither_its_log_nor_an_address_holds_the_code(sent: Message, live: Kannel, reports: Reports) -> None:
    """C6: with the log level that the manual asks for; a finer one writes whole texts down"""
    assert not any("123456" in path for path in reports.paths)
    logs = "".join(Path(live.folder, f"{name}.log").read_text() for name in ("smsbox", "bearerbox"))
    assert "123456" not in logs
    assert _SECRET not in logs


def test_reports_never_touch_a_login(amy: Customer, visitor: Visitor, live: Kannel, reports: Reports) -> None:
    """S7"""
    visitor.password_step()
    run_relay()
    before = (Challenge.objects.values().get(), SignIn.objects.values().get(), Customer.objects.values().get())
    for path in reports.wait(2):
        reports.tell(path.replace("status=1", "status=16"))
    assert (Challenge.objects.values().get(), SignIn.objects.values().get(), Customer.objects.values().get()) == before
    visitor.code_step(live.texts()[-1][2][:6])
    assert visitor.inside


def test_the_test_command_shows_what_it_reports(
    live: Kannel, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S7"""
    monkeypatch.setattr(probe, "sleep", lambda _: [reports.tell(path) for path in reports.wait(2)])
    out = StringIO()
    call_command("sms_test", "+85291234567", "--gateway", "kannel", stdout=out)
    assert "send:     accepted" in out.getvalue()
    assert out.getvalue().endswith("receipt:  delivered\n")


# --- Rare answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (httpx.Response(202, text="Sent."), Unavailable),
        (httpx.Response(200, text=""), Unavailable),
        (httpx.Response(200, text="<html>0:</html>"), Unavailable),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), Unavailable),
        (httpx.Response(400, text="Missing from and no global set, rejected"), Unavailable),
        (httpx.Response(404, text="Unknown request."), Unavailable),
        (httpx.Response(503, text="Temporal failure, try again later."), Unavailable),
        (httpx.Response(400, text="Garbage in receiver number, rejected"), Refused),
    ],
)
def test_garbage_and_trouble_are_worth_another_way(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, raised: type[Exception]
) -> None:
    """S6: only what is said about the number is final"""
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        with pytest.raises(raised):
            KannelGateway().send(_ENVELOPE, 1.0)


def test_a_kannel_that_is_not_there_is_worth_another_way(settings: Settings) -> None:
    """S6"""
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, url=f"http://127.0.0.1:{dead_port()}/cgi-bin/sendsms")
    with pytest.raises(Unavailable, match="ConnectError"):
        KannelGateway().send(_ENVELOPE, 1.0)


@pytest.mark.parametrize(
    ("gone", "named"),
    [("password", "SMS_KANNEL_PASSWORD"), ("receipt_path", "SMS_KANNEL_RECEIPT_PATH"), ("addresses", "ADDRESSES")],
)
def test_without_credentials_nothing_is_sent(settings: Settings, gone: str, named: str) -> None:
    """S6: one sentence that names the settings"""
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, **{gone: ()})
    with pytest.raises(Unavailable, match=named):
        KannelGateway().send(_ENVELOPE, 1.0)


def test_the_text_and_the_password_stand_in_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """C6"""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, text="0: Accepted for delivery")

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        KannelGateway().send(_ENVELOPE, 1.0)
    (request,) = seen
    assert not urlsplit(str(request.url)).query
    assert request.content.decode() == _ENVELOPE.text
    assert not {"123456 是", "是"} & set(request.headers.values())
    assert PASSWORD not in str(request.url)
    assert request.headers["X-Kannel-Validity"] == "1"
    assert request.headers["X-Kannel-Coding"] == "2"
