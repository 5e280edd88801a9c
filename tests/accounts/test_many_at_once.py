"""Many requests in the same instant get no more than they would one by one."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from http.cookies import SimpleCookie
from time import sleep

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, Result, SignIn
from accounts.services import login, verification
from portal.messaging import policy as sending
from tests.accounts.steps import WRONG, attempt, prove, together
from tests.actors import PASSWORD, Handset, Visitor, sent_codes, solve_json
from twofactor.services.login import Step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was compared."""
    seen: list[str] = []
    compare = login.password_matches

    def watched(customer: Customer | None, password: str) -> bool:
        seen.append(password)
        return compare(customer, password)

    monkeypatch.setattr(login, "password_matches", watched)
    return seen


def test_forty_wrong_passwords_at_once_are_no_more_than_the_free_ones(amy: Customer, judged: list[str]) -> None:
    """L6"""
    tries = [partial(attempt, f"{300000 + place}") for place in range(40)]
    steps = Counter(step.step for step in together(tries))
    assert set(steps) <= {Step.WRONG, Step.SLOWED}
    assert len(judged) == steps[Step.WRONG] <= policy.FREE_FAILURES_PER_SOURCE
    assert SignIn.objects.count() == 40


def test_forty_guesses_at_one_number_from_everywhere_are_no_more_than_the_free_ones(
    amy: Customer, judged: list[str]
) -> None:
    """L6"""
    tries = [partial(attempt, address=f"198.51.100.{place}") for place in range(40)]
    steps = Counter(step.step for step in together(tries))
    assert len(judged) == steps[Step.WRONG] <= policy.FREE_FAILURES_PER_NUMBER
    amy.refresh_from_db()
    assert not amy.frozen


def test_of_twenty_posts_with_one_proof_one_is_judged(amy: Customer, judged: list[str]) -> None:
    """L7"""
    proof = solve_json(verification.new_proof(timezone.now()))

    def post(place: int) -> HttpResponse:
        visitor = Visitor("en", f"198.51.100.{place}")
        return visitor.post("login/", {"number": "100001", "password": PASSWORD, "altcha": proof})

    answers = together([partial(post, place) for place in range(20)])
    assert Counter(answer.status_code for answer in answers) == {302: 1, 200: 19}
    assert len(judged) == 1
    assert sent_codes(amy) == 1


def test_of_twenty_posts_with_one_picture_one_is_judged(amy: Customer, judged: list[str]) -> None:
    """L7"""
    token = verification.new_picture(timezone.now())
    digits = verification.picture_digits(token, timezone.now()) or ""

    def post(place: int) -> HttpResponse:
        visitor = Visitor("en", f"198.51.100.{place}")
        form = {"number": "100001", "password": WRONG, "picture_token": token, "picture": digits}
        return visitor.post("login/", form)

    together([partial(post, place) for place in range(20)])
    assert len(judged) == 1
    assert SignIn.objects.count() == 1


def test_twelve_wrong_passwords_at_once_when_proving_are_no_more_than_five(
    amy: Customer, handset: Handset, let_in: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """L10: a stolen session is no place to guess in"""
    visitor = let_in(amy)
    visitor.get("service/password/")
    seen: list[str] = []
    compare = login.password_matches

    def watched(customer: Customer | None, password: str) -> bool:
        seen.append(password)
        sleep(0.1)  # a hash takes its time
        return compare(customer, password)

    monkeypatch.setattr(login, "password_matches", watched)
    cookies = visitor.client.cookies

    def post() -> HttpResponse:
        copy = Visitor("en")
        copy.client.cookies = SimpleCookie({name: morsel.value for name, morsel in cookies.items()})
        return copy.post("service/prove/", {"password": WRONG})

    together([post] * 12)
    assert len(seen) <= policy.PROVE_WRONG_PASSWORDS
    assert not visitor.inside


def test_one_proof_changes_the_password_once(
    amy: Customer, handset: Handset, let_in: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """L10"""
    monkeypatch.setattr(sending, "RESEND_WAIT", sending.RESEND_WAIT * 0)
    visitor = let_in(amy)
    prove(visitor, handset, amy)
    cookies = visitor.client.cookies

    def change(place: int) -> HttpResponse:
        copy = Visitor("en")
        copy.client.cookies = SimpleCookie({name: morsel.value for name, morsel in cookies.items()})
        new = f"Quiet-Lantern-{place}"
        return copy.post("service/password/", {"new_password": new, "repeat_password": new})

    answers = together([partial(change, place) for place in range(6)])
    assert Counter(answer.headers.get("Location") for answer in answers)["/en/home/"] == 1
    assert SignIn.objects.get().result == Result.SUCCESS
