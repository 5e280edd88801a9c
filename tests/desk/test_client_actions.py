"""What the page of a client offers: the bar of actions, contacts in full, what waits, who cannot be told."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, FreezeCause, Method
from accounts.services import contacting, lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError
from portal.approvals import proposals
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import Handset, Visitor, text_of
from tests.approvals.steps import propose
from tests.desk.steps import Desk, everything_stored, frozen
from tests.twofactor.phone import give_phone

pytestmark = pytest.mark.django_db

CLIENTS = "accounts/customer/"
ASKED: dict[str, Any] = {"contacts": ["mobile", "postal_address"], "reason": "Comparing what the caller says"}


def bar(desk: Desk, client: Customer) -> list[str]:
    """The names of the actions on the page."""
    html = desk.get(f"{CLIENTS}{client.pk}/").content.decode()
    shown = re.search(r'<ul class="actions".*?</ul>', html, re.DOTALL)
    return re.findall(r'<li data-action="(\w+)">', shown[0]) if shown else []


def inside(make_staff: Callable[..., Customer], role: str) -> Desk:
    """Somebody with this role, logged in."""
    make_staff("other", role)
    desk = Desk("198.51.100.44")
    desk.log_in("other")
    return desk


ALONE = ["unfreeze", "end_sessions", "test_notice", "reset_password", "amend_contacts"]
BY_TWO = ["propose_unfreeze", "end_sessions", "test_notice", "reset_password", "amend_contacts"]


@pytest.mark.parametrize(
    ("role", "cause", "names"),
    [
        ("clerk", "", ["freeze", "end_sessions", "test_notice", "reset_password", "amend_contacts"]),
        ("clerk", "wrong_codes", ALONE),
        ("clerk", "client", BY_TWO),
        ("clerk", "fraud", BY_TWO),
        ("supervisor", "wrong_codes", ALONE),
        (
            "officer",
            "staff",
            ["propose_unfreeze", "hold", "end_sessions", "test_notice", "reset_password", "amend_contacts"],
        ),
        ("officer", "fraud", BY_TWO),
        ("auditor", "", []),
        ("auditor", "wrong_codes", []),
    ],
)
def test_the_bar_shows_what_the_role_may_and_the_state_offers(
    role: str, cause: str, names: list[str], amy: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1, A4"""
    if cause:
        frozen(amy, cause)
    assert bar(inside(make_staff, role), amy) == names


def test_every_action_that_is_offered_has_a_page_of_its_own(
    amy: Customer, chan: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    desk = inside(make_staff, "officer")
    for cause in ("", "wrong_codes", "staff", "fraud"):
        if cause:
            frozen(amy, cause)
        html = desk.get(f"{CLIENTS}{amy.pk}/").content.decode()
        for link in re.findall(r'<a class="button[^"]*" href="([^"]+)"', html):
            page = desk.get(link)
            assert page.status_code == 200, link
            assert 'name="reason"' in page.content.decode(), link


def test_a_closed_account_offers_nothing(amy: Customer, mak_inside: Desk) -> None:
    Customer.objects.filter(pk=amy.pk).update(state="closed")
    assert bar(mak_inside, amy) == []


def test_a_bound_phone_can_be_withdrawn_by_two(amy: Customer, mak_inside: Desk) -> None:
    """A5"""
    give_phone(amy)
    assert "withdraw_method" in bar(mak_inside, amy)


def test_what_waits_for_a_second_person_stands_on_the_page(
    amy: Customer, mak: Customer, chan: Customer, mak_inside: Desk
) -> None:
    """A2, A5"""
    frozen(amy, FreezeCause.FRAUD)
    made = propose(amy, mak)
    answer = mak_inside.get(f"{CLIENTS}{amy.pk}/")
    assert f"Open proposals Unfreeze {made.reference}" in text_of(answer)
    assert f"/staff/queue/{made.pk}/" in answer.content.decode()
    proposals.withdraw(made.pk, maker=mak)
    assert "Open proposals —" in text_of(mak_inside.get(f"{CLIENTS}{amy.pk}/"))


# --- Nobody to tell --------------------------------------------------------------------------------------


def test_who_can_be_told_by_no_other_channel_is_marked_on_both_sides(
    amy: Customer, make_client: Callable[..., Customer], mak_inside: Desk, handset: Handset
) -> None:
    """N1"""
    silent = make_client("100008", email="", mobile="+85298765432")
    for client, marked in ((amy, False), (silent, True)):
        assert ("No notice reaches this client" in text_of(mak_inside.get(f"{CLIENTS}{client.pk}/"))) is marked
        visitor = Visitor("en")
        visitor.log_in(handset, client)
        assert ("We have no e-mail address on file" in text_of(visitor.get("home/"))) is marked
    frozen(silent, FreezeCause.WRONG_CODES)
    assert "tell the client yourself" in text_of(mak_inside.get(f"{CLIENTS}{silent.pk}/unfreeze/"))


def test_texts_are_another_channel_for_who_logs_in_without_them(amy: Customer, mak_inside: Desk) -> None:
    """N1"""
    Customer.objects.filter(pk=amy.pk).update(email="", method=Method.SOFT_TOKEN)
    assert "No notice reaches" not in text_of(mak_inside.get(f"{CLIENTS}{amy.pk}/"))


# --- Contacts in full ------------------------------------------------------------------------------------


@pytest.fixture
def at_home(amy: Customer) -> Customer:
    """Amy, with an address."""
    amy.postal_address = "Flat 8A, 1 Harbour Road\nWan Chai"
    amy.save()
    return amy


def test_a_contact_is_shown_in_full_once_and_that_is_recorded(
    at_home: Customer, mak: Customer, mak_inside: Desk
) -> None:
    """A2"""
    path = f"{CLIENTS}{at_home.pk}/contacts/"
    assert at_home.mobile not in mak_inside.get(path).content.decode()
    answer = mak_inside.post(path, ASKED)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    told = text_of(answer)
    assert at_home.mobile in told
    assert "Flat 8A, 1 Harbour Road Wan Chai" in told
    assert at_home.email not in told
    row = AuditRecord.objects.get(event=Event.STAFF_REVEALED)
    assert (row.actor, row.subject) == (mak, at_home)
    assert row.facts == {"contacts": "mobile, postal_address", "reason": ASKED["reason"]}
    for page in (path, f"{CLIENTS}{at_home.pk}/"):
        assert at_home.mobile not in mak_inside.get(page).content.decode()


def test_what_was_shown_is_kept_nowhere_else(at_home: Customer, mak_inside: Desk, logged: list[str]) -> None:
    """A2"""
    mak_inside.post(f"{CLIENTS}{at_home.pk}/contacts/", {**ASKED, "contacts": ["mobile", "email"]})
    kept = [place for place, value in everything_stored() if at_home.mobile in value or at_home.email in value]
    assert set(kept) == {"accounts.Customer"}
    assert at_home.mobile not in "\n".join(logged)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": ""}, "required"),
        ({"reason": "        "}, "required"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"contacts": []}, "Tick what you need to see"),
        ({"contacts": ["password"]}, "password is not one of the available choices"),
        ({"contacts": ["mobile", "seed"]}, "seed is not one of the available choices"),
    ],
)
def test_without_a_reason_nothing_is_shown(
    change: dict[str, Any], told: str, at_home: Customer, mak_inside: Desk
) -> None:
    """A2"""
    answer = mak_inside.post(f"{CLIENTS}{at_home.pk}/contacts/", {**ASKED, **change})
    assert told in text_of(answer)
    assert at_home.mobile not in answer.content.decode()
    assert not AuditRecord.objects.filter(event=Event.STAFF_REVEALED).exists()


def test_what_is_not_on_file_is_not_offered(no_mobile: Customer, mak_inside: Desk) -> None:
    """A2"""
    path = f"{CLIENTS}{no_mobile.pk}/contacts/"
    assert re.findall(r'name="contacts" value="(\w+)"', mak_inside.get(path).content.decode()) == ["email"]
    Customer.objects.filter(pk=no_mobile.pk).update(email="")
    assert "nothing on file" in text_of(mak_inside.get(path))


def test_only_who_may_and_nobody_their_own(
    at_home: Customer, mak: Customer, mak_inside: Desk, make_staff: Callable[..., Customer]
) -> None:
    """A1, A2"""
    auditor = inside(make_staff, "auditor")
    assert auditor.post(f"{CLIENTS}{at_home.pk}/contacts/", ASKED).status_code == 403
    assert "contacts/" not in auditor.get(f"{CLIENTS}{at_home.pk}/").content.decode()
    call_command("staff_accounts", "mak", at_home.login, verbosity=0)
    assert mak_inside.post(f"{CLIENTS}{at_home.pk}/contacts/", ASKED).status_code == 403
    for staff in (mak, Customer.objects.get(login="other")):
        with pytest.raises(NotAllowedError):
            contacting.reveal(at_home, staff=staff, contacts=["mobile"], reason="Curious", now=timezone.now())
    assert not AuditRecord.objects.filter(event=Event.STAFF_REVEALED).exists()


def test_a_day_has_so_many(at_home: Customer, mak: Customer, mak_inside: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A2"""
    monkeypatch.setitem(policy.MOST_DEEDS_OF_STAFF, "reveals", 1)
    monkeypatch.setitem(policy.MOST_DEEDS_OF_STAFF, "unfreezes", 1)
    path = f"{CLIENTS}{at_home.pk}/contacts/"
    assert at_home.mobile in text_of(mak_inside.post(path, ASKED))
    answer = text_of(mak_inside.post(path, ASKED))
    assert "for the rest of the day a colleague has to do it" in answer
    assert at_home.mobile not in answer
    check = IdentityCheck(("full name", "address"), passed=True)
    for allowed in (True, False):
        frozen(at_home, FreezeCause.WRONG_CODES, unfrozen_at=None)
        if allowed:
            lockout.unfreeze(at_home, staff=mak, reason="Mistyped", check=check, now=timezone.now())
            continue
        with pytest.raises(NotAllowedError, match="1 times today"):
            lockout.unfreeze(at_home, staff=mak, reason="Mistyped", check=check, now=timezone.now())
    assert Customer.objects.get(pk=at_home.pk).frozen
