"""Changing the password: password and code once more, then everything else ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings

from accounts.models import Customer, EndReason, PasswordHistory, Purpose, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.accounts.steps import WRONG, attempt, choose, key_of, prove, with_cookie
from tests.actors import PASSWORD, Handset, Visitor, emails, sent_codes, text_of
from twofactor.services.login import Step

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
LetIn = Callable[..., Visitor]
NEW = "Quiet-Lantern-77"


@pytest.fixture
def inside(amy: Customer, let_in: LetIn, clock: Clock) -> Visitor:
    """Amy's browser a minute after its login, when a new code can be sent."""
    visitor = let_in(amy)
    clock.shift(61)
    return visitor


def test_it_asks_password_and_a_fresh_code_first(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L10"""
    assert inside.get("service/password/").headers["Location"] == "/en/service/prove/"
    assert choose(inside, NEW).headers["Location"] == "/en/service/prove/"
    assert inside.get("service/prove/code/").headers["Location"] == "/en/service/prove/"
    inside.post("service/prove/", {"password": PASSWORD})
    assert sent_codes(amy) == 2
    assert choose(inside, NEW).headers["Location"] == "/en/service/prove/"
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)


def test_a_new_password_is_in_effect_at_once(amy: Customer, inside: Visitor, handset: Handset, clock: Clock) -> None:
    """L10, N1"""
    assert prove(inside, handset, amy).headers["Location"] == "/en/service/password/"
    before = key_of(inside)
    assert choose(inside, NEW).headers["Location"] == "/en/home/"
    assert "Your trading password was changed." in text_of(inside.get("home/"))
    assert not with_cookie(settings.CLIENT_COOKIE_NAME, before).inside, "the session has a new key"
    assert attempt().step == attempt(password=PASSWORD).step == Step.WRONG
    assert attempt(password=NEW).step == Step.ASKED
    amy.refresh_from_db()
    assert PasswordHistory.objects.filter(customer=amy).count() == 1
    assert AuditRecord.objects.filter(event=Event.PASSWORD_CHANGED, actor=amy, subject=amy).count() == 1
    assert any("交易密碼已更改" in mail.subject for mail in emails(amy.email)) or any(
        "password was changed" in mail.subject for mail in emails(amy.email)
    )


def test_a_proof_is_good_for_five_minutes(amy: Customer, inside: Visitor, handset: Handset, clock: Clock) -> None:
    """L10"""
    prove(inside, handset, amy)
    clock.shift(timedelta(minutes=4, seconds=50))
    assert inside.get("service/password/").status_code == 200
    clock.shift(15)
    assert choose(inside, NEW).headers["Location"] == "/en/service/prove/"
    assert inside.get("service/password/").headers["Location"] == "/en/service/prove/"
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)


def test_a_proof_is_used_once(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L10"""
    prove(inside, handset, amy)
    assert choose(inside, NEW).headers["Location"] == "/en/home/"
    assert choose(inside, "Other-Lantern-78").headers["Location"] == "/en/service/prove/"
    amy.refresh_from_db()
    assert amy.check_password(NEW)


def test_a_refused_password_does_not_use_the_proof_up(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L10"""
    prove(inside, handset, amy)
    page = choose(inside, "password1")
    assert page.status_code == 200
    assert "password1" not in page.content.decode()
    assert choose(inside, NEW).headers["Location"] == "/en/home/"


def test_the_two_fields_must_agree(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L10"""
    prove(inside, handset, amy)
    page = inside.post("service/password/", {"new_password": NEW, "repeat_password": NEW + "x"})
    assert "The two new passwords are not the same." in text_of(page)
    for broken in ({}, {"new_password": NEW}, {"new_password": "\x00" * 9, "repeat_password": "\x00" * 9}):
        assert inside.post("service/password/", broken).status_code == 200


def test_a_proof_for_another_purpose_is_no_proof(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L10, C4"""
    prove(inside, handset, amy)
    SignIn.objects.update(proof=Purpose.LOGIN)
    assert inside.get("service/password/").headers["Location"] == "/en/service/prove/"
    assert choose(inside, NEW).headers["Location"] == "/en/service/prove/"


def test_the_code_of_a_login_does_not_prove_again(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L10, C4"""
    Visitor("en", "192.0.2.4").password_step()
    login_code = handset.code(amy.mobile)
    inside.get("service/password/")
    inside.post("service/prove/", {"password": PASSWORD})
    answer = inside.post("service/prove/code/", {"code": login_code})
    assert answer.headers["Location"] == "/en/service/prove/code/"
    assert inside.get("service/password/").headers["Location"] == "/en/service/prove/"


def test_five_wrong_passwords_when_proving_end_the_session(amy: Customer, inside: Visitor) -> None:
    """L10"""
    inside.get("service/password/")
    for _ in range(4):
        assert "The trading password is incorrect." in text_of(inside.post("service/prove/", {"password": WRONG}))
        assert inside.inside
    assert inside.post("service/prove/", {"password": WRONG}).headers["Location"].endswith("?reason=limit")
    assert not inside.inside
    assert SignIn.objects.get().end_reason == EndReason.GUESSING
    amy.refresh_from_db()
    assert not amy.frozen
    assert amy.wrong_codes == 0


def test_wrong_passwords_when_proving_send_nothing(amy: Customer, inside: Visitor) -> None:
    """L10, L6"""
    inside.get("service/password/")
    for typed in (WRONG, "", "\x00", "x" * 5000, " "):
        assert inside.post("service/prove/", {"password": typed}).status_code == 200
    assert sent_codes(amy) == 1


def test_the_password_sent_twice_leaves_a_way_on(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """C8, S2: back and continue within the minute sends no second code, and says so rather than naming a newer one"""
    inside.get("service/password/")
    inside.post("service/prove/", {"password": PASSWORD})
    code = handset.code(amy.mobile)
    inside.post("service/prove/", {"password": PASSWORD})
    assert handset.code(amy.mobile) == code
    answer = inside.post("service/prove/code/", {"code": code})
    passed = answer.headers["Location"] == "/en/service/password/"
    assert passed or "newest message" not in text_of(inside.get("service/prove/code/"))


def test_a_session_ended_meanwhile_changes_nothing(amy: Customer, inside: Visitor, handset: Handset) -> None:
    """L9, L10"""
    prove(inside, handset, amy)
    sign_ins.end(SignIn.objects.get(), EndReason.ELSEWHERE, now=SignIn.objects.get().at)
    assert choose(inside, NEW).headers["Location"].startswith("/en/login/session-ended/")
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)
