"""What a client is told by e-mail, in the own language, and how often."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, FreezeCause, Method
from accounts.services import lockout
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice, notice_email, notice_sms
from tests.accounts.steps import attempt, choose, prove
from tests.actors import PASSWORD, Handset, Visitor, emails, sent_codes, wrong
from twofactor.services.login import Step, tell_unfinished

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def subject(notice: Notice, language: str = "en") -> str:
    """The subject of a notice."""
    detail = Detail()
    return notice_email(notice, language=language, customer="", tail="", when="", detail=detail)[0]


def subjects(customer: Customer) -> list[str]:
    return [str(mail.subject) for mail in emails(customer.email)]


def unfreeze(customer: Customer) -> None:
    chan = Customer.objects.create_staff("chan", is_superuser=True)
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        lockout.unfreeze_approved(locked, staff=chan, facts={"reason": "called"}, now=timezone.now())


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans", "en"])
def test_login_change_freeze_and_unfreeze_are_told_in_the_clients_language(
    language: str, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """N1"""
    visitor = Visitor(language)
    visitor.log_in(handset, amy)
    clock.shift(61)
    prove(visitor, handset, amy)
    choose(visitor, "Quiet-Lantern-77")
    visitor.post("service/activity/not-me/")
    unfreeze(amy)
    events = (Notice.LOGIN, Notice.PASSWORD_CHANGED, Notice.FROZEN, Notice.UNFROZEN)
    assert sorted(subjects(amy)) == sorted(subject(event, language) for event in events)


def test_a_notice_says_when_how_and_on_which_account(amy: Customer, handset: Handset, clock: Clock) -> None:
    """N1, N2"""
    Visitor("en").log_in(handset, amy)
    mail = emails(amy.email)[0]
    assert "Dear Chan Tai Man Amy" in mail.body
    assert "account ending 01" in mail.body
    assert "19 Nov 2035, 10:00" in mail.body
    assert "text message (SMS)" in mail.body
    assert "Chrome / Windows" in mail.body
    assert amy.login not in mail.body
    assert amy.mobile not in mail.body


def test_the_wrong_codes_that_freeze_are_told_at_once(amy: Customer, handset: Handset) -> None:
    """N1"""
    Customer.objects.update(language="en")
    visitor = Visitor("en")
    visitor.password_step()
    code = handset.code(amy.mobile)
    for _ in range(5):
        visitor.code_step(wrong(code))
    amy.refresh_from_db()
    assert amy.freeze_cause == FreezeCause.WRONG_CODES
    (mail,) = emails(amy.email)
    assert mail.subject == subject(Notice.FROZEN)
    assert amy.freeze_reference in mail.body


def test_a_login_without_its_code_is_told_after_ten_minutes(amy: Customer, clock: Clock) -> None:
    """N1"""
    Customer.objects.update(language="en")
    assert attempt(password=PASSWORD).step == Step.ASKED
    clock.shift(timedelta(minutes=9, seconds=50))
    assert tell_unfinished(timezone.now()) == 0
    clock.shift(20)
    assert tell_unfinished(timezone.now()) == 1
    assert tell_unfinished(timezone.now()) == 0, "told once"
    assert subjects(amy) == [subject(Notice.UNFINISHED_LOGIN)]


def test_it_is_told_at_most_once_an_hour(amy: Customer, clock: Clock) -> None:
    """N1"""
    for place in range(5):
        attempt(password=PASSWORD, address=f"198.51.100.{place}")
    clock.shift(timedelta(minutes=11))
    assert tell_unfinished(timezone.now()) == 1
    attempt(password=PASSWORD)
    clock.shift(timedelta(minutes=20))
    assert tell_unfinished(timezone.now()) == 0


def test_whoever_goes_on_is_told_of_every_hour(amy: Customer, clock: Clock) -> None:
    """N1: an hour of silence is not made longer by what happens in it"""
    Customer.objects.update(language="en")
    for _ in range(18):
        attempt(password=PASSWORD)
        clock.shift(timedelta(minutes=10, seconds=5))
        tell_unfinished(timezone.now())
    assert len(subjects(amy)) in {3, 4}


def test_a_known_browser_that_stops_is_no_news(
    amy: Customer, let_in: Callable[..., Visitor], handset: Handset, clock: Clock
) -> None:
    """N1"""
    visitor = let_in(amy)
    visitor.post("logout/")
    clock.shift(61)
    visitor.password_step()
    clock.shift(timedelta(minutes=11))
    assert tell_unfinished(timezone.now()) == 0


def test_a_finished_login_is_not_told_as_unfinished(amy: Customer, handset: Handset, clock: Clock) -> None:
    """N1"""
    Visitor("en").log_in(handset, amy)
    clock.shift(timedelta(minutes=11))
    assert tell_unfinished(timezone.now()) == 0


def frozen_amy(amy: Customer) -> None:
    lockout.freeze_for_client(amy, now=timezone.now())
    Customer.objects.filter(pk=amy.pk).update(language="en")


def told_of_frozen_logins(amy: Customer) -> int:
    return subjects(amy).count(subject(Notice.FROZEN_LOGIN))


def test_the_right_password_on_a_frozen_account_is_told_at_most_once_an_hour(amy: Customer, clock: Clock) -> None:
    """N1"""
    frozen_amy(amy)
    for _ in range(3):
        assert attempt(password=PASSWORD).step == Step.FROZEN
        clock.shift(600)
    assert told_of_frozen_logins(amy) == 1
    clock.shift(3600)
    attempt(password=PASSWORD)
    assert told_of_frozen_logins(amy) == 2


def test_whoever_goes_on_trying_a_frozen_account_is_told_of_every_hour(amy: Customer, clock: Clock) -> None:
    """N1: an hour of silence is not made longer by what happens in it"""
    frozen_amy(amy)
    for _ in range(18):
        attempt(password=PASSWORD)
        clock.shift(600)
    assert told_of_frozen_logins(amy) == 3


def test_a_wrong_password_on_a_frozen_account_is_not_told(amy: Customer) -> None:
    """N1, L3"""
    frozen_amy(amy)
    attempt()
    assert told_of_frozen_logins(amy) == 0


def test_who_has_no_email_address_is_asked_for_one(make_client: Callable[..., Customer], handset: Handset) -> None:
    """N1"""
    ben = make_client("100002", mobile="+85298765432", email="")
    visitor = Visitor("en")
    visitor.log_in(handset, ben)
    assert b"We have no e-mail address on file for you." in visitor.get("home/").content


def with_the_app(client: Customer, **fields: object) -> Customer:
    """A client whose login uses no text messages."""
    Customer.objects.filter(pk=client.pk).update(method=Method.SOFT_TOKEN, language="en", **fields)
    client.refresh_from_db()
    return client


def tell(client: Customer, notice: Notice) -> list[str]:
    """Tell it; by which channels."""
    with transaction.atomic():
        return sorted(message.channel for message in notices.tell(client, notice, now=timezone.now()))


@pytest.mark.parametrize("notice", Notice)
def test_with_the_app_and_no_email_address_text_messages_tell(notice: Notice, amy: Customer, handset: Handset) -> None:
    """N1: a channel other than the login's; what comes along with a change is not said twice"""
    client = with_the_app(amy, email="")
    by_email_only = {Notice.TOKEN_BOUND, Notice.TOKEN_REMOVED, Notice.FROZEN_RESET}
    expected = [] if notice in by_email_only else ["sms"]
    assert tell(client, notice) == expected
    assert handset.texts(amy.mobile) == [notice_sms(notice, language="en", tail="01")] * len(expected)
    assert notices.has_channel(client)
    assert sent_codes(client) == 0


#: Whatever changes how a client logs in or is reached; and a test, which tries both.
TO_BOTH = {
    Notice.METHOD_CHANGED, Notice.METHOD_WITHDRAWN, Notice.PHONE_LOST, Notice.PASSWORD_RESET, Notice.PASSWORD_VOIDED,
    Notice.MOBILE_CHANGED, Notice.EMAIL_CHANGED, Notice.ADDRESS_CHANGED, Notice.LETTER_SPOILT,
    Notice.PASSWORD_LETTER_POSTED, Notice.REBINDING_LETTER_POSTED, Notice.TEST,
}  # fmt: skip


@pytest.mark.parametrize("notice", Notice)
def test_change_and_loss_are_told_by_both_and_the_rest_by_email(notice: Notice, amy: Customer) -> None:
    """N1"""
    both = notice in TO_BOTH
    assert tell(amy, notice) == (["email", "sms"] if both else ["email"])
    assert tell(with_the_app(amy), notice) == (["email", "sms"] if both else ["email"])


def test_text_messages_do_not_tell_of_a_login_by_text_message(amy: Customer) -> None:
    """N1"""
    Customer.objects.filter(pk=amy.pk).update(email="")
    amy.refresh_from_db()
    assert not notices.has_channel(amy)
    assert tell(amy, Notice.LOGIN) == []
    assert tell(with_the_app(amy, mobile=""), Notice.PHONE_LOST) == []


def test_an_alert_is_no_code_and_holds_no_code_up(amy: Customer, handset: Handset) -> None:
    """S2, N1: a client who was just told of a change can be sent a code at once"""
    tell(amy, Notice.METHOD_CHANGED)
    handset.texts(amy.mobile)
    Visitor("en").password_step()
    assert sent_codes(amy) == 1
