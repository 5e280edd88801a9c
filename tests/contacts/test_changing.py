"""Changing a contact online: proven twice, looked at, in effect at once, and told where it was and where it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import errors, policy
from accounts.models import ChangeState, ContactChange, Customer, Purpose, SignIn
from accounts.services import contact as contacts
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import PASSWORD, Handset, Visitor, text_of, wrong
from tests.contacts.steps import (
    NEW,
    NEW_EMAIL,
    NEW_MOBILE,
    START,
    ask,
    change,
    code_by_email,
    code_to,
    confirm,
    place,
    save,
    to_code,
    to_review,
)
from tests.twofactor.steps import Clock, english, freeze
from tests.twofactor.switches import A_MINUTE, bind, prove_by_app, prove_by_sms
from twofactor import errors as code_errors
from twofactor import policy as code_policy
from twofactor.services import new_contact
from twofactor.services.new_contact import Onward

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("contact", list(NEW))
BY_CODE = pytest.mark.parametrize("contact", ["mobile", "email"])


def on_file(amy: Customer) -> dict[str, str]:
    """What stands in the account."""
    amy.refresh_from_db()
    return {"mobile": amy.mobile, "email": amy.email, "postal_address": amy.postal_address}


@pytest.fixture
def before(inside: Visitor, amy: Customer) -> dict[str, str]:
    return on_file(amy)


@EVERY
def test_a_change_is_in_effect_at_once_and_touches_one_contact(
    contact: str, inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2"""
    change(inside, handset, amy, contact)
    assert on_file(amy) == {**before, contact: NEW[contact]}
    assert amy.last_security_change_at == timezone.now()
    done = text_of(inside.get("service/contact/done/"))
    assert ContactChange.objects.get().reference in done


@EVERY
def test_nothing_is_changed_before_the_last_button(
    contact: str, inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2: a review page comes before saving"""
    to_review(inside, handset, amy, contact)
    review = text_of(inside.get("service/contact/review/"))
    assert {**NEW, "mobile": "+852 9876 5432"}[contact].split("\n")[0] in review
    assert on_file(amy) == before
    assert not AuditRecord.objects.filter(event=Event.CONTACT_CHANGED).exists()


@EVERY
def test_without_password_and_method_nothing_is_sent_and_nothing_is_saved(
    contact: str, inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2"""
    sent = Message.objects.count()
    ask(inside, contact)
    assert place(save(inside)) == "contact/"
    assert place(confirm(inside, "123456")) == "contact/"
    assert place(inside.post("service/contact/confirm/resend/")) == "contact/"
    assert place(inside.get("service/contact/review/")) == "contact/"
    inside.post("service/prove/", {"password": PASSWORD})
    assert place(save(inside)) == "contact/", "the password alone"
    assert Message.objects.count() == sent + 1, "the code of the present method, and nothing to the new contact"
    assert on_file(amy) == before


@BY_CODE
def test_a_new_contact_that_gets_no_code_is_not_saved(
    contact: str, inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2"""
    to_code(inside, handset, amy, contact)
    assert place(save(inside)) == "contact/"
    assert place(inside.get("service/contact/review/")) == "contact/confirm/"
    confirm(inside, wrong(code_to(contact, handset)))
    assert place(save(inside)) == "contact/"
    assert on_file(amy) == before


@BY_CODE
def test_the_database_keeps_a_change_unproven_and_unconfirmed_from_being_done(
    contact: str, inside: Visitor, amy: Customer, handset: Handset
) -> None:
    """K2"""
    to_code(inside, handset, amy, contact)
    row = ContactChange.objects.get()
    row.state, row.ended_at, row.reference = ChangeState.DONE, timezone.now(), "C2345678"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    row.confirmed_at, row.proven_at = timezone.now(), None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_code_to_the_present_number_does_not_confirm_the_new_one(
    inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """C4, K2"""
    to_code(inside, handset, amy, "mobile")
    confirm(inside, handset.code(amy.mobile))
    assert place(save(inside)) == "contact/"
    assert on_file(amy) == before


def test_a_code_for_one_new_contact_does_not_confirm_another(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K2: whoever corrects a slip proves again"""
    to_code(inside, handset, amy, "mobile")
    code = code_to("mobile", handset)
    clock.shift(A_MINUTE)
    to_code(inside, handset, amy, "mobile", "+85298765433")
    confirm(inside, code)
    assert place(save(inside)) == "contact/"
    assert place(confirm(inside, handset.code("+85298765433"))) == "contact/review/"


@BY_CODE
def test_five_wrong_codes_end_the_change_and_freeze_nothing(
    contact: str, inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2: they say nothing of the method in use"""
    to_code(inside, handset, amy, contact)
    code = code_to(contact, handset)
    for _ in range(4):
        assert place(confirm(inside, wrong(code))) == "contact/confirm/"
    assert english(code_errors.TRIES_LEFT % {"count": 1}) in text_of(inside.get("service/contact/confirm/"))
    assert place(confirm(inside, wrong(code))) == "contact/"
    assert english(errors.CONTACT_TOO_MANY) in text_of(inside.get("service/contact/"))
    assert place(confirm(inside, code)) == "contact/"
    assert (on_file(amy), amy.frozen, amy.wrong_codes) == (before, False, 0)


def test_a_code_by_email_is_good_for_ten_minutes_and_another_can_be_had(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K2"""
    to_code(inside, handset, amy, "email")
    code = code_by_email(NEW_EMAIL)
    clock.shift(code_policy.EMAIL_CODE_LIFETIME + timedelta(seconds=1))
    confirm(inside, code)
    assert english(code_errors.EXPIRED) in text_of(inside.get("service/contact/confirm/"))
    inside.post("service/contact/confirm/resend/")
    assert place(confirm(inside, code_by_email(NEW_EMAIL))) == "contact/review/"
    assert place(save(inside)) == "contact/done/"


def test_a_change_that_takes_too_long_is_begun_anew(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, before: dict[str, str]
) -> None:
    """K2"""
    to_review(inside, handset, amy, "postal_address")
    for _ in range(3):
        clock.shift(policy.CONTACT_CHANGE_LIFETIME / 3)
        inside.get("service/contact/review/")
    clock.shift(timedelta(seconds=1))
    assert place(save(inside)) == "contact/"
    assert on_file(amy) == before


def test_a_client_with_a_soft_token_proves_by_it(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K2: the current method is asked, whatever it is"""
    seed = bind(inside, handset, amy)
    Customer.objects.update(contact_held_from=None)
    clock.shift(A_MINUTE)
    ask(inside, "mobile")
    assert place(prove_by_app(inside, seed)) == "contact/confirm/"
    confirm(inside, handset.code(NEW_MOBILE))
    assert place(save(inside)) == "contact/done/"


def test_the_next_code_goes_to_the_new_number(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """K2"""
    change(inside, handset, amy, "mobile")
    clock.shift(A_MINUTE)
    other = Visitor("en")
    before = len(handset.texts(amy.mobile))
    other.password_step(amy.login)
    other.code_step(handset.code(NEW_MOBILE))
    assert other.inside
    assert len(handset.texts("+85291234567")) == before


def test_every_other_session_ends_and_this_one_goes_on(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K2, L8"""
    other = Visitor("en", "192.0.2.8")
    other.log_in(handset, amy)
    clock.shift(A_MINUTE)
    change(inside, handset, amy, "email")
    assert inside.inside
    assert not other.inside


def test_two_sessions_cannot_both_change(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """K3"""
    other = Visitor("en", "192.0.2.8")
    other.log_in(handset, amy)
    clock.shift(A_MINUTE)
    to_review(other, handset, amy, "email")
    clock.shift(A_MINUTE)
    change(inside, handset, amy, "postal_address")
    assert "session-ended" in save(other).headers["Location"]
    assert on_file(amy)["email"] == "amy@example.com"


def test_a_frozen_account_changes_nothing(
    inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2, L9"""
    to_review(inside, handset, amy, "email")
    freeze(amy)
    save(inside)
    assert on_file(amy) == before


def test_the_last_button_pressed_twice_is_as_good_as_once(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """K2"""
    change(inside, handset, amy, "email")
    assert place(save(inside)) == "contact/done/"
    assert AuditRecord.objects.filter(event=Event.CONTACT_CHANGED).count() == 1


def test_the_client_may_stop_at_any_step(
    inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2"""
    to_review(inside, handset, amy, "email")
    assert place(inside.post("service/contact/stop/")) == "contact/"
    assert english(errors.CONTACT_STOPPED) in text_of(inside.get("service/contact/"))
    assert place(save(inside)) == "contact/"
    assert on_file(amy) == before


def test_a_change_under_way_can_be_taken_up_again(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """K2"""
    to_code(inside, handset, amy, "email")
    assert "/en/service/contact/confirm/" in inside.get("service/contact/").content.decode()
    confirm(inside, code_by_email(NEW_EMAIL))
    assert "/en/service/contact/review/" in inside.get("service/contact/").content.decode()
    assert place(inside.get("service/contact/confirm/")) == "contact/review/"


def test_a_session_keeps_one_change_however_often_it_asks(inside: Visitor, amy: Customer) -> None:
    """Every list has a bound."""
    for nth in range(5):
        ask(inside, "email", f"amy{nth}@example.org")
    assert ContactChange.objects.count() == 1
    assert ContactChange.objects.get().new == "amy4@example.org"


def test_an_account_may_take_a_number_that_another_has(
    inside: Visitor, amy: Customer, handset: Handset, make_client: Callable[..., Customer]
) -> None:
    """K1"""
    make_client("200009", mobile=NEW_MOBILE)
    change(inside, handset, amy, "mobile")
    assert Customer.objects.filter(mobile=NEW_MOBILE).count() == 2


def test_what_was_changed_meanwhile_by_others_is_not_overwritten(
    inside: Visitor, amy: Customer, handset: Handset
) -> None:
    """K4: looked at again under the lock, as when the back office brought another address"""
    to_review(inside, handset, amy, "email")
    Customer.objects.filter(pk=amy.pk).update(email="office@example.com")
    assert place(save(inside)) == "contact/"
    assert on_file(amy)["email"] == "office@example.com"


def test_a_code_to_one_number_confirms_no_other_when_no_more_can_be_sent(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """C4, S8: then the last code stays the one to type, and it says whose number it proves"""
    to_code(inside, handset, amy, "mobile")
    clock.shift(A_MINUTE)
    inside.post("service/contact/confirm/resend/")
    code = code_to("mobile", handset)
    clock.shift(A_MINUTE)
    ask(inside, "mobile", "+85298765433")
    prove_by_sms(inside, handset, amy)
    assert not handset.texts("+85298765433"), "the cap of the account is reached"
    confirm(inside, code)
    assert place(save(inside)) == "contact/"


def test_nothing_goes_on_without_the_proof(inside: Visitor, amy: Customer) -> None:
    """K2"""
    ask(inside, "postal_address")
    row = SignIn.objects.get(proven_at__isnull=False)
    assert new_contact.after_proof(row, source="192.0.2.9", language="en") == Onward.GONE
    assert place(inside.get("service/contact/review/")) == "contact/"


def test_a_proof_for_another_purpose_opens_nothing(
    inside: Visitor, amy: Customer, handset: Handset, before: dict[str, str]
) -> None:
    """K2, C4"""
    ask(inside, "email")
    row = SignIn.objects.get(proven_at__isnull=False)
    sign_ins.ask_proof(row, Purpose.CHANGE_PASSWORD)
    prove_by_sms(inside, handset, amy)
    assert contacts.current(row) is not None
    assert place(save(inside)) == "contact/"
    assert on_file(amy) == before


def test_the_menu_leads_there(inside: Visitor) -> None:
    """K2"""
    assert f'href="{START}"' in inside.get("home/").content.decode()
    page = text_of(inside.get("service/contact/"))
    assert "Mobile number" in page
    assert "91234567" not in page
    assert "Queen" not in page
    assert inside.get("service/contact/edit/name/").status_code == 404
