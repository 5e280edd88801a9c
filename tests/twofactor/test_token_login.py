"""A login with the mobile security code, as the client sees it."""

from collections.abc import Callable

import pytest

from accounts.models import Customer, Result, SignIn
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails, sent_codes, text_of
from tests.twofactor.phone import STEP, Phone, give_phone, suspend, token_of
from tests.twofactor.steps import Clock, ask_password_change, count, english, frozen, page, prove_step, unfreeze
from twofactor import errors
from twofactor.models import Challenge, ChallengeState

pytestmark = pytest.mark.django_db
MakeClient = Callable[..., Customer]


@pytest.fixture
def ben(clock: Clock, make_client: MakeClient) -> Customer:
    return make_client("100002", mobile="+85261234568", email="ben@example.com")


@pytest.fixture
def phone(ben: Customer) -> Phone:
    return give_phone(ben)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


def arrive(visitor: Visitor, ben: Customer) -> None:
    """Number and password were right: the code page is next."""
    assert visitor.password_step(ben.login).headers["Location"] == "/en/login/verify/"


def tries(left: int) -> str:
    return english(errors.TOKEN_TRIES_LEFT, count=left)


def test_password_and_code_open_the_menu_and_no_text_message_is_sent(
    ben: Customer, phone: Phone, visitor: Visitor, handset: Handset
) -> None:
    """L1, N1: the notice goes by e-mail and names the method."""
    arrive(visitor, ben)
    assert visitor.code_step(phone.code()).headers["Location"] == "/en/home/"
    assert visitor.inside
    assert handset.texts(ben.mobile) == []
    assert sent_codes(ben) == 0
    notice = emails(ben.email)[-1]
    assert "流動保安編碼" in notice.body or "mobile security code" in notice.body.lower()
    sign_in = SignIn.objects.get()
    assert (sign_in.method, sign_in.result) == ("soft_token", Result.SUCCESS)


def test_the_code_page_speaks_of_the_method_in_use(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """T1: no timer, no resend, and no text message instead."""
    arrive(visitor, ben)
    shown = visitor.get("login/verify/").content.decode()
    said = page(visitor)
    assert "Enter the security code" in said
    assert "Mobile security code" in said
    assert "Ben’s phone" in said
    assert "/en/login/lost/" in shown
    assert "/en/help/lost-phone/" in shown
    for unwanted in ("data-left", "data-delivery", "login/resend", "code-sent"):
        assert unwanted not in shown
    for unwanted in ("text message", "SMS", "Resend", "Valid until", "Sent to", "Reference"):
        assert unwanted not in said


def test_the_page_beside_it_is_not_the_one_of_a_text_message(
    ben: Customer, phone: Phone, amy: Customer, visitor: Visitor
) -> None:
    """T1: parts of pages are kept, and each method has its own."""
    by_sms = Visitor("en")
    by_sms.password_step(amy.login)
    assert "No text message?" in page(by_sms)
    arrive(visitor, ben)
    assert "No text message?" not in page(visitor)
    assert "Report my phone as lost" in page(visitor)
    assert "Report my phone as lost" not in page(by_sms)


def test_asking_for_a_new_code_sends_nothing_and_says_nothing(
    ben: Customer, phone: Phone, visitor: Visitor, handset: Handset
) -> None:
    """S3"""
    arrive(visitor, ben)
    before = page(visitor)
    assert visitor.post("login/resend/").headers["Location"] == "/en/login/verify/"
    assert page(visitor) == before
    assert Challenge.objects.count() == 1
    assert handset.texts(ben.mobile) == []


def test_the_delivery_report_of_a_token_is_empty(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """S11"""
    arrive(visitor, ben)
    assert visitor.get("login/delivery/").json() == {"state": "none", "resend_seconds": 0}  # type: ignore[attr-defined]


def test_wrong_codes_are_counted_down_and_freeze_at_five(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """C3"""
    arrive(visitor, ben)
    for left in (4, 3, 2):
        visitor.code_step(phone.never())
        assert tries(left) in page(visitor)
    visitor.code_step(phone.never())
    assert english(errors.TOKEN_ONE_TRY_LEFT) in page(visitor)
    assert "frozen" in text_of(visitor.code_step(phone.never()))
    assert frozen(ben)
    assert SignIn.objects.get().result == Result.WRONG_CODES


def test_a_replay_in_another_browser_says_wait_and_costs_nothing(
    ben: Customer, phone: Phone, visitor: Visitor, clock: Clock
) -> None:
    """T2, C8"""
    other = Visitor("en", "198.51.100.9")
    arrive(visitor, ben)
    arrive(other, ben)
    visitor.code_step(phone.code())
    other.code_step(phone.code())
    assert english(errors.TOKEN_USED) in page(other)
    assert count(ben) == 0
    clock.shift(STEP)
    assert other.code_step(phone.code()).headers["Location"] == "/en/home/"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12345\0"])
def test_what_is_no_code_is_named_without_a_word_of_text_messages(
    typed: str, ben: Customer, phone: Phone, visitor: Visitor
) -> None:
    """L4"""
    arrive(visitor, ben)
    visitor.code_step(typed)
    said = page(visitor)
    assert english(errors.APP_CODE_SHAPE) in said
    assert english(errors.CODE_SHAPE) not in said
    assert count(ben) == 0


def test_two_codes_in_the_field_for_one_are_no_code(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """L4: only the page for two takes two."""
    arrive(visitor, ben)
    visitor.code_step(" ".join(phone.pair().values()))
    assert english(errors.APP_CODE_SHAPE) in page(visitor)
    assert not visitor.inside


def test_a_login_that_took_longer_than_ten_minutes_starts_again(
    ben: Customer, phone: Phone, visitor: Visitor, clock: Clock
) -> None:
    """L5"""
    arrive(visitor, ben)
    clock.shift(601)
    assert "session-ended" in visitor.code_step(phone.code()).headers["Location"]
    assert not visitor.inside


def test_late_in_the_login_a_fresh_code_still_works(
    ben: Customer, phone: Phone, visitor: Visitor, clock: Clock
) -> None:
    """T1: nothing expires after three minutes."""
    arrive(visitor, ben)
    clock.shift(595)
    assert visitor.code_step(phone.code()).headers["Location"] == "/en/home/"


# --- A lost phone --------------------------------------------------------------------------------------


def test_after_a_loss_report_the_password_reaches_only_the_page_about_it(
    ben: Customer, phone: Phone, visitor: Visitor, handset: Handset
) -> None:
    """T12"""
    suspend(ben)
    answer = visitor.password_step(ben.login)
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Your phone was reported as lost" in said
    assert "rebinding letter" in said
    assert SignIn.objects.get().result == Result.PHONE_LOST
    assert not Challenge.objects.exists()
    assert handset.texts(ben.mobile) == []
    for path in ("home/", "login/verify/", "login/clock/", "service/password/"):
        assert visitor.get(path).status_code == 302, path
    assert not visitor.inside


def test_a_wrong_password_does_not_tell_of_the_loss(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """L3"""
    suspend(ben)
    said = text_of(visitor.password_step(ben.login, "Wrong-2026-word"))
    assert "lost" not in said.replace("Lost phone", "").lower()


def test_an_unfreeze_does_not_bring_the_phone_back(
    ben: Customer, phone: Phone, visitor: Visitor, supervisor: Customer
) -> None:
    """T12: frozen is said first, lost after that."""
    suspend(ben)
    Customer.objects.filter(pk=ben.pk).update(state="frozen", frozen_at=ben.created_at, freeze_cause="client")
    assert "frozen" in text_of(visitor.password_step(ben.login))
    unfreeze(ben, supervisor)
    assert "Your phone was reported as lost" in text_of(visitor.password_step(ben.login))


# --- Inside --------------------------------------------------------------------------------------------


def test_home_shows_the_phone(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """T10"""
    arrive(visitor, ben)
    visitor.code_step(phone.code())
    said = page(visitor, "home/")
    assert "Mobile security code" in said
    assert "Ben’s phone" in said
    assert "Codes go to" not in said
    assert "mobile number on file" not in said


@pytest.mark.parametrize("mobile", ["", "+447700900123"])
def test_a_client_whose_mobile_lapsed_gets_in_with_the_phone_and_is_asked_for_a_number(
    mobile: str, ben: Customer, phone: Phone, visitor: Visitor
) -> None:
    """T11"""
    Customer.objects.filter(pk=ben.pk).update(mobile=mobile)
    arrive(visitor, ben)
    visitor.code_step(phone.code())
    assert "We have no valid mobile number on file for you." in page(visitor, "home/")


def test_a_journey_inside_asks_for_the_app_and_not_for_a_text_message(
    ben: Customer, phone: Phone, visitor: Visitor, handset: Handset, clock: Clock
) -> None:
    """K2, C4: the code of the login is spent; the next one proves."""
    arrive(visitor, ben)
    assert "Report my phone as lost" in page(visitor)
    code = phone.code()
    visitor.code_step(code)
    visitor.get("service/password/")
    assert "security code app" in page(visitor, "service/prove/")
    ask_password_change(visitor)
    said = page(visitor, "service/prove/code/")
    assert "Enter the security code" in said
    assert "Report my phone as lost" not in said, "that is for the door"
    prove_step(visitor, code)
    assert english(errors.TOKEN_USED) in page(visitor, "service/prove/code/")
    clock.shift(STEP)
    assert prove_step(visitor, phone.code()).headers["Location"] == "/en/service/password/"
    assert not Message.objects.filter(is_code=True).exists()


def test_a_journey_that_was_left_is_asked_anew(ben: Customer, phone: Phone, visitor: Visitor, clock: Clock) -> None:
    """C4: twenty minutes later, in the same session."""
    arrive(visitor, ben)
    visitor.code_step(phone.code())
    ask_password_change(visitor)
    for _ in range(2):
        clock.shift(600)
        visitor.get("home/")
    ask_password_change(visitor)
    assert prove_step(visitor, phone.code()).headers["Location"] == "/en/service/password/"
    states = Challenge.objects.filter(purpose="change_password").order_by("created_at").values_list("state", flat=True)
    assert list(states) == [ChallengeState.SUPERSEDED, ChallengeState.USED]


def test_a_code_at_the_door_is_worth_nothing_inside_and_counts_together(
    ben: Customer, phone: Phone, visitor: Visitor
) -> None:
    """C3: one counter, at the door and inside."""
    arrive(visitor, ben)
    visitor.code_step(phone.code())
    ask_password_change(visitor)
    for _ in range(3):
        prove_step(visitor, phone.never())
    other = Visitor("en", "198.51.100.9")
    arrive(other, ben)
    other.code_step(phone.never())
    assert english(errors.TOKEN_ONE_TRY_LEFT) in page(other)
    other.code_step(phone.never())
    assert frozen(ben)
    assert not visitor.inside


def test_the_step_that_was_accepted_is_kept(ben: Customer, phone: Phone, visitor: Visitor) -> None:
    """T2"""
    arrive(visitor, ben)
    visitor.code_step(phone.code(steps=-1))
    assert token_of(ben).last_step == phone.step - 1
    assert token_of(ben).drift == 0
