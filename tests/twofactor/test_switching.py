"""Changing the method: both proven, one transaction, and whatever breaks off leaves exactly one that works."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Customer, Method, Purpose, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging import notices
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails, text_of, wrong
from tests.twofactor.steps import Clock, another, code_for, english, freeze
from tests.twofactor.switches import (
    A_MINUTE,
    app_code,
    ask,
    assert_one_method,
    assert_works,
    bind,
    confirm,
    confirm_sms,
    key_on,
    not_the_code,
    prove_by_app,
    prove_by_sms,
    show_key,
    sms_code,
    to_key,
    to_number,
)
from twofactor import errors, policy
from twofactor.models import MethodSwitch, SoftToken, SwitchState
from twofactor.services import switching
from twofactor.tasks import purge

pytestmark = pytest.mark.django_db


@pytest.fixture
def inside(clock: Clock, amy: Customer, handset: Handset) -> Visitor:
    """Amy's browser a minute after its login."""
    Customer.objects.filter(pk=amy.pk).update(language="en")
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    return visitor


@pytest.fixture
def bound(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> bytes:
    """The key of Amy's phone, bound in that browser a minute ago."""
    seed = bind(inside, handset, amy)
    clock.shift(A_MINUTE)
    return seed


def state() -> str:
    """What became of the latest change."""
    return MethodSwitch.objects.latest("created_at").state


def test_from_text_messages_to_the_app(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """T4, T5"""
    before = SignIn.objects.get().key_digest
    seed = bind(inside, handset, amy)
    amy.refresh_from_db()
    assert amy.method_chosen_at == amy.last_security_change_at == timezone.now()
    assert amy.security_epoch == 1
    assert SignIn.objects.get().key_digest != before
    assert inside.inside
    assert state() == SwitchState.DONE
    assert_works(Method.SOFT_TOKEN, amy, handset, clock, seed)


def test_from_the_app_to_text_messages(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """T5"""
    to_number(inside, bound)
    assert confirm_sms(inside, sms_code(handset, amy)).headers["Location"] == "/en/service/2fa/done/"
    assert inside.inside
    kept = SoftToken.objects.get()
    assert (kept.state, kept.sealed_seed) == ("removed", None)
    assert_works(Method.SMS, amy, handset, clock)


def test_from_one_phone_to_another(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """T5: the old phone dies when the new one is confirmed, and not before"""
    ask(inside, Method.SOFT_TOKEN)
    prove_by_app(inside, bound)
    seed = key_on(show_key(inside, "New phone"))
    assert_one_method(amy, Method.SOFT_TOKEN)
    assert SoftToken.objects.get(state="bound").name == "Pixel of Amy"
    confirm(inside, app_code(seed))
    assert SoftToken.objects.get(state="bound").name == "New phone"
    clock.shift(A_MINUTE)
    visitor = Visitor("en", "192.0.2.92")
    visitor.password_step()
    visitor.code_step(app_code(bound))
    assert not visitor.inside
    assert_works(Method.SOFT_TOKEN, amy, handset, clock, seed)


def test_who_applies_for_text_messages_proves_them_once(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """T5, T10: the code that proves the present method proves the same method"""
    ask(inside, Method.SMS)
    assert prove_by_sms(inside, handset, amy).headers["Location"] == "/en/service/2fa/done/"
    assert inside.inside
    amy.refresh_from_db()
    assert (amy.method, amy.method_chosen_at) == (Method.SMS, timezone.now())
    assert Message.objects.filter(is_code=True).count() == 2, "the login's and the proof's"


def test_every_other_session_ends_with_the_change(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """T5, L8"""
    other = Visitor("en", "192.0.2.30")
    other.log_in(handset, amy)
    clock.shift(A_MINUTE)
    bind(inside, handset, amy)
    assert inside.inside
    assert not other.inside


Lead = Callable[[Visitor, Handset, Customer], object]


def at_the_choice(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    visitor.get("service/2fa/")


def at_the_password(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    ask(visitor, Method.SOFT_TOKEN)


def at_the_proof(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    ask(visitor, Method.SOFT_TOKEN)
    visitor.post("service/prove/", {"password": "Harbour-2026-demo"})


def at_the_name(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    ask(visitor, Method.SOFT_TOKEN)
    prove_by_sms(visitor, handset, customer)


def at_the_key(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    to_key(visitor, handset, customer)


def after_a_wrong_code(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    confirm(visitor, not_the_code(to_key(visitor, handset, customer)))


@pytest.mark.parametrize("how", ["leave", "stop", "log out"])
@pytest.mark.parametrize(
    "lead", [at_the_choice, at_the_password, at_the_proof, at_the_name, at_the_key, after_a_wrong_code]
)
def test_breaking_off_on_the_way_to_the_app_keeps_text_messages(
    lead: Lead, how: str, inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """T5"""
    lead(inside, handset, amy)
    clock.shift(A_MINUTE)
    if how == "stop":
        assert inside.post("service/2fa/stop/").headers["Location"] == "/en/service/2fa/"
        assert not SoftToken.objects.exists()
        assert not MethodSwitch.objects.filter(state=SwitchState.OPEN).exists()
    elif how == "log out":
        inside.post("logout/")
    assert_works(Method.SMS, amy, handset, clock)


@pytest.mark.parametrize("how", ["leave", "stop", "log out"])
@pytest.mark.parametrize("step", ["choice", "password", "proof", "code", "wrong code"])
def test_breaking_off_on_the_way_to_text_messages_keeps_the_app(
    step: str, how: str, inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """T5"""
    if step != "choice":
        ask(inside, Method.SMS)
    if step == "proof":
        inside.post("service/prove/", {"password": "Harbour-2026-demo"})
    if step in {"code", "wrong code"}:
        prove_by_app(inside, bound)
    if step == "wrong code":
        confirm_sms(inside, wrong(sms_code(handset, amy)))
    if how == "stop":
        inside.post("service/2fa/stop/")
        assert not MethodSwitch.objects.filter(state=SwitchState.OPEN).exists()
    elif how == "log out":
        inside.post("logout/")
    assert_works(Method.SOFT_TOKEN, amy, handset, clock, bound)


def test_five_wrong_codes_of_the_app_end_the_change_and_nothing_else(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """C3: no freeze, no count on the account, no key left"""
    seed = to_key(inside, handset, amy)
    bad = not_the_code(seed)
    for left in (4, 3, 2, 1):
        assert confirm(inside, bad).headers["Location"] == "/en/service/2fa/bind/"
        page = text_of(inside.get("service/2fa/bind/"))
        assert english(errors.APP_CODE_WRONG, count=left) in page
        assert "The key was shown once." in page
    assert confirm(inside, bad).headers["Location"] == "/en/service/2fa/"
    assert english(errors.SWITCH_TOO_MANY) in text_of(inside.get("service/2fa/"))
    assert state() == SwitchState.ABANDONED
    assert not SoftToken.objects.exists()
    confirm(inside, app_code(seed))
    amy.refresh_from_db()
    assert (amy.wrong_codes, amy.frozen, amy.method) == (0, False, Method.SMS)
    assert_works(Method.SMS, amy, handset, clock)


def test_a_new_key_gives_no_new_tries(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """C3"""
    bad = not_the_code(to_key(inside, handset, amy))
    for _ in range(3):
        confirm(inside, bad)
    seed = key_on(show_key(inside))
    confirm(inside, not_the_code(seed))
    assert confirm(inside, not_the_code(seed)).headers["Location"] == "/en/service/2fa/"
    assert state() == SwitchState.ABANDONED


def test_five_wrong_codes_of_the_number_end_the_change_and_nothing_else(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """C3: nor do they reset what was counted at the door"""
    Customer.objects.filter(pk=amy.pk).update(wrong_codes=0)
    to_number(inside, bound)
    Customer.objects.filter(pk=amy.pk).update(wrong_codes=3)
    bad = wrong(sms_code(handset, amy))
    for _ in range(4):
        assert confirm_sms(inside, bad).headers["Location"] == "/en/service/2fa/confirm/"
    assert confirm_sms(inside, bad).headers["Location"] == "/en/service/2fa/"
    assert state() == SwitchState.ABANDONED
    amy.refresh_from_db()
    assert (amy.wrong_codes, amy.frozen, amy.method) == (3, False, Method.SOFT_TOKEN)
    assert_works(Method.SOFT_TOKEN, amy, handset, clock, bound)


def test_a_right_code_of_the_new_number_resets_no_count(
    inside: Visitor, amy: Customer, handset: Handset, bound: bytes
) -> None:
    """C3"""
    to_number(inside, bound)
    Customer.objects.filter(pk=amy.pk).update(wrong_codes=4)
    confirm_sms(inside, sms_code(handset, amy))
    amy.refresh_from_db()
    assert (amy.method, amy.wrong_codes) == (Method.SMS, 4)


def test_a_new_number_code_is_named_when_it_is_old(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """C8: expired and superseded codes cost no try"""
    to_number(inside, bound)
    first = sms_code(handset, amy)
    inside.post("service/2fa/confirm/resend/")
    assert "You can resend in" in text_of(inside.get("service/2fa/confirm/"))
    assert sms_code(handset, amy) == first
    clock.shift(A_MINUTE)
    inside.post("service/2fa/confirm/resend/")
    second = sms_code(handset, amy)
    confirm_sms(inside, first)
    assert english(errors.SUPERSEDED) in text_of(inside.get("service/2fa/confirm/"))
    clock.shift(181)
    confirm_sms(inside, second)
    assert english(errors.EXPIRED) in text_of(inside.get("service/2fa/confirm/"))
    assert MethodSwitch.objects.latest("created_at").tries == 0
    inside.post("service/2fa/confirm/resend/")
    assert confirm_sms(inside, sms_code(handset, amy)).headers["Location"] == "/en/service/2fa/done/"


def test_the_text_message_says_that_it_is_for_a_change(
    inside: Visitor, amy: Customer, handset: Handset, bound: bytes
) -> None:
    """S9, C4"""
    texts = handset.texts(amy.mobile)
    assert any("code to change the verification method" in text for text in texts)
    to_number(inside, bound)
    assert "code to confirm your new verification method" in handset.texts(amy.mobile)[-1]


def test_a_login_code_never_confirms_a_change(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """C4: nor does a code for a password"""
    ask(inside, Method.SOFT_TOKEN)
    inside.post("service/prove/", {"password": "Harbour-2026-demo"})
    clock.shift(A_MINUTE)
    thief = Visitor("en", "192.0.2.66")
    thief.password_step()
    login_code = sms_code(handset, amy)
    assert inside.post("service/prove/code/", {"code": login_code}).headers["Location"] == "/en/service/prove/code/"
    assert MethodSwitch.objects.get().proven_at is None
    assert inside.get("service/2fa/bind/").headers["Location"] == "/en/service/2fa/"


def test_a_proof_for_the_password_proves_no_change_of_method(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """C4"""
    ask(inside, Method.SOFT_TOKEN)
    sign_in = SignIn.objects.get()
    SignIn.objects.update(proof=Purpose.CHANGE_PASSWORD, proof_at=timezone.now())
    assert switching.after_proof(sign_in, source="", language="en") == (switching.Onward.GONE, "")
    assert MethodSwitch.objects.get().proven_at is None


def test_the_code_of_a_login_is_no_code_of_the_new_number(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """C4"""
    to_number(inside, bound)
    change_code = sms_code(handset, amy)
    other = Visitor("en", "192.0.2.66")
    other.password_step()
    other.code_step(change_code)
    assert not other.inside
    assert_one_method(amy, Method.SOFT_TOKEN)


def test_a_proof_is_good_for_five_minutes(inside: Visitor, amy: Customer, clock: Clock) -> None:
    """T5"""
    ask(inside, Method.SOFT_TOKEN)
    SignIn.objects.update(proof=Purpose.CHANGE_METHOD, proof_at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert switching.after_proof(SignIn.objects.get(), source="", language="en")[0] == switching.Onward.GONE


def test_a_key_is_dead_after_ten_minutes(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """T4"""
    seed = to_key(inside, handset, amy)
    clock.shift(policy.KEY_LIFETIME + timedelta(seconds=1))
    assert confirm(inside, app_code(seed)).headers["Location"] == "/en/service/2fa/"
    assert english(errors.SWITCH_GONE) in text_of(inside.get("service/2fa/"))
    assert_works(Method.SMS, amy, handset, clock)


def end_by_password(amy: Customer) -> None:
    sign_ins.end_all(amy)
    amy.set_password("Quiet-Lantern-77")
    amy.save()


@pytest.mark.parametrize("what", [end_by_password, freeze], ids=["a changed password", "a freeze"])
def test_what_ends_sessions_ends_an_open_change(
    what: Callable[[Customer], None], inside: Visitor, amy: Customer, handset: Handset
) -> None:
    """C4, C5: also when the session is carried over"""
    seed = to_key(inside, handset, amy)
    sign_in = SignIn.objects.get()
    amy.refresh_from_db()
    what(amy)
    inside_before = switching.confirm_token(sign_in, app_code(seed))
    assert inside_before.key == ""
    amy.refresh_from_db()
    sign_ins.keep(sign_in, amy)
    assert switching.current(SignIn.objects.get()) is None
    assert switching.confirm_token(SignIn.objects.get(), app_code(seed)).key == ""
    amy.refresh_from_db()
    assert amy.method == Method.SMS
    assert not SoftToken.objects.filter(state="bound").exists()


def test_a_second_browser_does_not_finish_the_first_ones_change(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """T5"""
    seed = to_key(inside, handset, amy)
    clock.shift(A_MINUTE)
    second = Visitor("en", "192.0.2.31")
    second.log_in(handset, amy)
    assert confirm(second, app_code(seed)).headers["Location"] == "/en/service/2fa/"
    assert english(errors.SWITCH_GONE) in text_of(second.get("service/2fa/"))
    assert second.get("service/2fa/bind/").headers["Location"] == "/en/service/2fa/"
    assert_one_method(amy, Method.SMS)
    assert confirm(inside, app_code(seed)).headers["Location"] == "/en/service/2fa/done/"
    assert not second.inside


def test_a_form_sent_twice_changes_nothing_more(inside: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    """T5"""
    seed = to_key(inside, handset, amy)
    confirm(inside, app_code(seed))
    clock.shift(30)
    assert confirm(inside, app_code(seed)).headers["Location"] == "/en/service/2fa/"
    assert english(errors.SWITCH_GONE) in text_of(inside.get("service/2fa/"))
    assert AuditRecord.objects.filter(event=Event.METHOD_CHANGED).count() == 1
    assert_works(Method.SOFT_TOKEN, amy, handset, clock, seed)


def test_choosing_again_replaces_what_was_open(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """T5: one change at a time in a session"""
    seed = to_key(inside, handset, amy)
    ask(inside, Method.SOFT_TOKEN)
    assert MethodSwitch.objects.filter(state=SwitchState.OPEN).count() == 1
    assert confirm(inside, app_code(seed)).headers["Location"] == "/en/service/2fa/"
    assert not SoftToken.objects.exists()


def test_change_audit_and_notices_stand_together(
    inside: Visitor, amy: Customer, handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T5: if one of them fails nothing has happened"""
    seed = to_key(inside, handset, amy)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(notices, "tell", broken)
    inside.client.raise_request_exception = False
    assert confirm(inside, app_code(seed)).status_code == 500
    assert_one_method(amy, Method.SMS)
    assert not AuditRecord.objects.filter(event=Event.METHOD_CHANGED).exists()
    assert inside.inside


def test_binding_change_and_removal_are_recorded_and_told(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, bound: bytes
) -> None:
    """N1, N2: by e-mail, and to the mobile in one message each"""
    to_number(inside, bound)
    confirm_sms(inside, sms_code(handset, amy))
    events = list(AuditRecord.objects.order_by("id").values_list("event", flat=True))
    assert events == [Event.METHOD_CHANGED, Event.TOKEN_BOUND, Event.METHOD_CHANGED, Event.TOKEN_REMOVED]
    subjects = [str(mail.subject) for mail in emails(amy.email)]
    assert sum("the verification method was changed" in subject for subject in subjects) == 2
    assert sum("a mobile security code was bound" in subject for subject in subjects) == 1
    assert sum("the mobile security code was removed" in subject for subject in subjects) == 1
    alerts = [text for text in handset.texts(amy.mobile) if "verification method was changed" in text]
    assert len(alerts) == 2
    references = {str(record.facts["reference"]) for record in AuditRecord.objects.all()}
    assert len(references) == 2
    for mail in emails(amy.email):
        if "changed" in mail.subject:
            assert any(reference in mail.body for reference in references)
    told = Message.objects.filter(kind="notice.method_changed", channel="sms", is_code=False)
    assert {each.reference for each in told} == references, "staff find the client by it"


def test_resending_at_the_door_is_not_part_of_a_change(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """C4, C8: each journey has its own codes"""
    ask(inside, Method.SOFT_TOKEN)
    inside.post("service/prove/", {"password": "Harbour-2026-demo"})
    sign_in = SignIn.objects.get()
    proof_code = code_for(sign_in, Purpose.CHANGE_METHOD)
    clock.shift(A_MINUTE)
    door = Visitor("en", "192.0.2.40")
    door.password_step()
    clock.shift(A_MINUTE)
    login_code = another(door, handset, amy)
    assert login_code != proof_code
    assert inside.post("service/prove/code/", {"code": proof_code}).headers["Location"] == "/en/service/2fa/bind/"


def test_changes_of_method_are_kept_for_ninety_days(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O7: however many there are."""
    monkeypatch.setattr(policy, "PURGE_BATCH", 1)
    for _ in range(3):
        ask(inside, Method.SOFT_TOKEN)
    kept = MethodSwitch.objects.count()
    clock.shift(policy.SWITCH_RETENTION.total_seconds() - 1)
    purge()
    assert MethodSwitch.objects.count() == kept > 1
    clock.shift(2)
    purge()
    assert not MethodSwitch.objects.exists()
