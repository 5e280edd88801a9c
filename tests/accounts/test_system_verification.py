"""The system verification: spent once, never forged, and there for everybody."""

import base64
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts import policy
from accounts.models import Customer, Result, SignIn
from accounts.services import verification
from portal.messaging.models import Message
from tests.accounts.steps import WRONG
from tests.actors import PASSWORD, Visitor, sent_codes, solve, solve_json, text_of

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def send(visitor: Visitor, **fields: str) -> HttpResponse:
    """Number and right password with whatever verification."""
    return visitor.post("login/", {"number": "100001", "password": PASSWORD, **fields})


def challenge_of(visitor: Visitor) -> dict[str, Any]:
    found = re.search(r'data-challenge="([^"]+)"', visitor.get("login/").content.decode())
    assert found
    asked: dict[str, Any] = json.loads(unescape(found.group(1)))
    return asked


def token_on(page: HttpResponse) -> str:
    found = re.search(r'name="picture_token" value="([^"]+)"', page.content.decode())
    assert found
    return found.group(1)


def digits_of(token: str) -> str:
    digits = verification.picture_digits(token, timezone.now())
    assert digits
    return digits


def assert_refused(page: HttpResponse) -> None:
    """The form again: picture shown, number kept, password gone, nothing sent, nothing learned."""
    body = page.content.decode()
    assert page.status_code == 200
    assert "There is a problem" in text_of(page)
    assert "<img" in re.sub(r"<noscript>.*?</noscript>", "", body, flags=re.DOTALL), "shown without <noscript>"
    assert 'value="100001"' in body
    assert PASSWORD not in body
    assert not Message.objects.exists()
    assert not SignIn.objects.filter(result=Result.PASSWORD_RIGHT).exists()


def forged(visitor: Visitor, **changes: Any) -> str:
    """A right answer whose terms were changed afterwards."""
    answer = json.loads(base64.b64decode(solve_json(json.dumps(challenge_of(visitor)))))
    answer["challenge"]["parameters"] |= changes
    return base64.b64encode(json.dumps(answer).encode()).decode()


def test_a_missing_verification_shows_the_picture(amy: Customer, visitor: Visitor) -> None:
    """L7"""
    assert_refused(send(Visitor("en")))


def test_a_proof_is_spent_once(amy: Customer) -> None:
    """L7"""
    visitor = Visitor("en")
    proof = solve(visitor.get("login/").content.decode())
    assert "is incorrect" in text_of(visitor.post("login/", {"number": "100001", "password": WRONG, "altcha": proof}))
    for number in ("100001", "999999"):
        again = visitor.post("login/", {"number": number, "password": PASSWORD, "altcha": proof})
        assert "The security check did not finish" in text_of(again)
    assert SignIn.objects.count() == 1
    assert not Message.objects.exists()


@pytest.mark.parametrize("changes", [{"cost": 2}, {"expiresAt": 4102444800}, {"nonce": "00" * 16}, {"salt": "00" * 16}])
def test_a_proof_whose_terms_were_changed_is_refused(changes: dict[str, Any], amy: Customer) -> None:
    """L7"""
    visitor = Visitor("en")
    assert_refused(send(visitor, altcha=forged(visitor, **changes)))


def test_a_proof_signed_with_another_key_is_refused(amy: Customer, settings: SettingsWrapper) -> None:
    """L7"""
    visitor = Visitor("en")
    ours = settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    proof = solve_json(verification.new_proof(timezone.now()))
    settings.SECRET_KEY = ours
    assert_refused(send(visitor, altcha=proof))


def test_an_expired_proof_is_refused(amy: Customer, clock: Clock) -> None:
    """L7"""
    visitor = Visitor("en")
    proof = solve(visitor.get("login/").content.decode())
    clock.shift(policy.VERIFICATION_LIFETIME + timedelta(seconds=2))
    assert_refused(send(visitor, altcha=proof))


def test_a_proof_without_the_work_is_refused(amy: Customer) -> None:
    """L7"""
    visitor = Visitor("en")
    answer = {"challenge": challenge_of(visitor), "solution": {"counter": 1, "derivedKey": "00" * 32, "time": 1}}
    assert_refused(send(visitor, altcha=base64.b64encode(json.dumps(answer).encode()).decode()))


BROKEN: list[Any] = [
    None, 5, "x", [], {}, {"challenge": 1}, {"challenge": {}, "solution": {}}, {"challenge": [], "solution": []},
    {"challenge": {"parameters": {}, "signature": 1}, "solution": {}}, {"challenge": None, "solution": None},
]  # fmt: skip
RAW = [
    "x",
    "=",
    "!!",
    "é",
    "\x00",
    "A" * 4097,
    base64.b64encode(b"[" * 3000).decode(),
    base64.b64encode(b"\xff").decode(),
]


@pytest.mark.parametrize("payload", [*(base64.b64encode(json.dumps(b).encode()).decode() for b in BROKEN), *RAW])
def test_a_broken_proof_is_just_wrong(payload: str, amy: Customer) -> None:
    """L7, L4"""
    page = send(Visitor("en"), altcha=payload)
    assert page.status_code == 200
    assert not SignIn.objects.exists()


@pytest.mark.parametrize("value", [None, 5, [], {}, "zz", "é", 1e308, True])
@pytest.mark.parametrize("where", ["signature", "derivedKey", "counter", "nonce", "keySignature", "cost"])
def test_a_real_challenge_with_a_twisted_part_is_just_wrong(where: str, value: Any, amy: Customer) -> None:
    """L7, L4"""
    visitor = Visitor("en")
    answer = json.loads(base64.b64decode(solve_json(json.dumps(challenge_of(visitor)))))
    parts = [answer["challenge"], answer["challenge"]["parameters"], answer["solution"]]
    for part in parts:
        if where in part:
            part[where] = value
    page = send(visitor, altcha=base64.b64encode(json.dumps(answer).encode()).decode())
    assert page.status_code == 302 if where == "counter" else page.status_code == 200


def test_the_picture_is_right_once(amy: Customer) -> None:
    """L7"""
    visitor = Visitor("en")
    token = token_on(visitor.get("login/"))
    right = {"picture_token": token, "picture": digits_of(token)}
    assert send(visitor, **right).status_code == 302
    assert_again = send(Visitor("en"), **right)
    assert assert_again.status_code == 200
    assert sent_codes(amy) == 1


@pytest.mark.parametrize("spelled", ["{0} {1} {2} {3} {4} {5}", "{0}{1}{2}-{3}{4}{5}"])
def test_the_picture_code_may_be_spelled_as_people_do(spelled: str, amy: Customer) -> None:
    """L7"""
    visitor = Visitor("en")
    token = token_on(visitor.get("login/"))
    assert send(visitor, picture_token=token, picture=spelled.format(*digits_of(token))).status_code == 302


def test_a_picture_is_spoiled_by_one_wrong_answer(amy: Customer) -> None:
    """L7, L11"""
    visitor = Visitor("en")
    token = token_on(visitor.get("login/"))
    right = digits_of(token)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    page = send(visitor, picture_token=token, picture=wrong)
    assert_refused(page)
    assert "Enter the digits that the picture shows now" in text_of(page)
    assert token_on(page) != token
    assert SignIn.objects.get().result == Result.NO_VERIFICATION
    assert send(visitor, picture_token=token, picture=right).status_code == 200
    assert not Message.objects.exists()


def test_an_old_or_forged_picture_is_refused(amy: Customer, clock: Clock) -> None:
    """L7"""
    visitor = Visitor("en")
    token = token_on(visitor.get("login/"))
    digits = digits_of(token)
    flipped = ("A" if token[20] != "A" else "B").join([token[:20], token[21:]])
    for forgery in (flipped, token[:-4], "", "é"):
        assert_refused(send(visitor, picture_token=forgery, picture=digits))
    for forgery in ("\x00", "A" * 600):
        assert "There is a problem" in text_of(send(visitor, picture_token=forgery, picture=digits))
    clock.shift(policy.VERIFICATION_LIFETIME + timedelta(seconds=2))
    assert_refused(send(visitor, picture_token=token, picture=digits))


def test_the_picture_can_be_seen_and_heard(visitor: Visitor) -> None:
    """L7"""
    token = token_on(visitor.get("login/"))
    picture, sound = visitor.get(f"login/picture.png?token={token}"), visitor.get(f"login/sound.wav?token={token}")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert sound.headers["Content-Type"] == "audio/wav"
    assert sound.content[:4] == b"RIFF"
    assert "no-store" in sound.headers["Cache-Control"]
    assert digits_of(token).encode() not in picture.content
    assert digits_of(token) not in token
    assert visitor.get("login/picture.png?token=forged").status_code == 404
    assert visitor.get("login/sound.wav?token=forged").status_code == 404


def test_the_operator_can_make_the_picture_the_normal_form(amy: Customer, settings: SettingsWrapper) -> None:
    """L7"""
    visitor = Visitor("en")
    proof = solve(visitor.get("login/").content.decode())
    settings.SYSTEM_VERIFICATION = "picture"
    page = visitor.get("login/")
    assert b"data-challenge" not in page.content
    assert b"<noscript>" not in page.content
    assert_refused(send(visitor, altcha=proof))
    token = token_on(page)
    assert send(visitor, picture_token=token, picture=digits_of(token)).status_code == 302
