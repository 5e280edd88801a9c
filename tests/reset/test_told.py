"""Who hears of a reset, in which language, and what is found of it nowhere."""

from pathlib import Path

import pytest

from accounts.models import Customer
from tests.actors import Handset, Visitor, emails, run_relay, text_of
from tests.contacts.steps import NEW_EMAIL, NEW_MOBILE, change
from tests.reset.steps import (
    NEW,
    START,
    begin,
    choose,
    place,
    posted,
    replace,
    to_code,
    to_email,
    type_code,
    type_email_code,
    type_letter_code,
    worker,
)
from tests.sweeps.test_sentinel import CODE, assert_nowhere, known_secrets, whole_database
from tests.twofactor.steps import Clock
from tests.twofactor.switches import A_MINUTE

__all__ = ["known_secrets"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("contact", "new"), [("email", NEW_EMAIL), ("mobile", NEW_MOBILE)], ids=["e-mail", "mobile"])
def test_contacts_that_a_thief_replaced_hear_of_it(
    contact: str, new: str, owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3, N1"""
    thief = Visitor("en", "192.0.2.66")
    thief.log_in(handset, amy)
    clock.shift(A_MINUTE)
    change(thief, handset, amy, contact)
    former = {"email": amy.email, "mobile": amy.mobile}
    amy.refresh_from_db()
    assert getattr(amy, contact) == new
    clock.shift(86_400 * 20)
    replace(owner, handset, amy)
    for address in {former["email"], amy.email}:
        assert "password was reset" in str(emails(address)[-1].body)
    for number in {former["mobile"], amy.mobile}:
        assert "password was reset" in handset.texts(number)[-1]


@pytest.mark.parametrize(
    ("language", "mail", "sms", "done"),
    [
        ("zh-hant", "重設交易密碼", "「重設密碼」", "你的交易密碼已重設"),
        ("zh-hans", "重置交易密码", "“重置密码”", "您的交易密码已重置"),
        ("en", "reset your trading password", "password reset code", "Your trading password was reset"),
    ],
)
def test_the_whole_way_in_each_language(
    language: str, mail: str, sms: str, done: str, clock: Clock, amy: Customer, handset: Handset
) -> None:
    """O5, L10"""
    visitor = Visitor(language)
    assert place(type_email_code(visitor, to_email(visitor, amy))) == "code/"
    sent = str(emails(amy.email)[-1].body)
    assert mail in sent
    assert "http" not in sent
    text = handset.texts(amy.mobile)[-1]
    assert sms in text
    type_code(visitor, text[:6])
    assert place(choose(visitor)) == "done/"
    assert done in text_of(visitor.get(f"{START}done/"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("known_secrets")
def test_no_code_and_no_password_of_a_reset_is_kept_or_told_anywhere(
    clock: Clock, amy: Customer, handset: Handset, nudges: list[str], logged: list[str], tmp_path: Path
) -> None:
    """C6"""
    visitor = Visitor("en")
    begin(visitor, amy.login)
    assert worker() == 1
    assert_nowhere("database before sending", whole_database())
    type_email_code(visitor, "111111")
    assert place(type_email_code(visitor, CODE)) == "code/"
    type_code(visitor, "222222")
    assert place(type_code(visitor, CODE)) == "password/"
    choose(visitor, "Sentinel-Lantern-4712", "Sentinel-Mistyped-4713")
    assert place(choose(visitor, "Sentinel-Lantern-4712")) == "done/"
    run_relay()
    assert any(str(mail.body).startswith(CODE) for mail in emails(amy.email)), "the sentinel was really used"
    assert_nowhere("database", whole_database())
    assert_nowhere("log", "\n".join(logged))
    assert_nowhere("task arguments", "\n".join(nudges))
    assert_nowhere("cookies", str(visitor.client.cookies))
    assert_nowhere("subjects", "\n".join(str(mail.subject) for mail in emails(amy.email)))


def test_the_code_of_a_letter_is_kept_nowhere_when_it_is_typed(
    owner: Visitor, amy: Customer, handset: Handset, logged: list[str]
) -> None:
    """C6, T8"""
    _, code = posted(amy)
    begin(owner, amy.login, "letter")
    type_letter_code(owner, f"{code[:-1]}{'A' if code[-1] != 'A' else 'B'}")
    type_letter_code(owner, code)
    for where in (whole_database(), "\n".join(logged), str(owner.client.cookies)):
        assert code not in where
        assert code[:-1] not in where


def test_a_reset_gives_no_clue_to_the_new_password(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """C6"""
    to_code(owner, amy)
    type_code(owner, handset.code(amy.mobile))
    page = choose(owner, NEW, "Quiet-Lantern-78").content.decode()
    assert NEW not in page
    assert "Quiet-Lantern-78" not in page
