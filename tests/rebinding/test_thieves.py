"""Thieves of a letter, of a SIM card, of a password: what they get, and where the owner hears of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, Method
from portal.letters.models import Letter, State
from tests.actors import Handset, Visitor, emails, text_of
from tests.contacts.steps import change, place
from tests.rebinding.steps import CODE, NO_CODE, START, at_the_letter, letter_state, posted, rebind, type_letter
from tests.twofactor.phone import give_phone
from tests.twofactor.steps import Clock, english, freeze
from tests.twofactor.switches import A_MINUTE, app_code, log_in_with_app
from twofactor import errors
from twofactor import policy as twofactor_policy
from twofactor.models import SoftToken, TokenState
from twofactor.services import login

pytestmark = pytest.mark.django_db
_HERE, _MAIL = "198.51.100.66", "ben@example.com"


class Owner:
    """What Ben has heard since he was last asked, by channel."""

    def __init__(self, handset: Handset, mobile: str) -> None:
        self.handset, self.mobile, self.known = handset, mobile, (0, 0)
        self.heard()

    def heard(self) -> tuple[list[str], list[str]]:
        """Subjects of new mails, and new texts without codes."""
        mails = [str(mail.subject) for mail in emails(_MAIL)]
        texts = [text for text in self.handset.texts(self.mobile) if not text[:6].isdigit()]
        new = mails[self.known[0] :], texts[self.known[1] :]
        self.known = len(mails), len(texts)
        return new


@pytest.fixture
def owner(ben: Customer, handset: Handset) -> Owner:
    return Owner(handset, ben.mobile)


# --- The letter-box --------------------------------------------------------------------------------


def test_who_has_the_letter_and_no_password_has_nothing(
    ben: Customer, letter: Letter, owner: Owner, lost: object
) -> None:
    """T8: the letter's page does not open, and the letter stays good for its owner"""
    thief = Visitor("en", _HERE)
    assert "session-ended" in type_letter(thief).headers["Location"]
    for guess in ("Wrong-2026-guess", CODE, "k7qm-4txb-92hd"):
        thief.password_step(ben.login, guess)
        assert "session-ended" in type_letter(thief).headers["Location"]
    assert letter_state(letter) == (State.POSTED, 0)
    assert owner.heard() == ([], [])
    rebind(at_the_letter(ben))


def test_who_has_the_letter_and_the_password_gets_in_and_the_owner_hears_of_it_twice(
    ben: Customer, letter: Letter, owner: Owner, clock: Clock
) -> None:
    """N1, T8: by mail and by text, and for a day the thief cannot turn the owner's notices away"""
    thief = at_the_letter(ben, address=_HERE)
    rebind(thief)
    mails, texts = owner.heard()
    for said in ("method was changed", "code was removed", "code was bound", "there was a login"):
        assert sum(said in mail for mail in mails) == 1, said
    assert len(texts) == 1
    assert "method was changed" in texts[0]
    for contact in ("mobile", "email", "postal_address"):
        assert place(thief.get(f"service/contact/edit/{contact}/")) == "contact/"

    clock.shift(timedelta(hours=1))
    freeze(Customer.objects.get(pk=ben.pk))  # the owner has called
    assert not thief.inside
    assert "frozen" in text_of(Visitor("en", _HERE).password_step(ben.login))


def test_what_waits_for_the_thief_of_a_letter_waits_for_a_day_to_the_second(
    ben: Customer, letter: Letter, owner: Owner, clock: Clock
) -> None:
    """T8, K3"""
    thief = at_the_letter(ben, address=_HERE)
    seed = rebind(thief)
    owner.heard()
    clock.shift(policy.CONTACT_HOLD - timedelta(seconds=1))
    assert log_in_with_app(thief, ben, seed)
    assert place(thief.get("service/contact/edit/email/")) == "contact/"
    clock.shift(1)
    assert thief.get("service/contact/edit/email/").status_code == 200
    mails, _ = owner.heard()
    assert len(mails) == 1
    assert "there was a login" in mails[0], "each login of the thief is told where the owner reads"


def test_who_types_a_stolen_letter_twice_or_late_gets_nothing_from_it(
    ben: Customer, letter: Letter, clock: Clock
) -> None:
    """T8: the owner was faster"""
    rebind(at_the_letter(ben))
    thief = at_the_letter(ben, address=_HERE)
    type_letter(thief)
    assert english(errors.REBIND_USED) in text_of(thief.get(START))
    assert not thief.inside


def test_who_guesses_at_a_letter_ends_it_and_the_owner_hears_why_it_will_not_work(
    ben: Customer, letter: Letter, owner: Owner, clock: Clock
) -> None:
    """N1: with the password alone"""
    thief = at_the_letter(ben, address=_HERE)
    for _ in range(5):
        type_letter(thief, NO_CODE)
    mails, texts = owner.heard()
    assert len(mails) == len(texts) == 1
    assert "letter is void" in mails[0]
    assert "letter is void" in texts[0]
    clock.shift(twofactor_policy.UNFINISHED_AFTER + timedelta(seconds=1))
    login.tell_unfinished(timezone.now())
    mails, _ = owner.heard()
    assert len(mails) == 1
    assert "right password" in mails[0]


# --- The SIM card ----------------------------------------------------------------------------------


def test_who_has_password_and_sim_gets_no_code_of_a_client_with_the_app(
    ben: Customer, owner: Owner, handset: Handset, clock: Clock
) -> None:
    """T5: he can take the phone's codes away, which gives him nothing but the owner's attention"""
    phone = give_phone(ben)
    thief = at_the_letter(ben, address=_HERE)
    thief.post("login/resend/")
    assert handset.texts(ben.mobile) == []
    thief.post("login/lost/")
    mails, texts = owner.heard()
    assert [("reported lost" in said) for said in (*mails, *texts)] == [True, True], "by mail, and to the stolen SIM"

    again = at_the_letter(ben, address=_HERE)
    assert again.get("login/verify/").headers["Location"] == f"/en/{START}"
    for _ in range(5):
        type_letter(again, NO_CODE)
    assert "session-ended" in again.get(START).headers["Location"]
    assert handset.texts(ben.mobile) == texts, "no code was sent to the stolen SIM"
    clock.shift(A_MINUTE)
    assert not log_in_with_app(Visitor("en", _HERE), ben, phone.seed)

    posted(ben)  # to the address on file, which nobody could change without getting in
    mine = at_the_letter(ben)
    rebind(mine)
    assert mine.get("home/").headers["Location"] == "/en/service/password/", "the password that was stolen is changed"


def test_who_has_password_and_sim_cannot_wait_for_a_letter_of_his_own(
    ben: Customer, owner: Owner, handset: Handset, clock: Clock
) -> None:
    """K3, T8: inside by a copied SIM he sends the post elsewhere; the letter that is under way waits for a day, and all
    the while its owner hears of him"""
    Customer.objects.filter(pk=ben.pk).update(postal_address="1 Queen's Road")
    ben.refresh_from_db()
    letter = posted(ben)
    thief = Visitor("en", _HERE)
    thief.log_in(handset, ben)
    assert ["there was a login" in mail for mail in owner.heard()[0]] == [True]
    clock.shift(A_MINUTE)
    change(thief, handset, ben, "email", "thief@example.net")
    mails, _ = owner.heard()
    assert ["address on file was changed" in mail for mail in mails] == [True], "told where it led before"

    again = at_the_letter(ben, address=_HERE)
    type_letter(again)
    assert "The letter is valid, but" in text_of(again.get(START))
    assert letter_state(letter) == (State.POSTED, 0)
    assert not SoftToken.objects.filter(state=TokenState.BOUND).exists()

    clock.shift(policy.METHOD_HOLD)
    late = at_the_letter(ben, address=_HERE)
    seed = rebind(late)
    mails, texts = owner.heard()
    assert any("method was changed" in mail for mail in mails), "the mailbox that he replaced still hears of him"
    assert any("method was changed" in text for text in texts)
    assert place(late.get("service/contact/edit/mobile/")) == "contact/", "and now the contacts wait"
    ben.refresh_from_db()
    assert (ben.method, len(app_code(seed))) == (Method.SOFT_TOKEN, 6)
