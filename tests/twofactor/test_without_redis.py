"""Redis carries nudges and disposable copies: every rule of codes holds without it."""

import pytest
from django.core.cache import caches
from django.db import OperationalError

from accounts.models import Customer, SignIn
from tests.actors import Handset, Visitor, sent_codes, solve, text_of, wrong
from tests.twofactor.steps import Clock, count, frozen

pytestmark = pytest.mark.django_db

_OPERATIONS = ("get", "set", "add", "incr", "delete", "get_many", "set_many", "touch", "has_key", "clear")


@pytest.fixture(autouse=True)
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that fails whoever asks it for anything."""

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no Redis")

    for operation in _OPERATIONS:
        monkeypatch.setattr(type(caches["default"]), operation, fail)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


def test_a_client_logs_in_without_redis(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C7"""
    visitor.log_in(handset, amy)
    assert visitor.inside


def test_wrong_codes_are_counted_without_redis(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C3, C7"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    for expected in range(1, 6):
        visitor.code_step(wrong(code))
        assert count(amy) == expected
    assert frozen(amy)


def test_a_code_works_once_without_redis(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C2, C7"""
    visitor.log_in(handset, amy)
    used = handset.code(amy.mobile)
    visitor.post("logout/")
    visitor.password_step()
    visitor.code_step(used)
    assert not visitor.inside


def test_the_wait_holds_without_redis(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S2, C7"""
    visitor.password_step()
    clock.shift(30)
    visitor.post("login/resend/")
    assert sent_codes(amy) == 1


def test_a_system_verification_is_spent_once_without_redis(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """L7, C7"""
    solved = solve(visitor.get("login/").content.decode())
    form = {"number": "100001", "password": "Wrong-2026-password", "altcha": solved}
    for _ in range(3):
        visitor.post("login/", form)
    assert SignIn.objects.count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        "accounts.models.Customer.lock",
        "twofactor.services.challenges._recent",
        "accounts.services.sign_ins.finish_login",
    ],
)
def test_when_a_counter_or_a_record_cannot_be_read_nobody_gets_in(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """C7: neither with the right code nor with a wrong one, and the page says so."""
    visitor.password_step()
    code = handset.code(amy.mobile)

    def gone(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(broken, gone)
        answers = [visitor.code_step(wrong(code)), visitor.code_step(code)]
    assert any(answer.status_code == 503 and "nobody can log in" in text_of(answer) for answer in answers)
    assert not visitor.inside
    assert not SignIn.objects.filter(proven_at__isnull=False).exists()
