"""Freezing one client on the desk, and the test notice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, FreezeCause, Method
from accounts.services import contacting, freezing
from accounts.services.staff import NotAllowedError, set_own_clients
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails, text_of
from tests.desk.steps import Desk, frozen
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def mak(make_staff: Callable[..., Customer]) -> Customer:
    """A clerk."""
    return make_staff("mak", "clerk")


@pytest.fixture
def mak_inside(mak: Customer) -> Desk:
    """The clerk, logged in."""
    browser = Desk()
    assert browser.log_in("mak").headers["Location"] == "/staff/"
    return browser


def ask(desk: Desk, client: Customer, **changes: Any) -> HttpResponse:
    """Send the form that freezes."""
    form = {"cause": "staff", "checklist": ["account", "told"], "reason": "Client lost the handbag", **changes}
    return desk.post(f"accounts/customer/{client.pk}/freeze/", form)


def state(client: Customer) -> tuple[bool, str]:
    """Whether it is frozen, and why."""
    client.refresh_from_db()
    return client.frozen, client.freeze_cause


# --- Freezing ------------------------------------------------------------------------------------------


def test_a_clerk_freezes_a_client_who_is_told(
    amy: Customer, mak: Customer, mak_inside: Desk, let_in: Callable[..., Visitor]
) -> None:
    """A1, L9, N1"""
    visitor = let_in(amy)
    answer = ask(mak_inside, amy)
    assert answer.headers["Location"] == f"/staff/accounts/customer/{amy.pk}/"
    assert state(amy) == (True, FreezeCause.STAFF)
    assert not visitor.inside
    record = AuditRecord.objects.get(event=Event.ACCOUNT_FROZEN)
    assert (record.actor, record.subject) == (mak, amy)
    assert record.facts == {
        "cause": "staff",
        "reference": amy.freeze_reference,
        "reason": "Client lost the handbag",
        "checked": "account, told",
    }
    (notice,) = Message.objects.filter(customer=amy, kind="notice.frozen_by_us")
    assert notice.channel == "email"
    told = text_of(mak_inside.get(f"accounts/customer/{amy.pk}/"))
    assert f"reference {amy.freeze_reference}. Every session was ended." in told
    assert "A notice is on its way" in told


def test_who_cannot_be_told_is_named_before_and_after(make_client: Callable[..., Customer], mak_inside: Desk) -> None:
    """N1"""
    client = make_client("100002", email="")
    page = text_of(mak_inside.get(f"accounts/customer/{client.pk}/freeze/"))
    assert "No notice reaches this client" in page
    ask(mak_inside, client)
    assert "No notice reaches this client" in text_of(mak_inside.get(f"accounts/customer/{client.pk}/"))


def test_fraud_is_the_officers_cause(amy: Customer, mak_inside: Desk, ng_inside: Desk) -> None:
    """A1"""
    assert "Suspected fraud" not in text_of(mak_inside.get(f"accounts/customer/{amy.pk}/freeze/"))
    assert "not one of the available choices" in text_of(ask(mak_inside, amy, cause="fraud"))
    assert state(amy) == (False, "")
    ask(ng_inside, amy, cause="fraud")
    assert state(amy) == (True, FreezeCause.FRAUD)


@pytest.mark.parametrize("was", [FreezeCause.WRONG_CODES, FreezeCause.CLIENT, FreezeCause.STAFF])
def test_a_lighter_freeze_is_held_for_fraud(was: FreezeCause, amy: Customer, ng_inside: Desk) -> None:
    """A4, A5: else a clerk could lift a freeze by wrong codes under which fraud was found"""
    frozen(amy, was)
    ask(ng_inside, amy, cause="fraud", reason="Phishing site, report 7")
    assert state(amy) == (True, FreezeCause.FRAUD)
    assert amy.freeze_reference == "FAB2CD3E"
    facts = AuditRecord.objects.get(event=Event.FREEZE_RAISED).facts
    assert (facts["was"], facts["cause"], facts["reason"]) == (was.value, "fraud", "Phishing site, report 7")
    assert not AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN).exists()


@pytest.mark.parametrize("was", [FreezeCause.CLIENT, FreezeCause.STAFF, FreezeCause.FRAUD])
def test_no_freeze_is_made_lighter(was: FreezeCause, amy: Customer, mak_inside: Desk) -> None:
    """A4"""
    frozen(amy, was)
    page = text_of(ask(mak_inside, amy))
    assert "The account is frozen already, reference FAB2CD3E." in page
    assert "Before you freeze" not in page
    assert state(amy) == (True, was)


def test_a_closed_account_is_not_frozen(make_client: Callable[..., Customer], ng: Customer, ng_inside: Desk) -> None:
    client = make_client("100003", state="closed")
    assert "The account is closed" in text_of(ask(ng_inside, client, cause="fraud"))
    with pytest.raises(NotAllowedError):
        freezing.freeze_one(client, staff=ng, cause=FreezeCause.FRAUD, reason="because", now=timezone.now())
    client.refresh_from_db()
    assert client.state == "closed"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": "      "}, "required"),
        ({"reason": "x"}, "at least 5"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"checklist": ["account"]}, "Tick every line"),
        ({"checklist": []}, "Tick every line"),
        ({"checklist": ["account", "told", "paid"]}, "paid"),
        ({"cause": "wrong_codes"}, "wrong_codes"),
        ({"cause": ""}, "required"),
    ],
)
def test_without_cause_checklist_and_reason_nothing_is_frozen(
    change: dict[str, Any], told: str, amy: Customer, ng_inside: Desk
) -> None:
    answer = ask(ng_inside, amy, **change)
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert state(amy) == (False, "")
    assert not Message.objects.exists()


def test_the_verb_itself_asks_for_right_and_reason(
    amy: Customer, mak: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1: whatever door it is called from"""
    nobody = make_staff("temp", "clerk")
    nobody.groups.clear()
    tried: list[tuple[Customer, FreezeCause, str]] = [
        (nobody, FreezeCause.STAFF, "because"),
        (mak, FreezeCause.FRAUD, "because"),
        (mak, FreezeCause.STAFF, "   "),
    ]
    for staff, cause, reason in tried:
        with pytest.raises(NotAllowedError):
            freezing.freeze_one(amy, staff=staff, cause=cause, reason=reason, now=timezone.now())
    assert state(amy) == (False, "")


def test_whose_account_was_disabled_meanwhile_freezes_nobody(amy: Customer, mak: Customer, mak_inside: Desk) -> None:
    mak_inside.get(f"accounts/customer/{amy.pk}/freeze/")
    Customer.objects.filter(pk=mak.pk).update(is_active=False)
    assert ask(mak_inside, amy).status_code == 302
    assert state(amy) == (False, "")


def test_a_look_freezes_nobody(amy: Customer, ng_inside: Desk) -> None:
    ng_inside.get(f"accounts/customer/{amy.pk}/freeze/", QUERY_STRING="cause=fraud&reason=because")
    assert state(amy) == (False, "")


# --- The test notice -----------------------------------------------------------------------------------


def send(desk: Desk, client: Customer, reason: str = "Caller gets no messages") -> HttpResponse:
    return desk.post(
        f"accounts/customer/{client.pk}/test-notice/", {"reason": reason, "checklist": ["contacts", "told"]}
    )


@pytest.mark.parametrize("method", [Method.SMS, Method.SOFT_TOKEN])
def test_a_test_goes_to_every_contact_on_file_and_says_so(
    method: Method, amy: Customer, mak: Customer, mak_inside: Desk, handset: Handset
) -> None:
    """N1, N2"""
    Customer.objects.filter(pk=amy.pk).update(method=method, language="en")
    assert send(mak_inside, amy).status_code == 302
    (text,) = handset.texts(amy.mobile)
    (mail,) = emails(amy.email)
    for said in (text, mail.subject, mail.body):
        assert "this is a test notice, nothing was changed" in said
    record = AuditRecord.objects.get(event=Event.TEST_NOTICE_SENT)
    assert (record.actor, record.subject) == (mak, amy)
    assert record.facts == {
        "channels": "email, sms",
        "reason": "Caller gets no messages",
        "checked": "contacts, told",
    }
    page = text_of(mak_inside.get(f"accounts/customer/{amy.pk}/"))
    assert "+852 9••• ••67" in page
    assert amy.mobile not in page


def test_a_client_is_sent_three_tests_a_day(clock: Clock, amy: Customer, mak_inside: Desk) -> None:
    for _ in range(3):
        assert send(mak_inside, amy).status_code == 302
        clock.shift(60)
    assert "sent 3 test notices within a day" in text_of(send(mak_inside, amy))
    assert Message.objects.filter(kind="notice.test").count() == 6
    clock.shift(24 * 3600 - 180)
    again = Desk()
    again.log_in("mak")
    assert send(again, amy).status_code == 302


def test_a_test_needs_a_reason_a_contact_and_an_open_account(
    amy: Customer, make_client: Callable[..., Customer], mak: Customer, mak_inside: Desk
) -> None:
    nowhere = make_client("100002", email="", mobile="")
    closed = make_client("100003", state="closed")
    assert "neither an e-mail address nor a mobile" in text_of(send(mak_inside, nowhere))
    assert "The account is closed" in text_of(send(mak_inside, closed))
    assert send(mak_inside, amy, reason="    ").status_code == 200
    with pytest.raises(NotAllowedError):
        contacting.send_test(amy, staff=mak, reason=" ", now=timezone.now())
    assert not Message.objects.exists()


@pytest.mark.parametrize("ticked", [[], ["told"], ["contacts", "x"]])
def test_a_test_needs_its_whole_checklist(ticked: list[str], amy: Customer, mak_inside: Desk) -> None:
    """A1"""
    form = {"reason": "Caller gets no messages", "checklist": ticked}
    assert mak_inside.post(f"accounts/customer/{amy.pk}/test-notice/", form).status_code == 200
    assert not Message.objects.exists()


def test_a_test_holds_no_code_up(amy: Customer, mak_inside: Desk) -> None:
    """S2"""
    send(mak_inside, amy)
    Visitor("en").password_step()
    assert Message.objects.filter(customer=amy, is_code=True).count() == 1


# --- Own accounts --------------------------------------------------------------------------------------


def test_nobody_acts_on_an_account_of_their_own(amy: Customer, mak: Customer, mak_inside: Desk) -> None:
    """A1: whatever door it is called from"""
    set_own_clients(mak, [amy.login])
    assert ask(mak_inside, amy).status_code == 403
    assert send(mak_inside, amy).status_code == 403
    now = timezone.now()
    with pytest.raises(NotAllowedError, match="your own"):
        freezing.freeze_one(amy, staff=mak, cause=FreezeCause.STAFF, reason="because", now=now)
    with pytest.raises(NotAllowedError, match="your own"):
        contacting.send_test(amy, staff=mak, reason="because", now=now)
    assert state(amy) == (False, "")
    assert not Message.objects.exists()
