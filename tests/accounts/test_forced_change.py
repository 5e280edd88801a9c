"""Who owes a new password does nothing else first."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, SignIn
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.accounts.steps import choose, prove
from tests.actors import Handset, Visitor, text_of, wrong
from tests.sweeps.routes import client_paths

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
LetIn = Callable[..., Visitor]
NEW = "Quiet-Lantern-77"
OPEN_TO_ALL = (
    "help/", "privacy/", "accessibility/", "login/session-ended/", "login/picture.png", "login/sound.wav",
    "login/delivery/", "login/reset/",
)  # fmt: skip


@pytest.fixture
def newcomer(make_client: Callable[..., Customer]) -> Customer:
    return make_client("100002", mobile="+85298765432", must_change_password=True)


def enter(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    visitor.password_step(customer.login)
    visitor.code_step(handset.code(customer.mobile))


def test_the_first_login_leads_to_a_new_password(newcomer: Customer, handset: Handset) -> None:
    """L10"""
    visitor = Visitor("en")
    enter(visitor, handset, newcomer)
    assert visitor.get("home/").headers["Location"] == "/en/service/password/"
    page = visitor.get("service/password/")
    assert "Please choose a new trading password before you go on." in text_of(page)
    assert choose(visitor, "password1").status_code == 200
    assert choose(visitor, NEW).headers["Location"] == "/en/home/"
    assert visitor.inside
    newcomer.refresh_from_db()
    assert not newcomer.must_change_password


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_else_opens_before_that(method: str, newcomer: Customer, handset: Handset) -> None:
    """L10"""
    visitor = Visitor("en")
    enter(visitor, handset, newcomer)
    for path in client_paths():
        if path.startswith(OPEN_TO_ALL) or path in {"logout/", "login/", "session/extend/", "service/password/"}:
            continue
        answer = visitor.get(path) if method == "get" else visitor.post(path)
        assert answer.status_code in {302, 405, 410}, path
        while answer.status_code == 302 and answer.headers["Location"] != "/en/service/password/":
            answer = visitor.get(answer.headers["Location"].removeprefix("/en/"))
        assert answer.status_code in {302, 405, 410}, path
    assert SignIn.objects.get().proven_at
    assert visitor.get("service/password/").status_code == 200
    assert visitor.post("logout/").status_code == 302


def test_who_takes_longer_over_it_proves_password_and_code_once_more(
    newcomer: Customer, handset: Handset, clock: Clock
) -> None:
    """L10"""
    visitor = Visitor("en")
    enter(visitor, handset, newcomer)
    clock.shift(timedelta(minutes=5, seconds=5))
    assert choose(visitor, NEW).headers["Location"] == "/en/service/prove/"
    prove(visitor, handset, newcomer)
    assert visitor.get("home/").headers["Location"] == "/en/service/password/"
    assert choose(visitor, NEW).headers["Location"] == "/en/home/"
    assert visitor.inside


def test_the_same_password_again_is_no_change(newcomer: Customer, handset: Handset) -> None:
    """L10"""
    visitor = Visitor("en")
    enter(visitor, handset, newcomer)
    assert "must not be one of your last 8" in text_of(choose(visitor, "Harbour-2026-demo"))
    newcomer.refresh_from_db()
    assert newcomer.must_change_password


def guess(customer: Customer, handset: Handset, clock: Clock, times: int) -> None:
    """Logins with two wrong codes each before the right one, a day apart."""
    for _ in range(times):
        visitor = Visitor("en")
        visitor.password_step(customer.login)
        code = handset.code(customer.mobile)
        visitor.code_step(wrong(code))
        visitor.code_step(wrong(code))
        visitor.code_step(code)
        clock.shift(24 * 3600)


def test_twenty_wrong_codes_in_thirty_days_force_a_new_password(amy: Customer, handset: Handset, clock: Clock) -> None:
    """C10: right ones in between reset nothing"""
    guess(amy, handset, clock, 9)
    amy.refresh_from_db()
    assert not amy.must_change_password
    guess(amy, handset, clock, 1)
    amy.refresh_from_db()
    assert amy.must_change_password
    assert not amy.frozen
    assert AuditRecord.objects.filter(event=Event.PASSWORD_CHANGE_FORCED, subject=amy).count() == 1
    visitor = Visitor("en")
    enter(visitor, handset, amy)
    assert visitor.get("home/").headers["Location"] == "/en/service/password/"


def test_wrong_codes_older_than_thirty_days_count_no_more(amy: Customer, handset: Handset, clock: Clock) -> None:
    """C10"""
    guess(amy, handset, clock, 9)
    clock.shift(policy.SLOW_GUESS_WINDOW)
    guess(amy, handset, clock, 2)
    amy.refresh_from_db()
    assert not amy.must_change_password


def test_with_a_new_password_the_count_begins_anew(amy: Customer, handset: Handset, clock: Clock) -> None:
    """C10: whoever guessed has lost the password; one slip of the owner forces nothing again"""
    guess(amy, handset, clock, 10)
    visitor = Visitor("en")
    enter(visitor, handset, amy)
    assert choose(visitor, NEW).headers["Location"] == "/en/home/"
    clock.shift(24 * 3600)
    later = Visitor("en")
    later.password_step(amy.login, NEW)
    code = handset.code(amy.mobile)
    later.code_step(wrong(code))
    later.code_step(code)
    amy.refresh_from_db()
    assert not amy.must_change_password


def test_a_session_from_before_the_force_still_proves_password_and_code(
    amy: Customer, let_in: LetIn, clock: Clock
) -> None:
    """L10: only a login that has just proven both needs no proof of its own"""
    visitor = let_in(amy)
    clock.shift(600)
    Customer.objects.filter(pk=amy.pk).update(must_change_password=True)
    assert visitor.get("home/").status_code == 302
    choose(visitor, NEW)
    amy.refresh_from_db()
    assert not amy.check_password(NEW)


def test_the_home_page_reminds_after_ninety_days_and_forces_nothing(amy: Customer, let_in: LetIn) -> None:
    """L10"""
    Customer.objects.filter(pk=amy.pk).update(password_changed_at=timezone.now() - policy.PASSWORD_REMINDER)
    visitor = let_in(amy)
    assert "Your trading password is 90 days old." in text_of(visitor.get("home/"))
    Customer.objects.filter(pk=amy.pk).update(password_changed_at=timezone.now())
    assert "days old" not in text_of(visitor.get("home/"))
