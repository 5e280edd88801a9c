"""The application page: what it shows, what it offers, and why not."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Customer, Method
from tests.actors import Handset, Visitor, text_of
from tests.twofactor.steps import Clock, english
from tests.twofactor.switches import A_MINUTE, ask, bind, confirm_sms, prove_by_sms, sms_code, to_key, to_number
from twofactor import errors
from twofactor.models import MethodSwitch

pytestmark = pytest.mark.django_db
PAGE = "service/2fa/"


@pytest.fixture
def let_in(clock: Clock, handset: Handset) -> Callable[[Customer], Visitor]:
    """A browser that logged in a minute ago."""

    def enter(customer: Customer) -> Visitor:
        visitor = Visitor("en")
        visitor.log_in(handset, customer)
        clock.shift(A_MINUTE)
        return visitor

    return enter


@pytest.fixture
def inside(clock: Clock, amy: Customer, let_in: Callable[[Customer], Visitor]) -> Visitor:
    """Amy's browser."""
    return let_in(amy)


def offered(visitor: Visitor) -> list[str]:
    """The methods that can be chosen, in their order; none is chosen beforehand."""
    body = visitor.get(PAGE).content.decode()
    assert " checked" not in body
    return re.findall(r'type="radio"[^>]* value="(\w+)"', body)


def test_nothing_was_chosen_yet(inside: Visitor) -> None:
    """T10, T11"""
    page = text_of(inside.get(PAGE))
    assert "Text message (SMS)" in page
    assert "+852 9••• ••67" in page
    assert "You have not chosen a method yet." in page
    assert "Apply for the verification service" in page
    assert "Change verification method" not in page
    assert offered(inside) == ["soft_token", "sms"]


def test_text_messages_were_chosen(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """T10"""
    ask(inside, Method.SMS)
    prove_by_sms(inside, handset, amy)
    page = text_of(inside.get(PAGE))
    assert "Change verification method" in page
    assert "Apply for the verification service" not in page
    assert "In use since 19 Nov 2035, 10:0" in page
    assert ask(inside, Method.SMS).headers["Location"] == "/en/service/2fa/"
    assert english(errors.METHOD_IN_USE) in text_of(inside.get(PAGE))
    assert MethodSwitch.objects.count() == 1


def test_the_app_is_in_use(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """T4"""
    bind(inside, handset, amy)
    page = text_of(inside.get(PAGE))
    assert "Mobile security code" in page
    assert "Pixel of Amy" in page
    assert "+852" not in page.partition("Choose a verification method")[0]
    assert offered(inside) == ["soft_token", "sms"]
    assert "bind another phone" in page


def test_the_menu_leads_here_first(inside: Visitor) -> None:
    body = inside.get("home/").content.decode()
    menu = body[body.index('class="menu-list"') :]
    assert menu.index("/en/service/2fa/") < menu.index("/en/service/activity/")


@pytest.mark.parametrize(
    "sent", [{}, {"method": ""}, {"method": "none"}, {"method": "sms' OR 1=1"}, {"method": "\x00"}]
)
def test_what_is_no_method_is_asked_for_again(sent: dict[str, str], inside: Visitor) -> None:
    """T10: there is no way to choose none"""
    assert inside.post(PAGE, sent).headers["Location"] == "/en/service/2fa/"
    assert english(errors.METHOD_MISSING) in text_of(inside.get(PAGE))
    assert not MethodSwitch.objects.exists()


@pytest.mark.parametrize("method", Method.values)
def test_after_new_contacts_the_method_stays_for_a_day(
    method: str, inside: Visitor, amy: Customer, clock: Clock
) -> None:
    """K3"""
    Customer.objects.filter(pk=amy.pk).update(method_held_from=timezone.now())
    page = text_of(inside.get(PAGE))
    assert "Cooling-off period" in page
    until = timezone.localtime(timezone.now() + timedelta(hours=24))
    assert f"{until:%Y-%m-%d %H:%M}" in page
    assert offered(inside) == []
    assert ask(inside, method).headers["Location"] == "/en/service/2fa/"
    assert english(errors.METHOD_HELD) in text_of(inside.get(PAGE))
    assert not MethodSwitch.objects.exists()
    Customer.objects.filter(pk=amy.pk).update(method_held_from=timezone.now() - timedelta(hours=24))
    assert offered(inside) == ["soft_token", "sms"]
    assert ask(inside, method).headers["Location"] == "/en/service/prove/"


def test_a_hold_between_proof_and_code_keeps_the_present_method(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3, T5"""
    seed = bind(inside, handset, amy)
    clock.shift(A_MINUTE)
    to_number(inside, seed)
    Customer.objects.filter(pk=amy.pk).update(method_held_from=timezone.now())
    assert confirm_sms(inside, sms_code(handset, amy)).headers["Location"] == "/en/service/2fa/"
    amy.refresh_from_db()
    assert amy.method == Method.SOFT_TOKEN


def test_without_a_second_channel_a_new_browser_binds_nothing(
    make_client: Callable[..., Customer], let_in: Callable[[Customer], Visitor]
) -> None:
    """T5"""
    ben = make_client("100002", mobile="+85298765432", email="")
    visitor = let_in(ben)
    assert offered(visitor) == ["sms"]
    assert "this browser is new to your account" in text_of(visitor.get(PAGE))
    assert ask(visitor, Method.SOFT_TOKEN).headers["Location"] == "/en/service/2fa/"
    assert english(errors.METHOD_NOT_OFFERED) in text_of(visitor.get(PAGE))
    assert not MethodSwitch.objects.exists()


def test_without_a_second_channel_a_known_browser_binds(
    make_client: Callable[..., Customer], let_in: Callable[[Customer], Visitor], handset: Handset, clock: Clock
) -> None:
    """T5"""
    ben = make_client("100002", mobile="+85298765432", email="")
    visitor = let_in(ben)
    visitor.post("logout/")
    visitor.log_in(handset, ben)
    clock.shift(A_MINUTE)
    assert offered(visitor) == ["soft_token", "sms"]
    to_key(visitor, handset, ben)


def test_without_a_number_that_can_be_reached_text_messages_are_not_offered(
    inside: Visitor, amy: Customer, handset: Handset
) -> None:
    """T11"""
    bind(inside, handset, amy)
    Customer.objects.filter(pk=amy.pk).update(mobile="")
    assert offered(inside) == ["soft_token"]
    assert "no mobile number on file" in text_of(inside.get(PAGE))
    assert ask(inside, Method.SMS).headers["Location"] == "/en/service/2fa/"
    assert english(errors.METHOD_NOT_OFFERED) in text_of(inside.get(PAGE))


def test_a_change_under_way_can_be_continued_or_stopped(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """T5"""
    to_key(inside, handset, amy)
    page = inside.get(PAGE)
    assert "You have begun a change." in text_of(page)
    assert "/en/service/2fa/bind/" in page.content.decode()
    inside.post("service/2fa/stop/")
    page = inside.get(PAGE)
    assert english(errors.SWITCH_STOPPED) in text_of(page)
    assert "You have begun a change." not in text_of(page)
    inside.post("service/2fa/stop/")
    assert english(errors.SWITCH_STOPPED) not in text_of(inside.get(PAGE)), "nothing was stopped"


def test_what_was_done_is_told_with_reference_time_and_where_we_wrote(
    inside: Visitor, amy: Customer, handset: Handset
) -> None:
    """N1"""
    bind(inside, handset, amy)
    page = text_of(inside.get("service/2fa/done/"))
    assert "Mobile security code" in page
    assert "Pixel of Amy" in page
    assert re.search(r"Reference number M[2-9A-Z]{7}", page)
    assert "a•••@example.com" in page
    assert "+852 9••• ••67" in page
    assert "If this was not you" in page


def test_nothing_done_is_no_page(inside: Visitor) -> None:
    assert inside.get("service/2fa/done/").headers["Location"] == "/en/service/2fa/"
    for path in ("service/2fa/bind/", "service/2fa/confirm/"):
        assert inside.get(path).headers["Location"] == "/en/service/2fa/"
        assert english(errors.SWITCH_GONE) in text_of(inside.get(PAGE))
