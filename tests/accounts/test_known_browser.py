"""The browser that logged in before: it is not slowed, and it replaces no factor."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings

from accounts import policy
from accounts.models import Customer, FreezeCause, SignIn
from accounts.services import lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.login import Browser
from tests.accounts.steps import attempt, browser_of, choose, device_of, prove
from tests.actors import PASSWORD, Handset, Visitor
from twofactor.services.login import Step

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
LetIn = Callable[..., Visitor]


def besiege(number: str = "100001") -> None:
    """Others fail on the number until it is slow for everybody unknown."""
    for place in range(12):
        attempt(number, address=f"198.51.100.{place}")
    assert attempt(number, PASSWORD, address="192.0.2.200").step == Step.SLOWED


def known(browser: Browser, number: str = "100001") -> bool:
    """Whether the browser has its own lane on a besieged number."""
    besiege(number)
    return attempt(number, PASSWORD, browser=browser, address="192.0.2.1").step == Step.ASKED


def test_a_known_browser_is_not_slowed_by_strangers(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L6"""
    visitor = let_in(amy)
    clock.shift(61)
    besiege()
    assert Visitor("en", "192.0.2.9").password_step().status_code == 429
    visitor.post("logout/")
    assert visitor.password_step().headers["Location"] == "/en/login/verify/"
    assert SignIn.objects.latest("at").known_browser


def test_a_known_browser_still_needs_password_and_code(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L6, L2"""
    visitor = let_in(amy)
    visitor.post("logout/")
    assert not visitor.inside
    clock.shift(61)
    assert visitor.password_step(password="Wrong-2026-guess").status_code == 200
    visitor.password_step()
    assert not visitor.inside


def test_each_login_gives_a_new_device_cookie_and_the_old_one_is_worthless(
    amy: Customer, handset: Handset, let_in: LetIn, clock: Clock
) -> None:
    """L6"""
    visitor = let_in(amy)
    first, device = browser_of(visitor), device_of(visitor)
    visitor.post("logout/")
    clock.shift(61)
    visitor.log_in(handset, amy)
    second = browser_of(visitor)
    assert device_of(visitor) != device
    assert second.device == first.device, "it is the same browser in the history"
    assert not known(first)
    assert known(second)


def test_a_device_cookie_is_for_one_account(amy: Customer, make_client: Callable[..., Customer], let_in: LetIn) -> None:
    """L6"""
    make_client("100002", mobile="+85298765432")
    browser = browser_of(let_in(amy))
    assert not known(browser, "100002")


def test_a_made_up_device_cookie_is_an_unknown_browser(amy: Customer, let_in: LetIn) -> None:
    """L6: the token proves the browser, its name does not"""
    real = browser_of(let_in(amy))
    assert not known(Browser(real.device, "A" * 43))


def test_ten_wrong_passwords_make_a_known_browser_unknown(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L6"""
    browser = browser_of(let_in(amy))
    clock.shift(61)
    for _ in range(policy.BROWSER_WRONG_PASSWORDS - 1):
        assert attempt(browser=browser).step == Step.WRONG
    besiege()
    assert attempt(browser=browser).step == Step.WRONG, "the tenth is judged"
    assert attempt(password=PASSWORD, browser=browser).step == Step.SLOWED


def test_a_device_cookie_is_void_after_a_freeze(amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L6"""
    browser = browser_of(let_in(amy))
    chan = Customer.objects.create_staff("chan", is_superuser=True)
    lockout.freeze(Customer.objects.get(pk=amy.pk), FreezeCause.WRONG_CODES, now=SignIn.objects.get().at)
    check = IdentityCheck(("date of birth",), passed=True)
    lockout.unfreeze(amy, staff=chan, reason="called", check=check, now=SignIn.objects.get().at)
    assert not known(browser)


def test_a_password_change_voids_the_cookies_of_other_browsers_only(
    amy: Customer, handset: Handset, let_in: LetIn, clock: Clock
) -> None:
    """L6"""
    other = browser_of(let_in(amy, address="198.51.100.9"))
    clock.shift(61)
    visitor = let_in(amy)
    clock.shift(61)
    prove(visitor, handset, amy)
    new = "Quiet-Lantern-77"
    assert choose(visitor, new).headers["Location"] == "/en/home/"
    clock.shift(61)
    for place in range(12):
        attempt(address=f"198.51.100.{place}")
    assert attempt(password=new, browser=other, address="192.0.2.1").step == Step.SLOWED
    assert attempt(password=new, browser=browser_of(visitor), address="192.0.2.2").step == Step.ASKED


@pytest.mark.parametrize(("days", "still"), [(179, True), (181, False)])
def test_a_device_cookie_lasts_180_days(days: int, still: bool, amy: Customer, let_in: LetIn, clock: Clock) -> None:
    """L6"""
    browser = browser_of(let_in(amy))
    clock.shift(timedelta(days=days))
    assert known(browser) is still


@pytest.mark.parametrize(
    "cookie",
    ["", ".", "x.y", "00000000-0000-0000-0000-000000000000.", "00000000-0000-0000-0000-000000000000." + "a" * 65,
     "a" * 8000, "%00.%00", "é.é", "00000000-0000-0000-0000-00000000000g.abc"],
)  # fmt: skip
def test_a_broken_device_cookie_is_no_cookie(cookie: str, amy: Customer) -> None:
    """L6"""
    visitor = Visitor("en")
    visitor.client.cookies[settings.BROWSER_COOKIE_NAME] = cookie
    assert visitor.password_step().status_code == 302
    assert not SignIn.objects.get().known_browser
