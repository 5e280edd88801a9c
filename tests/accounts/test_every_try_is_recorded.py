"""Every try to get in leaves a row that says when, on which number, from where, with what, and how it ended."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause, Result, SignIn
from accounts.services import login, sign_ins, verification
from tests.accounts.steps import MORNING, WRONG
from tests.actors import PASSWORD, Handset, Visitor, text_of, wrong
from tests.reset import steps as reset
from tests.twofactor.phone import give_phone, suspend

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
Make = Callable[..., Customer]

FROZEN = {"state": AccountState.FROZEN, "frozen_at": MORNING, "freeze_cause": FreezeCause.CLIENT}


def wrong_password(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001")
    visitor.password_step("200001", WRONG)


def unknown_number(make: Make, visitor: Visitor, handset: Handset) -> None:
    visitor.password_step("200001", WRONG)


def frozen(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001", **FROZEN)
    visitor.password_step("200001")


def closed(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001", state=AccountState.CLOSED)
    visitor.password_step("200001")


def no_mobile(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001", mobile="")
    visitor.password_step("200001")


def phone_lost(make: Make, visitor: Visitor, handset: Handset) -> None:
    ben = make("200001", mobile="+85298765432")
    give_phone(ben)
    suspend(ben)
    visitor.password_step("200001")


def slowed(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001")
    for _ in range(6):
        visitor.password_step("200001", WRONG)


def no_verification(make: Make, visitor: Visitor, handset: Handset) -> None:
    token = verification.new_picture(timezone.now())
    digits = verification.picture_digits(token, timezone.now())
    assert digits
    form = {"number": "200001", "password": PASSWORD, "picture_token": token, "picture": wrong(digits)}
    visitor.post("login/", form)


def password_right(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001", mobile="+85298765432")
    visitor.password_step("200001")


def wrong_codes(make: Make, visitor: Visitor, handset: Handset) -> None:
    password_right(make, visitor, handset)
    code = handset.code("+85298765432")
    for _ in range(5):
        visitor.code_step(wrong(code))


def success(make: Make, visitor: Visitor, handset: Handset) -> None:
    password_right(make, visitor, handset)
    visitor.code_step(handset.code("+85298765432"))


def reset_asked(make: Make, visitor: Visitor, handset: Handset) -> None:
    make("200001", mobile="+85298765432")
    reset.begin(visitor, "200001")
    reset.worker()


def reset_done(make: Make, visitor: Visitor, handset: Handset) -> None:
    reset.replace(visitor, handset, make("200001", mobile="+85298765432"))


Kind = Callable[[Make, Visitor, Handset], None]
KINDS: dict[Kind, Result] = {
    unknown_number: Result.WRONG_PASSWORD,
    wrong_password: Result.WRONG_PASSWORD,
    frozen: Result.FROZEN,
    closed: Result.CLOSED,
    no_mobile: Result.NO_MOBILE,
    phone_lost: Result.PHONE_LOST,
    slowed: Result.SLOWED,
    no_verification: Result.NO_VERIFICATION,
    password_right: Result.PASSWORD_RIGHT,
    wrong_codes: Result.WRONG_CODES,
    success: Result.SUCCESS,
    reset_asked: Result.RESET_ASKED,
    reset_done: Result.RESET_DONE,
}


def test_no_kind_of_result_is_forgotten_here() -> None:
    """L11"""
    assert set(KINDS.values()) | {Result.STARTED} == set(Result)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_try_is_on_record(kind: Kind, make_client: Make, handset: Handset, clock: Clock) -> None:
    """L11"""
    visitor = Visitor("zh-hans", "198.51.100.23")
    visitor.client.cookies["__Host-browser"] = "6f1e7e1c-8d31-4d92-9f4d-0d8f6d6f3f11.made-up"
    kind(make_client, visitor, handset)
    row = SignIn.objects.latest("at")
    assert row.result == KINDS[kind]
    assert timedelta(0) <= timezone.now() - row.at < timedelta(minutes=1)
    assert row.number == "200001"
    assert row.address == "198.51.100.23"
    assert str(row.device) == "6f1e7e1c-8d31-4d92-9f4d-0d8f6d6f3f11"
    assert row.device_label == "Chrome / Windows"
    assert row.platform == "web"
    assert row.language == "zh-hans"
    known = kind not in {unknown_number, no_verification}
    assert (row.customer is not None) is known
    asked = {Result.PASSWORD_RIGHT, Result.WRONG_CODES, Result.SUCCESS, Result.RESET_DONE}
    assert row.method == ("sms" if row.result in asked else "")


def test_a_row_that_no_answer_was_found_for_counts_as_a_failure(amy: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """L11, L6: a process that dies in the middle gives no free try"""

    def die(*_: object) -> bool:
        raise MemoryError

    monkeypatch.setattr(login, "password_matches", die)
    visitor = Visitor("en")
    visitor.client.raise_request_exception = False
    for _ in range(5):
        assert visitor.password_step().status_code == 500
    assert set(SignIn.objects.values_list("result", flat=True)) == {Result.STARTED}
    assert visitor.password_step().status_code == 429


def test_the_client_sees_it_all_with_addresses_in_part(amy: Customer, handset: Handset, clock: Clock) -> None:
    """L11"""
    Visitor("en", "198.51.100.23").password_step("100001", WRONG)
    visitor = Visitor("en", "203.0.113.7")
    visitor.log_in(handset, amy)
    page = text_of(visitor.get("service/activity/"))
    assert "Wrong password" in page
    assert "Logged in" in page
    assert "198.51.•.•" in page
    assert "198.51.100.23" not in page


def test_nobody_sees_the_history_of_somebody_else(amy: Customer, make_client: Make, handset: Handset) -> None:
    """L11"""
    Visitor("en", "198.51.100.23").password_step("100001", WRONG)
    ben = make_client("100002", mobile="+85298765432")
    visitor = Visitor("en")
    visitor.log_in(handset, ben)
    assert "198.51" not in text_of(visitor.get("service/activity/"))


def test_tries_are_kept_two_years(amy: Customer, clock: Clock) -> None:
    """O7"""
    Visitor("en").password_step("100001", WRONG)
    clock.shift(timedelta(days=729))
    assert sign_ins.purge(timezone.now()) == 0
    clock.shift(timedelta(days=2))
    assert sign_ins.purge(timezone.now()) == 1
    assert not SignIn.objects.exists()
