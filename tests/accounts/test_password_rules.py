"""What a trading password must be, and how it is kept."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import (
    BCryptSHA256PasswordHasher,
    PBKDF2PasswordHasher,
    ScryptPasswordHasher,
    identify_hasher,
    make_password,
)
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import Customer, PasswordHistory
from tests.accounts.steps import attempt
from tests.actors import PASSWORD, Handset, Visitor
from twofactor.services.login import Step

pytestmark = pytest.mark.django_db


def refused_for(password: str, customer: Customer) -> set[str]:
    """The rules that a new password breaks."""
    try:
        validate_password(password, customer)
    except ValidationError as problem:
        return {str(error.code) for error in problem.error_list}
    return set()


@pytest.mark.parametrize(
    "password",
    [
        "Quiet-Lantern-77",
        "silver7kettle",
        "correct horse battery staple 1",
        "銀色茶壺七七八八9a",
        "x7" * 64,
        "1q!Z9w#Xc",
    ],
)
def test_a_good_password_is_taken(password: str, amy: Customer) -> None:
    """L10"""
    assert refused_for(password, amy) == set()


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("", "length"), ("k7Rw2mZ", "length"), ("x7" * 64 + "y", "length"),
        ("quietlanternsea", "letters_and_digits"), ("749302847561", "letters_and_digits"),
        ("--------", "letters_and_digits"), ("password1", "known"), ("Password1", "known"), ("qwerty123", "known"),
        ("iloveyou2024", "known"), ("dragon!!99", "known"), ("xx100001yy", "context_word"),
        ("my 100-001 pw", "context_word"), ("amyamy1x-amy@", ""),
    ],
)  # fmt: skip
def test_a_password_that_breaks_a_rule_is_refused(password: str, rule: str, amy: Customer) -> None:
    """L10"""
    if rule:
        assert rule in refused_for(password, amy)
    else:
        assert "context_word" not in refused_for(password, amy), "three letters stand in too many words"


@pytest.mark.parametrize(
    "password",
    [
        "DemoSec-2026-x",
        "demosec99",
        "示範證券2026a",
        "示范证券2026a",
        "Client-Tai-9Man-Benjamin",
        "x91234567y",
        "BENJAMIN77x",
        "ｂｅｎｊａｍｉｎ77x",
    ],
)
def test_nothing_that_a_stranger_would_try_first(password: str, make_client: Callable[..., Customer]) -> None:
    """L10: the firm, the number, the name, the contacts"""
    ben = make_client("100002", name="Ho Benjamin", mobile="+85291234567", email="benjamin.ho@example.com")
    assert "context_word" in refused_for(password, ben)


def test_none_of_the_last_eight_comes_back(amy: Customer) -> None:
    """L10"""
    earlier = [f"Quiet-Lantern-{place}" for place in range(9)]
    for password in earlier:
        PasswordHistory.objects.create(customer=amy, password=make_password(password))
    assert refused_for(PASSWORD, amy) == {"history"}, "the present one"
    for password in earlier[2:]:
        assert refused_for(password, amy) == {"history"}
    assert refused_for(earlier[1], amy) == set()


def test_each_rule_says_one_sentence(amy: Customer) -> None:
    """L10"""
    with pytest.raises(ValidationError) as problem:
        validate_password("pass", amy)
    assert all(re.fullmatch(r"[^.。]+[.。]", sentence) for sentence in problem.value.messages)


def test_a_password_is_kept_as_argon2id_with_our_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """L10"""
    monkeypatch.undo()  # the cheap hash of the tests
    assert re.match(r"argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$", make_password(PASSWORD))
    assert make_password(PASSWORD) != make_password(PASSWORD)


@pytest.fixture
def cheap_old_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The older algorithms with the least work."""
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
    monkeypatch.setattr(BCryptSHA256PasswordHasher, "rounds", 4)
    monkeypatch.setattr(ScryptPasswordHasher, "work_factor", 2**4)


@pytest.mark.usefixtures("cheap_old_hashes")
@pytest.mark.parametrize("algorithm", ["pbkdf2_sha256", "bcrypt_sha256", "scrypt"])
def test_an_older_kind_of_hash_becomes_argon2id_at_the_login(
    algorithm: str, make_client: Callable[..., Customer]
) -> None:
    """L10, O1"""
    old = make_password(PASSWORD, hasher=algorithm)
    ben = make_client("100002", mobile="+85298765432", password=old)
    assert attempt(ben.login).step == Step.WRONG
    ben.refresh_from_db()
    assert ben.password == old, "a wrong password upgrades nothing"
    assert attempt(ben.login, PASSWORD).step == Step.ASKED
    ben.refresh_from_db()
    assert identify_hasher(ben.password).algorithm == "argon2"
    assert attempt(ben.login, PASSWORD, address="192.0.2.1").step == Step.ASKED


def test_an_argon2_hash_of_other_cost_is_renewed_too(
    make_client: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """L10"""
    weak = make_password(PASSWORD)
    monkeypatch.undo()  # the cheap hash of the tests
    ben = make_client("100002", mobile="+85298765432", password=weak)
    assert attempt(ben.login, PASSWORD).step == Step.ASKED
    ben.refresh_from_db()
    assert "m=19456,t=2,p=1" in ben.password


@pytest.mark.usefixtures("cheap_old_hashes")
def test_the_code_after_an_upgrade_still_works(make_client: Callable[..., Customer], handset: Handset) -> None:
    """L10, C4: the hash is one of the facts a code is bound to"""
    ben = make_client("100002", mobile="+85298765432", password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    visitor = Visitor("en")
    assert visitor.log_in(handset, ben).headers["Location"] == "/en/home/"
