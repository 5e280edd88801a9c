"""Who cannot name the password learns nothing about an account."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.hashers import PortalArgon2Hasher
from accounts.models import AccountState, Customer, FreezeCause, Result, SignIn
from accounts.services import lockout
from portal.messaging.models import Message
from tests.accounts.steps import MORNING, WRONG, anonymous
from tests.actors import PASSWORD, Visitor, text_of

pytestmark = pytest.mark.django_db
Make = Callable[..., Customer]

FROZEN = {"state": AccountState.FROZEN, "frozen_at": MORNING, "freeze_cause": FreezeCause.CLIENT}


def nobody(make: Make) -> None:
    """No account has the number."""


def wrong(make: Make) -> None:
    make("200001")


def frozen(make: Make) -> None:
    make("200001", **FROZEN, freeze_reference="FABCDEFG")


def closed(make: Make) -> None:
    make("200001", state=AccountState.CLOSED)


def disabled(make: Make) -> None:
    make("200001", is_active=False)


def without_password(make: Make) -> None:
    make("200001", password="!never")


def without_mobile(make: Make) -> None:
    make("200001", mobile="")


def has_to_change(make: Make) -> None:
    make("200001", must_change_password=True)


KINDS = [wrong, frozen, closed, disabled, without_password, without_mobile, has_to_change]


def answer(number: str, password: str) -> tuple[int, dict[str, str], dict[str, dict[str, str]], str]:
    """Status, headers, cookies and body of one login, without what is random."""
    visitor = Visitor("en")
    response = visitor.password_step(number, password)
    headers = {name: value for name, value in response.headers.items() if name not in {"X-Request-ID", "Expires"}}
    cookies = {name: {"path": morsel["path"]} for name, morsel in response.cookies.items()}
    return response.status_code, headers, cookies, anonymous(response.content.decode(), number)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_wrong_password_gets_the_answer_of_an_unknown_number(kind: Callable[[Make], None], make_client: Make) -> None:
    """L3"""
    kind(make_client)
    assert answer("200001", WRONG) == answer("999999", WRONG)


@pytest.mark.parametrize("kind", [closed, disabled], ids=lambda kind: kind.__name__)
def test_a_closed_account_is_unknown_even_with_the_right_password(
    kind: Callable[[Make], None], make_client: Make
) -> None:
    """L3, L9"""
    kind(make_client)
    assert answer("200001", PASSWORD) == answer("999999", WRONG)
    assert not Message.objects.exists()


@pytest.mark.parametrize("kind", [nobody, *KINDS], ids=lambda kind: kind.__name__)
def test_every_refusal_costs_one_hash(
    kind: Callable[[Make], None], make_client: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L3"""
    kind(make_client)
    answer("999998", WRONG)  # the hash that stands for unknown accounts is made once per process
    work: list[str] = []
    verify, encode = PortalArgon2Hasher.verify, PortalArgon2Hasher.encode

    def counted_verify(self: PortalArgon2Hasher, password: str, encoded: str) -> bool:
        work.append(password)
        return bool(verify(self, password, encoded))

    def counted_encode(self: PortalArgon2Hasher, password: str, salt: str) -> str:
        work.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(PortalArgon2Hasher, "verify", counted_verify)
    monkeypatch.setattr(PortalArgon2Hasher, "encode", counted_encode)
    answer("200001", WRONG)
    assert work == [WRONG]


def shapes(number: str) -> list[str]:
    """The statements of one refused login, without their values."""
    visitor = Visitor("en")
    with CaptureQueriesContext(connection) as captured:
        visitor.password_step(number, WRONG)
    # The banner's copy of the emergency is read every few seconds, whoever asks.
    statements = [
        query["sql"] for query in captured if not query["sql"].startswith('SELECT 1 AS "a" FROM "accounts_em')
    ]
    return [re.sub(r"\b(NULL|\d+|s\d+_x\d+)\b", "?", re.sub(r"'[^']*'", "?", statement)) for statement in statements]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_database_is_asked_the_same_for_known_and_unknown_numbers(
    kind: Callable[[Make], None], make_client: Make
) -> None:
    """L3"""
    kind(make_client)
    unknown = shapes("999999")
    assert len(unknown) > 2
    assert shapes("200001") == unknown


def test_frozen_is_said_after_the_right_password_and_sends_no_code(make_client: Make) -> None:
    """L3, L11"""
    frozen(make_client)
    visitor = Visitor("en")
    page = visitor.password_step("200001", PASSWORD)
    assert page.status_code == 200
    assert "Your online login is frozen" in text_of(page)
    assert "FABCDEFG" in text_of(page)
    assert not Message.objects.filter(is_code=True).exists()
    assert SignIn.objects.get().result == Result.FROZEN
    assert visitor.get("login/verify/").status_code == 302
    assert not visitor.inside


def test_no_mobile_is_said_after_the_right_password_only(no_mobile: Customer) -> None:
    """L3, T11"""
    visitor = Visitor("en")
    page = visitor.password_step(no_mobile.login, PASSWORD)
    assert "No mobile number for codes" in text_of(page)
    assert not visitor.inside
    assert SignIn.objects.get().result == Result.NO_MOBILE


def test_that_everybody_is_frozen_is_said_after_the_right_password_only(make_client: Make) -> None:
    """L3, L9"""
    wrong(make_client)
    lockout.freeze_all(reason="drill", actor=None, now=MORNING)
    assert answer("200001", WRONG) == answer("999999", WRONG)
    page = Visitor("en").password_step("200001", PASSWORD)
    assert page.status_code in {200, 503}
    assert not Message.objects.exists()
