"""Finding, reading and unfreezing a client on the desk."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause, SignIn
from accounts.services import lockout
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails, text_of
from tests.desk.steps import Desk, at_once, frozen

pytestmark = pytest.mark.django_db

NOON = datetime(2035, 11, 19, 4, 0, 0, tzinfo=UTC)
CLIENTS = "accounts/customer/"
CHECKED: dict[str, Any] = {
    "reason": "Caller mistyped on a new phone",
    "questions": ["full name", "recent trade"],
    "passed": "on",
}

ENDING: dict[str, Any] = {"reason": "Client left a public computer", "checklist": ["account", "told"]}


def find(desk: Desk, query: str) -> HttpResponse:
    """Search for something."""
    return desk.post(CLIENTS, {"query": query})


def page(desk: Desk, client: Customer) -> str:
    """What the desk says about a client."""
    response = desk.get(f"{CLIENTS}{client.pk}/")
    assert response.status_code == 200
    return text_of(response)


def unfreeze(desk: Desk, client: Customer, **changes: Any) -> HttpResponse:
    """Send the form that unfreezes."""
    return desk.post(f"{CLIENTS}{client.pk}/unfreeze/", {**CHECKED, **changes})


def is_frozen(client: Customer) -> bool:
    """Whether the client still is."""
    return Customer.objects.get(pk=client.pk).frozen


# --- Finding -------------------------------------------------------------------------------------------


def test_no_address_filters_or_sorts_clients(amy: Customer, mak_inside: Desk) -> None:
    for query in ("?mobile__startswith=%2B852", "?q=100001", "?password__startswith=a", "?o=1", "?all="):
        answer = mak_inside.get(f"{CLIENTS}{query}")
        assert answer.status_code == 200
        assert amy.login not in text_of(answer)
    assert mak_inside.get("autocomplete/?app_label=accounts&model_name=signin&field_name=customer").status_code in {
        403,
        404,
    }


def test_staff_are_not_found_and_have_no_page(chan: Customer, mak: Customer, mak_inside: Desk) -> None:
    assert find(mak_inside, "chan").status_code == 200
    for path in (f"{chan.pk}/", f"{mak.pk}/unfreeze/", "999999999999999999999/", "0/"):
        assert mak_inside.get(CLIENTS + path).status_code == 404
    assert not AuditRecord.objects.filter(event=Event.STAFF_VIEWED_CLIENT).exists()


# --- Reading -------------------------------------------------------------------------------------------


def test_the_page_tells_what_a_clerk_needs_and_masks_contacts(amy: Customer, mak_inside: Desk) -> None:
    """A2, A3"""
    frozen(amy, FreezeCause.WRONG_CODES, wrong_codes=5, frozen_at=NOON)
    told = page(mak_inside, amy)
    for fact in (
        "100001 Chan Tai Man Amy",
        "frozen",
        "text message",
        "+852 9••• ••67",
        "a•••@example.com",
        "5 / 5",
        "Frozen on 2035-11-19 12:00:00 by wrong codes, reference FAB2CD3E.",
    ):
        assert fact in told
    html = mak_inside.get(f"{CLIENTS}{amy.pk}/").content.decode()
    for secret in (amy.mobile, "91234567", amy.email, amy.password):
        assert secret not in html


def test_the_page_says_why_the_password_must_be_changed(
    amy: Customer, make_client: Callable[..., Customer], mak_inside: Desk
) -> None:
    """C10"""
    assert "password must be changed" not in page(mak_inside, amy)
    newcomer = make_client("100009", must_change_password=True)
    assert "it is the first one" in page(mak_inside, newcomer)

    for n in range(20):
        row = SignIn.objects.create(number=amy.login, customer=amy, address="::1", verification=str(n))
        Customer.objects.filter(pk=amy.pk).update(wrong_codes=0)
        lockout.count_wrong_code(Customer.objects.get(pk=amy.pk), row, now=timezone.now())
    assert "The password must be changed: 20 wrong codes in 30 days." in page(mak_inside, amy)


def test_every_view_of_a_client_is_recorded(amy: Customer, mak: Customer, mak_inside: Desk) -> None:
    """A3"""
    mak_inside.get(f"{CLIENTS}{amy.pk}/")
    mak_inside.get(f"{CLIENTS}{amy.pk}/unfreeze/")
    rows = AuditRecord.objects.filter(event=Event.STAFF_VIEWED_CLIENT).order_by("id")
    assert [(row.actor, row.subject, row.facts) for row in rows] == [
        (mak, amy, {"page": "client"}),
        (mak, amy, {"page": "unfreeze"}),
    ]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '=HYPERLINK("http://x")', "{{ 7|add:7 }}"])
def test_whatever_a_client_is_called_shows_as_text(
    name: str, make_client: Callable[..., Customer], mak_inside: Desk
) -> None:
    client = frozen(make_client("100007", name=name), FreezeCause.WRONG_CODES)
    SignIn.objects.create(
        number=client.login, customer=client, address="::1", verification="x", user_agent=name, method=name[:16]
    )
    for path in ("", "unfreeze/"):
        response = mak_inside.get(f"{CLIENTS}{client.pk}/{path}")
        html = response.content.decode()
        assert "<script>alert" not in html
        assert 'HYPERLINK("' not in html
        assert name in text_of_escaped(html)


def text_of_escaped(html: str) -> str:
    """The page with entities read, markup left in."""
    return html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#x27;", "'")


def test_nothing_about_a_client_can_be_edited_added_or_deleted(amy: Customer, chan_inside: Desk) -> None:
    before = Customer.objects.filter(pk=amy.pk).values().get()
    for path in ("add/", f"{amy.pk}/change/", f"{amy.pk}/delete/", f"{amy.pk}/history/"):
        for answer in (chan_inside.get(CLIENTS + path), chan_inside.post(CLIENTS + path, {"name": "x"})):
            assert answer.status_code == 404
    chan_inside.post(f"{CLIENTS}{amy.pk}/", {"name": "x", "mobile": "+85290000000", "post": "yes"})
    chan_inside.post(CLIENTS, {"action": "delete_selected", "_selected_action": amy.pk, "post": "yes"})
    assert Customer.objects.filter(pk=amy.pk).values().get() == before


# --- Unfreezing ----------------------------------------------------------------------------------------


def test_a_clerk_unfreezes_a_freeze_by_wrong_codes(amy: Customer, mak: Customer, mak_inside: Desk) -> None:
    """A4, N1"""
    frozen(amy, FreezeCause.WRONG_CODES, wrong_codes=5)
    assert "Unfreeze" in page(mak_inside, amy)
    form = text_of(mak_inside.get(f"{CLIENTS}{amy.pk}/unfreeze/"))
    assert "by wrong codes" in form

    answer = unfreeze(mak_inside, amy)
    assert answer.headers["Location"] == f"/staff/accounts/customer/{amy.pk}/"
    told = page(mak_inside, amy)
    assert "reference FAB2CD3E" in told
    assert "Your online login is open again." in told
    amy.refresh_from_db()
    assert (amy.state, amy.wrong_codes, amy.freeze_cause) == (AccountState.ACTIVE, 0, "")
    record = AuditRecord.objects.get(event=Event.ACCOUNT_UNFROZEN)
    assert (record.actor, record.subject) == (mak, amy)
    assert record.facts == {
        "reference": "FAB2CD3E",
        "cause": "wrong_codes",
        "reason": "Caller mistyped on a new phone",
        "questions": "full name, recent trade",
    }
    assert Message.objects.filter(customer=amy, kind="notice.unfrozen").count() == 1
    assert len(emails(amy.email)) == 1


def test_the_second_time_within_a_day_takes_two(amy: Customer, mak: Customer, chan_inside: Desk) -> None:
    """A4"""
    with time_machine.travel(NOON, tick=False) as clock:
        for hours, freed in ((0, True), (23.99, False), (0.02, True)):
            clock.shift(hours * 3600)
            frozen(amy, FreezeCause.WRONG_CODES)
            clerk = Desk()
            clerk.log_in("mak")
            answer = unfreeze(clerk, amy)
            assert is_frozen(amy) is not freed
            if not freed:
                told = text_of(answer)
                assert "this time it takes a second person" in told
                assert "What did you ask" not in told
        frozen(amy, FreezeCause.WRONG_CODES)
        supervisor = Desk("198.51.100.24")
        supervisor.log_in("chan")
        unfreeze(supervisor, amy)
        assert is_frozen(amy)


@pytest.mark.parametrize("cause", [FreezeCause.CLIENT, FreezeCause.STAFF, FreezeCause.FRAUD])
def test_every_other_cause_takes_two(cause: FreezeCause, amy: Customer, mak_inside: Desk, chan_inside: Desk) -> None:
    """A4"""
    frozen(amy, cause)
    assert "takes a second person to unfreeze" in page(mak_inside, amy)
    for desk in (mak_inside, chan_inside):
        shown = text_of(desk.get(f"{CLIENTS}{amy.pk}/unfreeze/"))
        assert "takes a second person to unfreeze" in shown
        assert "What did you ask" not in shown
        unfreeze(desk, amy)
        assert is_frozen(amy)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"passed": ""}, "The identity check was not passed"),
        ({"questions": []}, "Tick what you asked"),
        ({"questions": ["full name"]}, "at least two"),
        ({"questions": ["full name", "shoe size"]}, "shoe size"),
        ({"reason": ""}, "required"),
        ({"reason": "  x   "}, "at least 5"),
        ({"reason": "x" * 501}, "at most 500"),
    ],
)
def test_without_reason_and_passed_check_the_account_stays_frozen(
    change: dict[str, Any], told: str, amy: Customer, chan_inside: Desk
) -> None:
    """A4"""
    frozen(amy, FreezeCause.WRONG_CODES, wrong_codes=5)
    answer = unfreeze(chan_inside, amy, **change)
    assert answer.status_code == 200
    assert told in text_of(answer)
    amy.refresh_from_db()
    assert amy.frozen
    assert amy.wrong_codes == 5
    assert not AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN).exists()
    assert not Message.objects.exists()


def test_an_account_that_is_not_frozen_has_nothing_to_unfreeze(amy: Customer, chan_inside: Desk) -> None:
    assert "The account is not frozen." in text_of(unfreeze(chan_inside, amy))
    assert not AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN).exists()


def test_a_look_unfreezes_nothing(amy: Customer, chan_inside: Desk) -> None:
    frozen(amy, FreezeCause.WRONG_CODES)
    chan_inside.get(f"{CLIENTS}{amy.pk}/unfreeze/", QUERY_STRING="passed=on&reason=because")
    assert is_frozen(amy)


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_at_once_one_unfreezes(amy: Customer, chan: Customer, chan_inside: Desk) -> None:
    """A4"""
    frozen(amy, FreezeCause.WRONG_CODES)
    key = chan_inside.session_key

    def act(_number: int) -> int:
        desk = Desk()
        desk.client.cookies[settings.SESSION_COOKIE_NAME] = key
        return unfreeze(desk, amy).status_code

    assert at_once(4, act).count(302) == 1
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN).count() == 1


# --- Ending sessions -----------------------------------------------------------------------------------


def test_a_clerk_ends_every_session_of_a_client(amy: Customer, mak_inside: Desk, handset: Handset) -> None:
    """L9, A1"""
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    assert visitor.inside
    answer = mak_inside.post(f"{CLIENTS}{amy.pk}/end-sessions/", ENDING)
    assert answer.status_code == 302
    assert not visitor.inside
    record = AuditRecord.objects.get(event=Event.SESSIONS_ENDED)
    assert record.facts == {"reason": "Client left a public computer", "checked": "account, told"}
    assert record.subject == amy


def test_ending_sessions_needs_checklist_and_reason(amy: Customer, mak_inside: Desk, handset: Handset) -> None:
    """A1"""
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    missing: list[dict[str, Any]] = [{"checklist": []}, {"checklist": ["told"]}, {"checklist": ["account", "x"]}]
    for change in [{"reason": ""}, {"reason": "     "}, {"reason": "x"}, *missing]:
        answer = mak_inside.post(f"{CLIENTS}{amy.pk}/end-sessions/", {**ENDING, **change})
        assert answer.status_code == 200, change
    assert visitor.inside
