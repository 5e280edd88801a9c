"""The password letter: its code, the method in use, a new password; used up by what it was good for, and not before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Customer
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters import letters, policy
from portal.letters.models import Kind, Letter, State, Void
from tests.actors import PASSWORD, Handset, Visitor, emails, text_of
from tests.reset.steps import NEW, START, begin, choose, letter, place, posted, reset_of, type_code, type_letter_code
from tests.twofactor.steps import Clock, count
from tests.twofactor.switches import sms_code

pytestmark = pytest.mark.django_db


def state(made: Letter) -> str:
    made.refresh_from_db()
    return made.state


def page(visitor: Visitor) -> str:
    return text_of(visitor.get(f"{START}letter/"))


def test_a_client_without_a_password_logs_in_for_the_first_time(
    owner: Visitor, amy: Customer, handset: Handset
) -> None:
    """L10, O1"""
    amy.set_unusable_password()
    amy.save()
    made, code = posted(amy)
    assert place(begin(owner, amy.login, "letter")) == "letter/"
    assert place(type_letter_code(owner, code)) == "code/"
    assert place(type_code(owner, sms_code(handset, amy))) == "password/"
    assert state(made) == State.POSTED, "not used up before it did what it is good for"
    assert place(choose(owner)) == "done/"
    assert state(made) == State.USED
    assert AuditRecord.objects.get(event=Event.PASSWORD_RESET).facts == {"way": "letter"}
    assert not amy.password_history.exists(), "there was none to remember"
    assert owner.password_step(amy.login, NEW).status_code == 302
    assert "password was reset" in str(emails(amy.email)[-1].body)


@pytest.mark.parametrize("spelt", [str.lower, lambda code: f" {code[:4]}-{code[4:8]} {code[8:]} ", lambda code: code])
def test_case_spaces_and_hyphens_do_not_matter(spelt: object, owner: Visitor, amy: Customer) -> None:
    """T8"""
    _, code = posted(amy)
    begin(owner, amy.login, "letter")
    assert place(type_letter_code(owner, spelt(code))) == "code/"  # type: ignore[operator]


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGH-JKM!", "A" * 80, "１２３"])
def test_what_is_no_code_is_said_so_and_costs_nothing(typed: str, owner: Visitor, amy: Customer) -> None:
    """T8"""
    _, code = posted(amy)
    begin(owner, amy.login, "letter")
    for _ in range(6):
        assert place(type_letter_code(owner, typed)) == "letter/"
    assert "Enter the activation code of the letter: 12 letters and digits" in page(owner)
    assert place(type_letter_code(owner, code)) == "code/"


def used(made: Letter) -> None:
    letters.use(made, now=timezone.now())


def lapsed(made: Letter) -> None:
    made.made_at = made.posted_at = timezone.now() - policy.LIFETIME - timedelta(days=1)
    made.lapses_at = timezone.now() - timedelta(seconds=1)
    made.save()


def swept(made: Letter) -> None:
    lapsed(made)
    letters.lapse(timezone.now())


def replaced(made: Letter) -> None:
    posted(made.customer)


def withdrawn(made: Letter) -> None:
    letters.end(made, Void.STAFF, now=timezone.now())


@pytest.mark.parametrize(
    ("happens", "words"),
    [(used, "was used before"), (lapsed, "The time of that letter is over"), (swept, "The time of that letter is over"),
     (replaced, "no longer valid"), (withdrawn, "no longer valid")],
    ids=lambda part: getattr(part, "__name__", ""),
)  # fmt: skip
def test_a_letter_that_is_over_is_named_and_costs_nothing(
    happens: object, words: str, owner: Visitor, amy: Customer
) -> None:
    """T8, C8"""
    made, code = posted(amy)
    happens(made)  # type: ignore[operator]
    begin(owner, amy.login, "letter")
    for _ in range(6):
        assert place(type_letter_code(owner, code)) == "letter/"
    assert words in page(owner)
    assert not Customer.objects.get(pk=amy.pk).sign_ins.exists(), "nobody was recognised"


def test_a_letter_that_nobody_posted_opens_nothing(owner: Visitor, amy: Customer) -> None:
    """T8: whoever types it took it off the printer"""
    made, code = letter(amy)
    begin(owner, amy.login, "letter")
    assert place(type_letter_code(owner, code)) == "letter/"
    assert "has not been sent to you" in page(owner)
    assert state(made) == State.PRINTED


def test_a_rebinding_letter_resets_no_password(owner: Visitor, amy: Customer) -> None:
    """T8, C4"""
    _, code = posted(amy, Kind.REBINDING)
    begin(owner, amy.login, "letter")
    assert place(type_letter_code(owner, code)) == "letter/"
    assert "That code is incorrect" in page(owner)


def test_the_letter_of_somebody_else_resets_no_password(owner: Visitor, amy: Customer, no_mobile: Customer) -> None:
    """T8, C4"""
    _, code = posted(no_mobile)
    begin(owner, amy.login, "letter")
    assert place(type_letter_code(owner, code)) == "letter/"
    assert "That code is incorrect" in page(owner)


def test_a_thief_of_the_letter_box_gets_no_further_than_the_phone(
    stranger: Visitor, owner: Visitor, amy: Customer, handset: Handset
) -> None:
    """T8, L2"""
    made, code = posted(amy)
    begin(stranger, amy.login, "letter")
    type_letter_code(stranger, code)
    assert "password reset code" in handset.texts(amy.mobile)[-1], "the owner hears of it"
    assert place(choose(stranger)) == "code/"
    assert not stranger.inside
    assert state(made) == State.POSTED


def test_a_letter_that_is_replaced_on_the_way_ends_the_journey(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """T8"""
    _, code = posted(amy)
    begin(owner, amy.login, "letter")
    type_letter_code(owner, code)
    type_code(owner, sms_code(handset, amy))
    newer, _ = posted(amy)
    assert place(choose(owner)) == ""
    assert "You can start again." in text_of(owner.get(START))
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)
    assert state(newer) == State.POSTED
    assert not reset_of(amy).replaced_at


def test_one_letter_resets_one_password_in_two_browsers(
    owner: Visitor, stranger: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """T8"""
    _, code = posted(amy)
    for visitor in (owner, stranger):
        begin(visitor, amy.login, "letter")
        assert place(type_letter_code(visitor, code)) == "code/"
        clock.shift(61)
    stranger.post(f"{START}resend/")
    assert place(type_code(stranger, sms_code(handset, amy))) == "password/"
    assert place(choose(stranger)) == "done/"
    assert place(owner.get(f"{START}code/")) == "", "the other one is over"
    assert count(amy) == 0
