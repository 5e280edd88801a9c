"""When a code is sent, when not, and what the page says of it."""

import json
import re

import httpx
import pytest

from accounts.models import Customer
from portal.messaging.models import Message
from tests.actors import Carrier, Handset, Visitor, run_relay, sent_codes, wrong
from tests.twofactor.steps import Clock, another, ask_password_change, english, page, pend
from twofactor import errors
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


def delivery(visitor: Visitor) -> dict[str, object]:
    """What the page's script is told."""
    answer: dict[str, object] = json.loads(visitor.get("login/delivery/").content)
    return answer


# --- The wait --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "sent"), [(0, 1), (1, 1), (59, 1), (61, 2)])
def test_a_new_code_can_be_had_after_a_minute(
    clock: Clock, amy: Customer, visitor: Visitor, seconds: int, sent: int
) -> None:
    """S2"""
    visitor.password_step()
    clock.shift(seconds)
    visitor.post("login/resend/")
    assert sent_codes(amy) == sent
    words = errors.RESENT if sent == 2 else errors.RESEND_WAIT % {"count": 60 - seconds}
    assert english(words) in page(visitor)


def test_the_old_code_dies_when_a_new_one_is_sent(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """S2"""
    visitor.password_step()
    old = handset.code(amy.mobile)
    clock.shift(61)
    new = another(visitor, handset, amy)
    visitor.code_step(old)
    assert not visitor.inside
    visitor.code_step(new)
    assert visitor.inside


def test_asking_too_early_leaves_the_old_code_alive(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """S2"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    clock.shift(59)
    visitor.post("login/resend/")
    visitor.code_step(code)
    assert visitor.inside


def test_a_login_inside_the_wait_sends_nothing_and_says_when(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S2"""
    pend(amy, address="198.51.100.1")
    clock.shift(20)
    assert visitor.password_step().status_code == 302
    assert sent_codes(amy) == 1
    assert Challenge.objects.count() == 2
    assert "10:01:00" in page(visitor), "from when on a code can be asked for"
    assert 'id="id_code"' not in visitor.get("login/verify/").content.decode(), "there is no code to type"
    assert delivery(visitor) == {"state": "none", "resend_seconds": 40}


def test_after_the_wait_the_code_of_such_a_login_can_be_asked_for(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """S2"""
    pend(amy, address="198.51.100.1")
    clock.shift(20)
    visitor.password_step()
    clock.shift(41)
    visitor.code_step(another(visitor, handset, amy))
    assert visitor.inside


def test_the_wait_is_per_destination(clock: Clock, amy: Customer) -> None:
    """S2: a new number need not wait for the old one."""
    pend(amy)
    Customer.objects.filter(pk=amy.pk).update(mobile="+85298765432")
    pend(amy)
    assert sent_codes(amy) == 2


def test_the_wait_is_per_account(clock: Clock, amy: Customer, no_mobile: Customer) -> None:
    """S2, K1: the family's second account need not wait for the first."""
    Customer.objects.filter(pk=no_mobile.pk).update(mobile=amy.mobile)
    pend(amy)
    pend(no_mobile)
    assert sent_codes(amy) == sent_codes(no_mobile) == 1


def test_the_wait_holds_between_the_login_and_a_journey_inside(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """S2"""
    visitor.log_in(handset, amy)
    ask_password_change(visitor)
    assert sent_codes(amy) == 1
    assert "10:01:00" in page(visitor, "service/prove/code/")


def test_a_send_that_the_carrier_refused_gives_the_wait_back(
    clock: Clock, amy: Customer, visitor: Visitor, carrier: Carrier
) -> None:
    """S2"""
    carrier.answers.append(httpx.Response(422, json={"error": "no such subscriber"}))
    visitor.password_step()
    run_relay()
    clock.shift(5)
    visitor.post("login/resend/")
    assert Message.objects.filter(is_code=True).count() == 2
    assert sent_codes(amy) == 1


def test_when_the_carrier_refused_the_page_offers_a_new_code_at_once(
    clock: Clock, amy: Customer, visitor: Visitor, carrier: Carrier
) -> None:
    """S2, S11: what the server allows, page and script say too."""
    carrier.answers.append(httpx.Response(422, json={"error": "no such subscriber"}))
    visitor.password_step()
    run_relay()
    clock.shift(5)
    assert delivery(visitor) == {"state": "refused", "resend_seconds": 0}
    found = re.search(r'data-wait="(\d+)"', visitor.get("login/verify/").content.decode())
    assert found
    assert found.group(1) == "0"


# --- What never sends ------------------------------------------------------------------------------------


def test_looking_reloading_and_wrong_codes_never_send(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """S3"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    clock.shift(61)
    for _ in range(3):
        visitor.get("login/verify/")
        visitor.client.head("/en/login/verify/", secure=True)
        visitor.get("login/delivery/")
        visitor.get("login/")
        visitor.get("login/resend/")
    for _ in range(2):
        visitor.code_step(wrong(code))
        visitor.get("login/verify/")
    clock.shift(121)
    visitor.code_step(code)
    visitor.get("login/verify/")
    assert sent_codes(amy) == 1
    assert len(handset.texts(amy.mobile)) == 1


def test_the_address_of_resend_cannot_be_opened_like_a_page(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S3"""
    visitor.password_step()
    clock.shift(61)
    assert visitor.get("login/resend/").status_code == 405
    assert sent_codes(amy) == 1


def test_a_resend_is_answered_with_a_redirect(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S3: reload after it asks for a page, not for one more text."""
    visitor.password_step()
    clock.shift(61)
    assert visitor.post("login/resend/").headers["Location"] == "/en/login/verify/"


def test_nobody_without_a_right_password_can_have_a_text_sent(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """L6, S3"""
    visitor.password_step(password="Wrong-2026-password")
    visitor.post("login/resend/")
    visitor.post("service/prove/resend/")
    assert sent_codes(amy) == 0


def test_after_logout_a_resend_sends_nothing(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S3, L8"""
    visitor.password_step()
    key = visitor.client.cookies["__Host-client"].value
    visitor.post("logout/")
    clock.shift(61)
    visitor.client.cookies["__Host-client"] = key
    visitor.post("login/resend/")
    assert sent_codes(amy) == 1
