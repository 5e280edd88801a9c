"""A forgotten password with an e-mail address on file: e-mail, method in use, new password, and nothing skipped."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts import policy
from accounts.models import AccountState, Customer, PasswordReset, Result, SignIn
from accounts.services import holds, lockout
from accounts.tasks import purge
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.accounts.steps import device_of, key_of
from tests.actors import PASSWORD, Handset, Visitor, emails, sent_codes, solve, text_of, wrong
from tests.reset.steps import (
    NEW,
    START,
    begin,
    choose,
    code_by_email,
    place,
    replace,
    reset_of,
    to_code,
    to_email,
    to_password,
    type_code,
    type_email_code,
    worker,
)
from tests.twofactor.phone import give_phone, suspend
from tests.twofactor.steps import Clock, count, freeze, frozen, unfreeze
from tests.twofactor.switches import A_MINUTE, sms_code

pytestmark = pytest.mark.django_db


def test_a_client_who_forgot_the_password_gets_in_again(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """L10"""
    assert f"/en/{START}" in owner.get("login/").content.decode()
    replace(owner, handset, amy)
    page = text_of(owner.get(f"{START}done/"))
    assert "Your trading password was reset" in page
    assert not owner.inside, "nobody is logged in by it"
    assert key_of_absent(owner)
    assert owner.password_step(amy.login, PASSWORD).status_code == 200, "the old one is worth nothing"
    assert owner.password_step(amy.login, NEW).status_code == 302


def key_of_absent(visitor: Visitor) -> bool:
    """Whether the browser was given neither a session nor a device cookie."""
    for reads in (key_of, device_of):
        with pytest.raises(KeyError):
            reads(visitor)
    return True


def test_every_session_ends_and_known_browsers_are_forgotten(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """L9, L6"""
    inside = Visitor("en", "192.0.2.50")
    inside.log_in(handset, amy)
    clock.shift(A_MINUTE)
    replace(owner, handset, amy)
    assert not inside.inside
    clock.shift(A_MINUTE)
    inside.password_step(amy.login, NEW)
    assert not SignIn.objects.latest("at").known_browser


def test_the_method_and_the_contacts_are_held_for_a_day(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    replace(owner, handset, amy)
    amy.refresh_from_db()
    now = timezone.now()
    assert amy.last_security_change_at == now
    assert holds.method_held_until(amy, now=now) == now + policy.METHOD_HOLD
    assert holds.contacts_held_until(amy, now=now) == now + policy.CONTACT_HOLD
    assert not holds.method_held_until(amy, now=now + policy.METHOD_HOLD)


def test_the_owner_hears_of_it_by_both_channels_and_it_is_on_record(
    owner: Visitor, amy: Customer, handset: Handset
) -> None:
    """N1, L11"""
    replace(owner, handset, amy)
    assert "password was reset" in str(emails(amy.email)[-1].body)
    assert "password was reset" in handset.texts(amy.mobile)[-1]
    done = AuditRecord.objects.get(event=Event.PASSWORD_RESET)
    assert (done.subject, done.facts) == (amy, {"way": "email"})
    assert SignIn.objects.get().result == Result.RESET_DONE


def test_the_old_password_does_not_come_back(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """L10"""
    to_password(owner, handset, amy)
    for refused in (PASSWORD, "password1", "short1", f"{amy.login}-abcdef", "onlyletters"):
        page = choose(owner, refused)
        assert page.status_code == 200, refused
        assert 'aria-invalid="true"' in page.content.decode()
    assert choose(owner, NEW, repeat="Quiet-Lantern-78").status_code == 200
    assert place(choose(owner)) == "done/"


def test_a_first_password_that_has_to_be_changed_is_replaced_for_good(
    owner: Visitor, amy: Customer, handset: Handset
) -> None:
    """L10"""
    Customer.objects.filter(pk=amy.pk).update(must_change_password=True)
    replace(owner, handset, amy)
    amy.refresh_from_db()
    assert not amy.must_change_password


# --- In order, and in time ---------------------------------------------------------------------------------


def test_no_step_opens_before_the_one_before_it(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """L10, L2"""
    pages = ("email/", "code/", "password/", "done/", "letter/", "clock/")
    for page in pages:
        assert place(owner.get(START + page)) == ""
    code = to_email(owner, amy)
    for page in pages[1:]:
        for answer in (owner.get(START + page), owner.post(START + page, {"code": code, "new_password": NEW})):
            assert answer.status_code == 405 or place(answer) == "email/"
    assert place(type_email_code(owner, code)) == "code/"
    assert place(choose(owner)) == "code/"
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)


def test_a_code_sent_twice_or_gone_back_to_does_no_harm(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """L10, C2"""
    code = to_email(owner, amy)
    assert [place(type_email_code(owner, code)) for _ in range(2)] == ["code/", "code/"]
    assert len(handset.texts(amy.mobile)) == 1, "one text message"
    sms = sms_code(handset, amy)
    assert [place(type_code(owner, sms)) for _ in range(2)] == ["password/", "password/"]
    assert place(owner.get(f"{START}email/")) == "password/"
    assert [place(choose(owner)) for _ in range(2)] == ["done/", "done/"]
    assert place(owner.get(f"{START}password/")) == "done/"
    assert AuditRecord.objects.filter(event=Event.PASSWORD_RESET).count() == 1
    assert count(amy) == 0


def test_looking_at_a_page_sends_nothing(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """S3"""
    to_code(owner, amy)
    before = Message.objects.count()
    for _ in range(3):
        assert owner.get(f"{START}code/").status_code == 200
    assert Message.objects.count() == before


@pytest.mark.parametrize("reached", [to_code, lambda visitor, customer: to_email(visitor, customer)])
def test_the_journey_is_over_after_twenty_minutes(
    reached: object, owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """L10"""
    reached(owner, amy)  # type: ignore[operator]
    clock.shift(policy.RESET_LIFETIME + timedelta(seconds=1))
    assert place(owner.get(f"{START}code/")) == ""
    assert "That took too long" in text_of(owner.get(START))
    assert place(type_code(owner, "123456")) == ""
    assert count(amy) == 0


def test_an_email_code_is_good_for_ten_minutes_and_a_late_one_is_named(
    owner: Visitor, amy: Customer, clock: Clock
) -> None:
    """C8"""
    code = to_email(owner, amy)
    clock.shift(timedelta(minutes=10, seconds=1))
    assert place(type_email_code(owner, code)) == "email/"
    page = text_of(owner.get(f"{START}email/"))
    assert "That code has expired." in page
    assert reset_of(amy).tries == 0


def test_a_new_password_within_the_last_minute_still_counts(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """L10"""
    to_password(owner, handset, amy)
    clock.shift(policy.RESET_LIFETIME - timedelta(seconds=1))
    assert place(choose(owner)) == "done/"


# --- Wrong codes -------------------------------------------------------------------------------------------


def test_five_wrong_email_codes_end_the_journey_and_freeze_nothing(owner: Visitor, amy: Customer) -> None:
    """C3, L6"""
    code = to_email(owner, amy)
    for left in (4, 3, 2, 1):
        assert place(type_email_code(owner, wrong(code))) == "email/"
        assert ("1 try left" if left == 1 else f"{left} tries left") in text_of(owner.get(f"{START}email/"))
    assert place(type_email_code(owner, wrong(code))) == ""
    assert "Too many wrong codes" in text_of(owner.get(START))
    assert place(type_email_code(owner, code)) == "", "not even the right one"
    assert (count(amy), frozen(amy)) == (0, False)
    assert sent_codes(amy) == 1


def test_five_wrong_codes_of_the_method_freeze_as_at_a_login(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """C3"""
    to_code(owner, amy)
    code = sms_code(handset, amy)
    for tries in range(1, 5):
        assert place(type_code(owner, wrong(code))) == "code/"
        assert count(amy) == tries
    page = type_code(owner, wrong(code))
    assert "Your online login is frozen" in text_of(page)
    assert frozen(amy)
    assert place(type_code(owner, code)) == ""
    assert place(choose(owner)) == ""


def test_wrong_codes_at_a_login_and_here_are_one_row(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """C3"""
    login = Visitor("en", "192.0.2.40")
    login.password_step()
    for _ in range(3):
        login.code_step(wrong(handset.code(amy.mobile)))
    to_code(owner, amy)
    assert count(amy) == 3, "a code by e-mail is not one of the method in use"
    code = "000000" if handset.code(amy.mobile) != "000000" else "000001"
    type_code(owner, code)
    assert count(amy) == 4
    type_code(owner, code)
    assert frozen(amy)


def test_the_code_of_another_request_is_named_and_costs_nothing(owner: Visitor, amy: Customer, clock: Clock) -> None:
    """C8"""
    first = to_email(owner, amy)
    clock.shift(A_MINUTE)
    second = to_email(owner, amy)
    assert place(type_email_code(owner, first)) == "email/"
    assert "another request, reference" in text_of(owner.get(f"{START}email/"))
    assert reset_of(amy).tries == 0
    assert place(type_email_code(owner, second)) == "code/"


def test_a_code_for_one_purpose_is_worth_nothing_for_another(
    owner: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """C4"""
    code = to_email(owner, amy)
    login = Visitor("en", "192.0.2.40")
    login.password_step()
    login.code_step(code)
    assert not login.inside
    assert place(type_email_code(owner, handset.code(amy.mobile))) == "email/", "nor the code of a login here"
    assert place(type_email_code(owner, code)) == "code/"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12 34 5"])
def test_what_is_no_code_costs_nothing(typed: str, owner: Visitor, amy: Customer) -> None:
    """L4"""
    to_email(owner, amy)
    assert place(type_email_code(owner, typed)) == "email/"
    assert "Enter the 6-digit code from the e-mail" in text_of(owner.get(f"{START}email/"))
    assert reset_of(amy).tries == 0


# --- What ends it ------------------------------------------------------------------------------------------


def mobile_changed(amy: Customer, supervisor: Customer) -> None:
    Customer.objects.filter(pk=amy.pk).update(mobile="+85298765432", security_epoch=amy.security_epoch + 1)


def password_changed(amy: Customer, supervisor: Customer) -> None:
    amy.set_password("Another-Lantern-55")
    amy.security_epoch += 1
    amy.save()


def frozen_by_staff(amy: Customer, supervisor: Customer) -> None:
    freeze(amy)


def frozen_and_unfrozen(amy: Customer, supervisor: Customer) -> None:
    freeze(amy)
    unfreeze(amy, supervisor)


def closed(amy: Customer, supervisor: Customer) -> None:
    Customer.objects.filter(pk=amy.pk).update(state=AccountState.CLOSED)


CHANGES = [mobile_changed, password_changed, frozen_by_staff, frozen_and_unfrozen, closed]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("step", ["email", "code", "password"])
def test_what_ends_sessions_ends_the_journey_at_every_step(
    step: str, change: object, owner: Visitor, amy: Customer, handset: Handset, make_staff: object
) -> None:
    """C5, C4"""
    supervisor: Customer = make_staff("chan", "supervisor")  # type: ignore[operator]
    code = to_email(owner, amy)
    if step != "email":
        type_email_code(owner, code)
        code = sms_code(handset, amy)
    if step == "password":
        type_code(owner, code)
    amy.refresh_from_db()
    change(amy, supervisor)  # type: ignore[operator]
    before = Customer.objects.get(pk=amy.pk).password
    deeds: dict[str, Callable[[], HttpResponse]] = {
        "email": lambda: type_email_code(owner, code),
        "code": lambda: type_code(owner, code),
        "password": lambda: choose(owner),
    }
    answer = deeds[step]()
    assert place(answer) == ("email/" if step == "email" else "")
    assert not reset_of(amy).replaced_at
    assert Customer.objects.get(pk=amy.pk).password == before
    if step == "email":
        assert "That code is incorrect" in text_of(owner.get(f"{START}email/")), "and not why"


def test_while_everybody_is_frozen_nobody_resets_a_password(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """L9"""
    to_password(owner, handset, amy)
    lockout.freeze_all(reason="drill", actor=None, now=timezone.now())
    choose(owner)
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)
    begin(Visitor("en", "192.0.2.9"), amy.login)
    assert worker() == 0


# --- Methods that are not ready ------------------------------------------------------------------------------


def test_the_app_is_asked_where_the_app_is_in_use(owner: Visitor, amy: Customer, handset: Handset) -> None:
    """L10"""
    phone = give_phone(amy)
    to_code(owner, amy)
    assert "Enter the security code" in text_of(owner.get(f"{START}code/"))
    assert handset.texts(amy.mobile) == []
    assert place(type_code(owner, phone.code())) == "password/"
    assert place(choose(owner)) == "done/"


def test_two_codes_in_a_row_serve_a_clock_that_is_off(owner: Visitor, amy: Customer) -> None:
    """T6"""
    phone = give_phone(amy)
    to_code(owner, amy)
    type_code(owner, phone.never())
    assert f"/en/{START}clock/" in owner.get(f"{START}code/").content.decode()
    assert owner.get(f"{START}clock/").status_code == 200
    phone.off = -300
    assert place(owner.post(f"{START}clock/", phone.pair())) == "password/"


def test_without_a_method_the_client_is_told_where_to_turn(owner: Visitor, amy: Customer) -> None:
    """T11"""
    Customer.objects.filter(pk=amy.pk).update(mobile="")
    amy.refresh_from_db()
    to_code(owner, amy)
    page = owner.get(f"{START}code/")
    assert "No mobile number for codes" in text_of(page)
    assert not Message.objects.filter(channel="sms").exists()


def test_with_a_lost_phone_the_client_is_told_of_the_letter(owner: Visitor, amy: Customer) -> None:
    """T12"""
    give_phone(amy)
    suspend(amy)
    amy.refresh_from_db()
    to_code(owner, amy)
    assert "Call our hotline and ask for a rebinding letter." in text_of(owner.get(f"{START}code/"))
    assert place(choose(owner)) == "code/"


def test_a_text_message_can_be_asked_for_again(owner: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """S2, S11"""
    to_code(owner, amy)
    first = sms_code(handset, amy)
    assert owner.get(f"{START}delivery/").status_code == 200
    owner.post(f"{START}resend/")
    assert len(handset.texts(amy.mobile)) == 1, "not within a minute"
    clock.shift(A_MINUTE)
    owner.post(f"{START}resend/")
    assert place(type_code(owner, first)) == "code/", "the first one is dead"
    assert place(type_code(owner, sms_code(handset, amy))) == "password/"


# --- Asking ------------------------------------------------------------------------------------------------


def test_asking_again_at_once_says_from_when_on(owner: Visitor, amy: Customer, clock: Clock) -> None:
    """S2"""
    to_email(owner, amy)
    clock.shift(10)
    assert place(begin(owner, amy.login)) == "email/"
    assert "You can resend in 50 seconds." in text_of(owner.get(f"{START}email/"))
    assert PasswordReset.objects.count() == 1
    assert place(begin(owner, "999999")) == "email/", "a mistyped number is corrected at once"
    assert PasswordReset.objects.count() == 2


def test_a_code_that_a_worker_could_not_send_for_minutes_is_not_sent(
    owner: Visitor, amy: Customer, clock: Clock
) -> None:
    """S4"""
    begin(owner, amy.login)
    clock.shift(policy.RESET_ANSWERED_WITHIN + timedelta(seconds=1))
    assert worker() == 0


def test_the_worker_answers_each_once(owner: Visitor, amy: Customer) -> None:
    """O4"""
    begin(owner, amy.login)
    assert [worker(), worker()] == [1, 0]


def test_the_page_says_until_when_a_code_is_good(owner: Visitor, amy: Customer) -> None:
    """C9"""
    begin(owner, amy.login)
    page = text_of(owner.get(f"{START}email/"))
    assert "If the details match, we have sent a code to the e-mail address on file." in page
    assert "10:10:00" in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"number": "1", "way": "email"}, "Enter your 6-digit account number"),
        ({"number": "100001"}, "Choose how we recognise you"),
        ({"number": "100001", "way": "pigeon"}, "Choose how we recognise you"),
        ({"number": "100001", "way": "email"}, "The security check did not finish. Select “Continue” again."),
    ],
)
def test_a_form_that_is_not_complete_says_so(form: dict[str, str], words: str, owner: Visitor) -> None:
    """L7"""
    page = owner.post(START, form)
    assert page.status_code == 200
    assert words in text_of(page)
    assert not PasswordReset.objects.exists()


def test_a_verification_is_spent_by_one_request(owner: Visitor, amy: Customer) -> None:
    """L7"""
    begin(owner, amy.login)
    page = owner.get(START).content.decode()
    assert owner.client.cookies
    form = {"number": "100002", "way": "email", "altcha": solve(page)}
    assert owner.post(START, form).status_code == 302
    assert owner.post(START, {**form, "number": "100003"}).status_code == 200
    assert PasswordReset.objects.count() == 2


def test_journeys_are_deleted_a_day_later(owner: Visitor, amy: Customer, clock: Clock) -> None:
    """O7"""
    code = to_email(owner, amy)
    assert code == code_by_email(amy.email)
    clock.shift(policy.RESET_RETENTION + timedelta(seconds=1))
    purge()
    assert not PasswordReset.objects.exists()
    assert SignIn.objects.get().result == Result.RESET_ASKED, "the history keeps it"
