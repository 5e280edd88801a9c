"""Whatever page takes a secret, guessing at it comes to an end."""

import re
from collections.abc import Callable

import pytest
import time_machine

from accounts.models import Customer
from portal.letters.models import State as LetterState
from portal.messaging.models import Message
from tests.accounts.steps import WRONG, prove
from tests.actors import PASSWORD, Handset, Visitor, wrong
from tests.contacts.steps import code_to, to_code
from tests.contacts.steps import confirm as confirm_contact
from tests.rebinding.steps import NO_CODE, letter_state, posted, type_app, type_letter
from tests.rebinding.steps import to_key as to_key_by_letter
from tests.reset import steps as reset
from tests.sweeps.routes import client_paths
from tests.sweeps.states import inside
from tests.twofactor.switches import (
    app_code,
    bind,
    confirm,
    confirm_sms,
    not_the_code,
    sms_code,
    to_key,
    to_number,
)
from twofactor.models import SoftToken

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller

_SECRET = re.compile(r'<input[^>]*(?:type="password"|autocomplete="one-time-code"|name="letter")')


def guess_at_login(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    visitor.post("logout/")
    answers = [visitor.password_step(password=WRONG).status_code for _ in range(12)]
    assert answers[-1] == 429, "also from a browser that is known"
    assert visitor.password_step().status_code == 429


def guess_at_the_code(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    visitor.post("logout/")
    visitor.password_step()
    code = handset.code(amy.mobile)
    for _ in range(5):
        visitor.code_step(wrong(code))
    amy.refresh_from_db()
    assert amy.frozen
    visitor.code_step(code)
    assert not visitor.inside


def guess_when_proving(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    visitor.get("service/password/")
    for _ in range(5):
        visitor.post("service/prove/", {"password": WRONG})
    assert not visitor.inside


def guess_at_the_code_when_proving(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    visitor.get("service/password/")
    visitor.post("service/prove/", {"password": PASSWORD})
    code = handset.code(amy.mobile)
    for _ in range(5):
        visitor.post("service/prove/code/", {"code": wrong(code)})
    amy.refresh_from_db()
    assert amy.frozen
    assert not visitor.inside


def guess_at_the_first_code_of_a_phone(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    seed = to_key(visitor, handset, amy)
    for _ in range(5):
        confirm(visitor, not_the_code(seed))
    assert confirm(visitor, app_code(seed)).headers["Location"] == "/en/service/2fa/"
    amy.refresh_from_db()
    assert (amy.method, amy.frozen) == ("sms", False)


def guess_at_the_code_of_a_number(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    seed = bind(visitor, handset, amy)
    SoftToken.objects.update(last_step=-1)
    to_number(visitor, seed)
    code = sms_code(handset, amy)
    for _ in range(5):
        confirm_sms(visitor, wrong(code))
    assert confirm_sms(visitor, code).headers["Location"] == "/en/service/2fa/"
    amy.refresh_from_db()
    assert (amy.method, amy.frozen) == ("soft_token", False)


def guess_at_the_code_of_a_new_contact(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    to_code(visitor, handset, amy, "mobile")
    code = code_to("mobile", handset)
    for _ in range(5):
        confirm_contact(visitor, wrong(code))
    assert confirm_contact(visitor, code).headers["Location"] == "/en/service/contact/"
    amy.refresh_from_db()
    assert (amy.mobile, amy.frozen) == ("+85291234567", False)


def guess_at_the_code_by_email(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    code = reset.to_email(visitor, amy)
    for _ in range(5):
        reset.type_email_code(visitor, wrong(code))
    assert reset.place(reset.type_email_code(visitor, code)) == ""


def guess_at_the_code_in_a_reset(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    reset.to_code(visitor, amy)
    code = sms_code(handset, amy)
    for _ in range(5):
        reset.type_code(visitor, wrong(code))
    amy.refresh_from_db()
    assert amy.frozen
    assert reset.place(reset.type_code(visitor, code)) == ""


def guess_at_a_letter(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    letter = posted(amy)
    visitor.post("logout/")
    visitor.password_step()
    for _ in range(5):
        type_letter(visitor, NO_CODE)
    assert letter_state(letter) == (LetterState.VOIDED, 5)
    assert type_letter(visitor).headers["Location"] == "/en/login/rebind/"
    type_letter(visitor, NO_CODE)
    assert "session-ended" in type_letter(visitor).headers["Location"]
    amy.refresh_from_db()
    assert not amy.frozen


def guess_at_the_first_code_of_a_phone_with_a_letter(visitor: Visitor, amy: Customer, handset: Handset) -> None:
    posted(amy)
    visitor.post("logout/")
    visitor.password_step()
    seed = to_key_by_letter(visitor)
    for _ in range(5):
        type_app(visitor, not_the_code(seed))
    assert type_app(visitor, app_code(seed)).headers["Location"] == "/en/login/rebind/"
    amy.refresh_from_db()
    assert (amy.method, amy.frozen) == ("sms", False)


GUESSING: dict[str, Callable[[Visitor, Customer, Handset], None]] = {
    "login/": guess_at_login,
    "login/verify/": guess_at_the_code,
    "login/reset/email/": guess_at_the_code_by_email,
    "login/reset/code/": guess_at_the_code_in_a_reset,
    "login/rebind/": guess_at_a_letter,
    "login/rebind/phone/": guess_at_the_first_code_of_a_phone_with_a_letter,
    "service/prove/": guess_when_proving,
    "service/prove/code/": guess_at_the_code_when_proving,
    "service/contact/confirm/": guess_at_the_code_of_a_new_contact,
    "service/2fa/bind/": guess_at_the_first_code_of_a_phone,
    "service/2fa/confirm/": guess_at_the_code_of_a_number,
}
#: They take a new secret and open only with a fresh proof.
CHOOSES = {"service/password/", "login/reset/password/"}


@pytest.mark.parametrize("page", GUESSING)
def test_guessing_comes_to_an_end(page: str, amy: Customer, handset: Handset, clock: Clock) -> None:
    """L6, C3, L10"""
    visitor = inside(amy, handset)
    clock.shift(61)
    GUESSING[page](visitor, amy, handset)


def test_no_page_that_takes_a_secret_is_forgotten_here(amy: Customer, handset: Handset, clock: Clock) -> None:
    """L6"""
    found: set[str] = set()

    def look(visitor: Visitor) -> None:
        for path in client_paths():
            response = visitor.get(path)
            if response.status_code == 200 and _SECRET.search(response.content.decode(errors="replace")):
                found.add(path)

    look(Visitor("en"))
    waiting = Visitor("en", "192.0.2.7")
    waiting.password_step()
    look(waiting)
    posted(amy)
    to_key_by_letter(waiting)
    look(waiting)
    waiting.code_step(handset.code(amy.mobile))
    clock.shift(61)
    waiting.get("service/password/")
    found.update({"service/prove/"} if _SECRET.search(waiting.get("service/prove/").content.decode()) else set())
    waiting.post("service/prove/", {"password": PASSWORD})
    found.update(
        {"service/prove/code/"} if _SECRET.search(waiting.get("service/prove/code/").content.decode()) else set()
    )
    clock.shift(61)
    prove(waiting, handset, amy)
    look(waiting)
    clock.shift(61)
    to_code(waiting, handset, amy, "mobile")
    look(waiting)
    clock.shift(61)
    Message.objects.update(is_code=False)  # so many codes in one hour are above the cap
    seed = to_key(waiting, handset, amy)
    look(waiting)
    confirm(waiting, app_code(seed))
    clock.shift(61)
    to_number(waiting, seed)
    look(waiting)
    forgetful = Visitor("en", "192.0.2.8")
    code = reset.to_email(forgetful, amy)
    look(forgetful)
    reset.type_email_code(forgetful, code)
    look(forgetful)
    SoftToken.objects.update(last_step=-1)
    reset.type_code(forgetful, app_code(seed))
    look(forgetful)
    assert found == set(GUESSING) | CHOOSES
