"""What strangers who know an account number can cost its owner: next to nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import Customer, PasswordReset
from portal.messaging import policy
from portal.messaging.models import Message
from tests.accounts.steps import with_cookie
from tests.actors import Handset, Visitor, sent_codes
from tests.reset.steps import begin, place, to_code, to_email, type_email_code, worker
from tests.twofactor.steps import Clock, count
from tests.twofactor.switches import A_MINUTE

pytestmark = pytest.mark.django_db


def press(number: str, times: int, *, sources: int = 1) -> None:
    """Strangers ask again and again, and a worker answers."""
    for turn in range(times):
        begin(Visitor("en", f"198.51.{turn % sources % 250}.7"), number)
    while PasswordReset.objects.filter(answered_at__isnull=True).exists():
        worker()


def reset_mails(customer: Customer) -> int:
    return Message.objects.filter(customer=customer, kind="code.reset_email").count()


def test_a_thousand_requests_from_one_source_leave_the_owner_everything(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock, soak: bool
) -> None:
    """L6, L10: text messages, the login, and codes by e-mail"""
    press(amy.login, 1000 if soak else 100)
    caps = policy.reset_caps()
    assert reset_mails(amy) == caps.pair_per_hour
    assert not Message.objects.filter(channel="sms").exists()
    assert Visitor("en", "192.0.2.41").log_in(handset, amy).headers["Location"] == "/en/home/", "at once"
    clock.shift(A_MINUTE)
    to_code(owner, amy)
    assert len(handset.texts(amy.mobile)) == 2
    assert count(amy) == 0


def test_many_sources_get_four_an_hour_and_ten_a_day(amy: Customer, clock: Clock) -> None:
    """L6"""
    caps = policy.reset_caps()
    press(amy.login, 40, sources=40)
    assert reset_mails(amy) == caps.account_per_hour
    for _ in range(4):
        clock.shift(timedelta(hours=1, seconds=1))
        press(amy.login, 20, sources=20)
    assert reset_mails(amy) == caps.account_per_day


def test_a_browser_that_logged_in_before_has_its_own_lane(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """L6"""
    owner.log_in(handset, amy)
    owner.post("logout/")
    clock.shift(A_MINUTE)
    press(amy.login, 40, sources=40)
    assert reset_mails(amy) == policy.reset_caps().account_per_hour
    clock.shift(A_MINUTE)
    to_code(owner, amy)


def test_a_device_cookie_that_was_copied_or_made_up_opens_no_lane(amy: Customer, clock: Clock) -> None:
    """L6"""
    press(amy.login, 40, sources=40)
    begin(with_cookie("__Host-browser", "6f1e7e1c-8d31-4d92-9f4d-0d8f6d6f3f11.made-up"), amy.login)
    assert worker() == 0


def test_one_source_cannot_ask_for_everybody(make_client: Callable[..., Customer], clock: Clock) -> None:
    """L6"""
    for place_ in range(25):
        make_client(f"3000{place_:02d}")
        begin(Visitor("en", "198.51.100.7"), f"3000{place_:02d}")
    assert worker() == policy.reset_caps().source_per_hour


def test_codes_by_email_take_nothing_from_those_by_text_message(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """L6, S2: neither the hour's five nor the minute's wait"""
    press(amy.login, 20, sources=20)
    sent = sent_codes(amy)
    for place_ in range(policy.caps().account_per_hour):
        login = Visitor("en", f"192.0.2.{place_}")
        login.password_step()
        assert sent_codes(amy) == sent + place_ + 1
        clock.shift(A_MINUTE)


def test_guessing_costs_the_owner_nothing_but_emails(amy: Customer, clock: Clock) -> None:
    """L6, L10: only a right code by e-mail spends a text message or reaches the count that freezes"""
    for place_ in range(30):
        guesser = Visitor("en", f"198.51.{place_}.7")
        begin(guesser, amy.login)
        worker()
        for guess in range(5):
            type_email_code(guesser, f"00000{guess}")
        guesser.post("login/reset/code/", {"code": "000000"})
        guesser.post("login/reset/resend/")
    assert not Message.objects.filter(channel="sms").exists()
    amy.refresh_from_db()
    assert (amy.wrong_codes, amy.frozen, amy.security_epoch) == (0, False, 0)


def test_a_code_of_one_browser_is_worth_nothing_in_another(owner: Visitor, stranger: Visitor, amy: Customer) -> None:
    """C4"""
    code = to_email(owner, amy)
    assert place(begin(stranger, amy.login)) == "email/"
    assert worker() == 1
    assert place(type_email_code(stranger, code)) == "email/"
    assert not Message.objects.filter(channel="sms").exists()
    assert place(type_email_code(owner, code)) == "code/"
