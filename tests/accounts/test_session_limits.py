"""How long a session lives, and that leaving kills it."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings as django_settings
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer, EndReason, SignIn
from tests.accounts.steps import key_of, with_cookie
from tests.actors import Handset, Visitor, text_of

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
LetIn = Callable[..., Visitor]
MINUTES = 60


def ended_because(visitor: Visitor) -> str:
    """The reason that the browser is told."""
    return visitor.get("home/").headers["Location"].partition("session-ended/?reason=")[2].partition("&")[0]


def test_a_session_outlives_fourteen_idle_minutes_and_no_sixteen(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L8"""
    visitor = let_in(amy)
    clock.shift(14 * MINUTES + 59 - 5)
    assert visitor.inside
    clock.shift(14 * MINUTES + 59 - 5)
    assert visitor.inside
    clock.shift(15 * MINUTES + 6)
    assert ended_because(visitor) == "idle"
    assert not visitor.inside
    assert SignIn.objects.get().end_reason == EndReason.IDLE


def test_the_page_after_it_says_why(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L8"""
    visitor = let_in(amy)
    clock.shift(16 * MINUTES)
    assert ended_because(visitor) == "idle"
    assert "logged out after 15 idle minutes" in text_of(visitor.get("login/session-ended/?reason=idle"))


@pytest.mark.parametrize("page", ["service/activity/", "service/password/", "service/2fa/"])
def test_after_it_a_client_goes_on_where_the_session_ended(
    page: str, amy: Customer, let_in: LetIn, handset: Handset, clock: Clock
) -> None:
    """L8: once, and a proof of before is worth nothing."""
    visitor = let_in(amy)
    clock.shift(16 * MINUTES)
    visitor.client.get(visitor.get(page).headers["Location"], secure=True)
    visitor.password_step(amy.login)
    assert visitor.code_step(handset.code(amy.mobile)).headers["Location"] == f"/en/{page}"
    clock.shift(61)
    visitor.post("logout/")
    visitor.password_step(amy.login)
    assert visitor.code_step(handset.code(amy.mobile)).headers["Location"] == "/en/home/"


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/", "//elsewhere.example/en/home/", "/en/logout/", "/staff/", "/en/nowhere/", "x", "",
        "/en/service/activity/not-me/", "/en/service/sessions/1/end/", "/en/service/activity/?x=%00",
    ],
)  # fmt: skip
def test_no_other_address_is_gone_to(address: str, amy: Customer, handset: Handset, clock: Clock) -> None:
    """L8"""
    visitor = Visitor("en")
    visitor.get(f"login/session-ended/?reason=idle&next={quote(address)}")
    visitor.password_step(amy.login)
    assert visitor.code_step(handset.code(amy.mobile)).headers["Location"] == "/en/home/"


def test_a_cookie_of_somebody_elses_making_leads_nowhere(amy: Customer, handset: Handset, clock: Clock) -> None:
    """L8"""
    visitor = Visitor("en")
    visitor.client.cookies[django_settings.RETURN_COOKIE_NAME] = "https://elsewhere.example/"
    visitor.password_step(amy.login)
    assert visitor.code_step(handset.code(amy.mobile)).headers["Location"] == "/en/home/"


@pytest.mark.parametrize("minutes", [1, 30])
def test_the_operator_sets_the_idle_limit(
    minutes: int, amy: Customer, let_in: LetIn, clock: Clock, settings: SettingsWrapper
) -> None:
    """L8"""
    settings.IDLE_MINUTES = minutes
    visitor = let_in(amy)
    clock.shift(minutes * MINUTES - 6)
    assert visitor.inside
    clock.shift(minutes * MINUTES + 6)
    assert not visitor.inside


def test_a_busy_session_ends_after_eight_hours(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L8"""
    visitor = let_in(amy)
    for _ in range(47):
        clock.shift(10 * MINUTES)
        assert visitor.inside
    clock.shift(9 * MINUTES)
    assert visitor.inside
    clock.shift(2 * MINUTES)
    assert ended_because(visitor) == "absolute"


def test_a_pending_login_ends_after_ten_minutes(amy: Customer, handset: Handset, clock: Clock) -> None:
    """L8"""
    visitor = Visitor("en")
    visitor.password_step()
    code = handset.code(amy.mobile)
    clock.shift(9 * MINUTES + 55)
    assert visitor.get("login/verify/").status_code == 200
    clock.shift(10)
    assert "session-ended" in visitor.get("login/verify/").headers["Location"]
    assert "session-ended" in visitor.post("login/resend/").headers["Location"]
    assert visitor.code_step(code).headers["Location"].startswith("/en/login/session-ended/")
    assert not visitor.inside


@pytest.mark.parametrize("path", ["login/delivery/", "service/prove/delivery/"])
def test_asking_for_the_delivery_state_is_no_activity(path: str, amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L8"""
    visitor = let_in(amy)
    for _ in range(15):
        clock.shift(MINUTES)
        visitor.get(path)
    clock.shift(10)
    assert ended_because(visitor) == "idle"


def test_extending_is_activity(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L8"""
    visitor = let_in(amy)
    for _ in range(4):
        clock.shift(14 * MINUTES)
        assert visitor.post("session/extend/").status_code == 204
    clock.shift(16 * MINUTES)
    assert visitor.post("session/extend/").status_code == 302
    assert not visitor.inside


def test_extending_cannot_be_done_by_a_link(amy: Customer, let_in: LetIn) -> None:
    """L8"""
    visitor = let_in(amy)
    assert visitor.get("session/extend/").status_code == 405
    assert visitor.get("logout/").status_code == 405
    assert visitor.inside


def test_nothing_a_client_sends_makes_the_limit_longer(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L8"""
    visitor = let_in(amy)
    visitor.post("session/extend/", {"minutes": "600", "idle_seconds": "36000", "idle": "36000"})
    clock.shift(15 * MINUTES + 6)
    assert not visitor.inside


def test_logging_out_kills_the_key(amy: Customer, let_in: LetIn) -> None:
    """L8"""
    visitor = let_in(amy)
    key = key_of(visitor)
    answer = visitor.post("logout/")
    assert answer.headers["Location"] == "/en/login/session-ended/?reason=user"
    assert answer.cookies[django_settings.CLIENT_COOKIE_NAME].value == ""
    assert not with_cookie(django_settings.CLIENT_COOKIE_NAME, key).inside
    assert SignIn.objects.get().end_reason == EndReason.USER
    assert visitor.post("logout/").status_code == 302, "twice is as good as once"


def test_logging_out_ends_a_pending_login_too(amy: Customer, handset: Handset) -> None:
    """L8"""
    visitor = Visitor("en")
    visitor.password_step()
    key = key_of(visitor)
    visitor.post("logout/")
    thief = with_cookie(django_settings.CLIENT_COOKIE_NAME, key)
    assert thief.code_step(handset.code(amy.mobile)).headers["Location"].startswith("/en/login/session-ended/")
    assert not thief.inside


def test_every_page_inside_offers_to_leave_and_warns_before_the_end(amy: Customer, let_in: LetIn) -> None:
    """L8"""
    visitor = let_in(amy)
    for path in ("home/", "service/activity/", "service/activity/not-me/", "help/faq/", "privacy/"):
        page = visitor.get(path).content.decode()
        assert 'action="/en/logout/"' in page
        assert 'action="/en/session/extend/"' in page
        assert 'data-idle="900"' in page


def test_a_session_that_ran_out_stays_ended_when_the_clock_is_set_back(
    amy: Customer, let_in: LetIn, clock: Clock
) -> None:
    """L8"""
    visitor = let_in(amy)
    clock.shift(timedelta(minutes=20))
    assert not visitor.inside
    clock.shift(-timedelta(minutes=20))
    assert not visitor.inside
