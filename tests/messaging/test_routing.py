"""Several gateways: which one a message takes, and what happens when it fails."""

from collections.abc import Callable

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings
from time_machine import Traveller

from accounts.models import Customer
from portal import carriers
from portal.messaging import policy, receipts, relay
from portal.messaging.gateways.base import Envelope, Receipt, Unavailable
from portal.messaging.gateways.http import HttpGateway
from portal.messaging.models import Attempt, Message, State
from tests.actors import Visitor, run_relay
from tests.messaging.far import BAD, Far, dead

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]


# --- One message -------------------------------------------------------------------------------------------------


def test_the_first_of_the_list_takes_it(send: Callable[..., Message], far: Far) -> None:
    """S6"""
    assert send().gateway == "alpha"
    assert far.asked == ["alpha"]


@pytest.mark.parametrize("manner", BAD)
def test_when_it_does_not_the_next_one_does_at_once(send: Callable[..., Message], far: Far, manner: str) -> None:
    """S6: with the same code, in the same second"""
    far.answers["alpha"] = BAD[manner]
    message = send()
    assert (message.state, message.gateway, message.tries) == (State.SENT, "beta", 1)
    assert far.asked == ["alpha", "beta"]
    assert far.took[-1] == ("beta", str(message.pk), "123456")


def test_a_permanent_refusal_stops(send: Callable[..., Message], far: Far) -> None:
    """S6"""
    far.answers["alpha"] = lambda: httpx.Response(422)
    assert send().state == State.FAILED
    assert far.asked == ["alpha"]


def test_a_failure_that_no_other_way_would_help_is_not_taken_elsewhere(
    send: Callable[..., Message], far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S6"""

    def nowhere(self: HttpGateway, envelope: Envelope, timeout: float) -> str:
        raise Unavailable("closed for everybody", elsewhere=False)

    monkeypatch.setattr(HttpGateway, "send", nowhere)
    assert send().state == State.QUEUED
    assert Attempt.objects.count() == 1


def test_when_nobody_takes_it_it_waits_and_is_tried_again(
    send: Callable[..., Message], far: Far, clock: Traveller
) -> None:
    """S4, S6"""
    far.answers = {"alpha": dead, "beta": dead}
    message = send()
    assert (message.state, far.asked) == (State.QUEUED, ["alpha", "beta"])
    far.answers = {}
    clock.shift(2)
    run_relay()
    message.refresh_from_db()
    assert message.state == State.SENT
    assert len(far.took) == 1


def test_all_calls_of_one_claim_end_before_the_lease(
    send: Callable[..., Message], far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4, S6: two hanging gateways together, and the code is with the second within 15 seconds"""
    given: list[float] = []
    ticks = iter([0.0] * 3 + [5.25] * 3 + [13.5] * 9)

    def hang(self: HttpGateway, envelope: Envelope, timeout: float) -> str:
        given.append(timeout)
        raise Unavailable("too slow")

    monkeypatch.setattr(HttpGateway, "send", hang)
    monkeypatch.setattr(relay, "monotonic", lambda: next(ticks))
    send()
    assert given == [policy.FIRST_TIMEOUT, policy.GATEWAY_TIMEOUT]
    assert sum(given) + 2 * 0.25 + policy.SETTLE_WITHIN < policy.CLAIM_LEASE.total_seconds()


def test_the_last_call_gets_what_is_left_of_the_lease(
    send: Callable[..., Message], far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4"""
    given: list[float] = []
    ticks = iter([0.0] * 3 + [9.0] * 9)

    def hang(self: HttpGateway, envelope: Envelope, timeout: float) -> str:
        given.append(timeout)
        raise Unavailable("too slow")

    monkeypatch.setattr(HttpGateway, "send", hang)
    monkeypatch.setattr(relay, "monotonic", lambda: next(ticks))
    send()
    assert given == [policy.FIRST_TIMEOUT, policy.CLAIM_LEASE.total_seconds() - policy.SETTLE_WITHIN - 9.0]


def test_no_second_way_is_tried_with_less_than_twenty_seconds_to_live(text: Put, far: Far, clock: Traveller) -> None:
    """S4"""

    def slow_failure() -> httpx.Response:
        clock.shift(8)
        return httpx.Response(500)

    far.answers["alpha"] = slow_failure
    text(life=27)
    run_relay()
    assert far.asked == ["alpha"]


# --- Countries ---------------------------------------------------------------------------------------------------


def test_each_country_has_a_list_of_its_own(send: Callable[..., Message], far: Far, settings: Settings) -> None:
    """S6"""
    settings.SMS_ROUTES = {852: ("alpha",), 86: ("beta", "alpha")}
    settings.SMS_GATEWAY = "beta"
    assert [send(to=to).gateway for to in ("+85291234567", "+8613812345678", "+85366123456")] == [
        "alpha", "beta", "beta",
    ]  # fmt: skip


@pytest.mark.parametrize("to", ["+447911123456", "nonsense", ""])
def test_a_number_that_changed_country_is_refused_at_once(send: Callable[..., Message], far: Far, to: str) -> None:
    """S8: in one sentence, and nobody is asked"""
    message = send(to=to)
    assert (message.state, message.sealed) == (State.FAILED, None)
    assert message.problem in {"SMS_COUNTRIES does not list +44.", "no number of any country"}
    assert not far.asked


# --- Asked for again -----------------------------------------------------------------------------------------------


def test_the_second_resend_takes_another_gateway_than_the_first(
    visitor: Visitor, amy: Customer, far: Far, clock: Traveller
) -> None:
    """S6"""
    visitor.password_step()
    run_relay()
    for _ in range(2):
        clock.shift(61)
        visitor.post("login/resend/")
        run_relay()
    first, second, third = far.by()
    assert first == "alpha"
    assert second != third
    assert len({text for _, _, text in far.took}) == 3, "each has its own code"


def test_a_code_that_arrived_leaves_the_order_as_it_is(
    visitor: Visitor, amy: Customer, far: Far, clock: Traveller
) -> None:
    """S6: the first resend goes elsewhere only when the first text did not arrive"""
    visitor.password_step()
    run_relay()
    receipts.take("alpha", Receipt(far.took[0][1], "", "delivered"))
    clock.shift(61)
    visitor.post("login/resend/")
    run_relay()
    receipts.take("alpha", Receipt(far.took[1][1], "", "delivered"))
    clock.shift(61)
    visitor.post("login/resend/")
    run_relay()
    assert far.by() == ["alpha", "alpha", "beta"]


def test_what_another_client_had_does_not_matter(
    send: Callable[..., Message], far: Far, make_client: Callable[..., Customer]
) -> None:
    """S6"""
    for number in ("100011", "100012", "100013"):
        send(to="+85291234567", customer=make_client(number))
    assert far.by() == ["alpha"] * 3


# --- Settings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("852:http,http", "SMS_ROUTES names a gateway or the country twice for 852"),
        ("852:http 852:twilio", "SMS_ROUTES names a gateway or the country twice for 852"),
        ("852:http,nobody", "SMS_ROUTES names the gateway 'nobody', which there is not"),
        ("852:", "SMS_ROUTES names the gateway ''"),
        ("44:http", "SMS_ROUTES must name countries that SMS_COUNTRIES lists, not '44'"),
        ("HK:http", "SMS_ROUTES must name countries"),
    ],
)
def test_a_mistake_in_the_routes_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    """O2: a gateway named twice among them"""
    monkeypatch.setenv("SMS_ROUTES", value)
    with pytest.raises(ImproperlyConfigured, match=said):
        carriers.routes([852, 86])


def test_routes_are_read_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6"""
    monkeypatch.setenv("SMS_ROUTES", "852:http,twilio  86:kannel")
    assert carriers.routes([852, 86]) == {852: ("http", "twilio"), 86: ("kannel",)}
