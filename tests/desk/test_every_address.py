"""Every address of the desk for everybody who may knock: one table of expected answers, complete.

A new address without a line fails, and so does a line without an address.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import Customer, Finding, FindingKind, FreezeRun, SurveillanceReport
from portal.approvals.models import Evidence
from portal.approvals.proposals import add_evidence
from portal.letters.models import PrintRun
from tests.approvals.steps import picture, propose, suspect
from tests.desk.conftest import clock, make_staff
from tests.desk.steps import Desk
from tests.letters.steps import make_letter
from tests.twofactor.steps import Clock

__all__ = ["clock", "make_staff"]

pytestmark = pytest.mark.django_db
ROLES = {"c": "clerk", "s": "supervisor", "o": "officer", "a": "auditor"}
EVERYBODY, NOBODY = "csoa", ""

#: Address: who is let in by GET and what they get, who by POST without any field and what they get. All other staff
#: get 403, strangers and those without a second factor the way to the login.
TABLE: dict[str, tuple[str, int, str, int]] = {
    "": (EVERYBODY, 200, EVERYBODY, 200),
    "(?P<url>.*)$": (EVERYBODY, 404, EVERYBODY, 404),
    # Clients
    "accounts/customer/": (EVERYBODY, 200, EVERYBODY, 200),
    "accounts/customer/<int:pk>/": (EVERYBODY, 200, EVERYBODY, 200),
    "accounts/customer/<int:pk>/amend-contacts/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/codes/": (EVERYBODY, 200, EVERYBODY, 200),
    "accounts/customer/<int:pk>/contacts/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/end-sessions/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/freeze/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/lift-hold/": ("o", 200, "o", 200),
    "accounts/customer/<int:pk>/password-letter/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/propose-unfreeze/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/rebinding-letter/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/reset-password/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/restore-contact/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/test-notice/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/timeline/": (EVERYBODY, 200, EVERYBODY, 200),
    "accounts/customer/<int:pk>/unfreeze/": ("cso", 200, "cso", 200),
    "accounts/customer/<int:pk>/withdraw-method/": ("cso", 200, "cso", 200),
    # Proposals
    "queue/": (EVERYBODY, 200, EVERYBODY, 200),
    "queue/<uuid:pk>/": (EVERYBODY, 200, EVERYBODY, 200),
    "queue/<uuid:pk>/evidence/": ("cso", 405, "cso", 302),
    "queue/<uuid:pk>/evidence/<uuid:file>/": ("s", 200, "s", 200),
    "queue/<uuid:pk>/mend/": ("cso", 404, "cso", 404),  # of one's own alone
    "queue/bulk-unfreeze/": ("cso", 200, "cso", 200),
    # Letters
    "letters/": (EVERYBODY, 200, EVERYBODY, 200),
    "letters/<uuid:pk>/": (EVERYBODY, 200, "s", 200),
    "letters/post/": ("s", 405, "s", 302),
    "letters/print/": ("s", 405, "s", 302),
    "letters/runs/<uuid:pk>/": ("s", 200, "s", 200),
    "queue/list-unfreeze/<int:pk>/": ("cso", 200, "cso", 200),
    # Emergencies and reports
    "gateways/": (EVERYBODY, 200, EVERYBODY, 200),
    "emergency/": ("o", 200, "o", 200),
    "freeze-lists/": ("o", 200, "o", 200),
    "freeze-lists/<int:pk>/": ("o", 200, "o", 200),
    "surveillance/": ("o", 200, "o", 200),
    "surveillance/<str:day>/": ("o", 200, "o", 200),
    "surveillance/<str:day>/<int:pk>/": ("o", 200, "o", 200),
    "audit/": ("oa", 200, "oa", 200),
    "audit/verify/": ("oa", 200, "oa", 200),
    "audit/export/": ("oa", 200, "oa", 200),
    # Colleagues
    "colleagues/": ("soa", 200, "soa", 200),
    "colleagues/<int:pk>/": ("soa", 200, "s", 200),
    "colleagues/new/": ("s", 200, "s", 200),
    "colleagues/rights.csv": ("oa", 200, "oa", 200),
    # The own account, and what the admin brings along
    "logins/": (EVERYBODY, 200, EVERYBODY, 200),
    "password_change/": (EVERYBODY, 200, EVERYBODY, 200),
    "password_change/done/": (EVERYBODY, 200, EVERYBODY, 405),
    "authenticator/": (EVERYBODY, 302, EVERYBODY, 302),
    "authenticator/picture.svg": (EVERYBODY, 302, EVERYBODY, 302),
    "authenticator/ready/": (EVERYBODY, 200, EVERYBODY, 405),
    "autocomplete/": (NOBODY, 403, EVERYBODY, 405),
    "jsi18n/": (EVERYBODY, 200, EVERYBODY, 405),
    "r/<path:content_type_id>/<path:object_id>/": (EVERYBODY, 404, EVERYBODY, 404),
    # The session ends here; whoever is out finds the login open.
    "logout/": (EVERYBODY, 405, EVERYBODY, 200),
    "login/": (EVERYBODY, 200, EVERYBODY, 400),
}
#: What strangers get at the one door that is theirs.
LOGIN = {"login/": (200, 400)}


def addresses(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """Every route below the desk."""
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


def desk_routes() -> set[str]:
    """The routes below the path of the desk."""
    routes = addresses(get_resolver().url_patterns)
    return {route.removeprefix("staff/") for route in routes if route.startswith("staff/")}


@pytest.fixture
def values(amy: Customer, make_staff: Callable[..., Customer]) -> dict[str, str]:
    """What stands in the routes: a frozen client, a proposal with a file, a letter, a report, a list, a colleague."""
    maker = make_staff("kwok", "supervisor")
    make_staff("yau", "supervisor")  # who could approve it
    made = propose(suspect(amy), maker)
    add_evidence(made.pk, BytesIO(picture()), maker=maker)
    report = SurveillanceReport.objects.create(
        day=date(2035, 11, 18), claimed_until=timezone.now(), made_at=timezone.now(), totals={}
    )
    finding = Finding.objects.create(
        report=report, kind=FindingKind.ACCOUNTS_OF_ADDRESS, place=1, key="192.0.2.1", measure=1
    )
    run = FreezeRun.objects.create(reference="RAB2CD3E", cause="fraud", made_by=maker, sha256="0" * 64)
    letter = make_letter(amy, maker=maker)
    printed = PrintRun.objects.create(reference="LAB2CD3E", printer=maker, letters_count=0)
    return {
        "letters/<uuid:pk>": f"letters/{letter.pk}",
        "letters/runs/<uuid:pk>": f"letters/runs/{printed.pk}",
        "customer/<int:pk>": f"customer/{amy.pk}",
        "colleagues/<int:pk>": f"colleagues/{maker.pk}",
        "freeze-lists/<int:pk>": f"freeze-lists/{run.pk}",
        "list-unfreeze/<int:pk>": f"list-unfreeze/{run.pk}",
        "<uuid:pk>": str(made.pk),
        "<uuid:file>": str(Evidence.objects.get().pk),
        "<str:day>/<int:pk>": f"2035-11-18/{finding.pk}",
        "<str:day>": "2035-11-18",
        "<path:content_type_id>/<path:object_id>": "1/1",
        "(?P<url>.*)$": "anything",
    }


def filled(route: str, values: dict[str, str]) -> str:
    """A route with something in its places."""
    for place, value in values.items():
        route = route.replace(place, value)
    assert not re.search("[<(]", route), "say in `values` what stands in its places"
    return route


def half_inside(staff: Customer) -> Desk:
    """A session of somebody who proved the password and no second factor, as Django would keep it."""
    desk = Desk("198.51.100.88")
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(staff.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session.save()
    desk.client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return desk


def knock(desk: Desk, path: str) -> tuple[int, int]:
    """The answers to a look and to an empty form."""
    return desk.get(path).status_code, desk.post(path).status_code


def test_the_table_has_a_line_for_every_address_and_none_without() -> None:
    """A1"""
    assert set(TABLE) == desk_routes()


@pytest.mark.parametrize("letter", list(ROLES))
def test_each_role_gets_what_the_table_says(
    letter: str, clock: Clock, values: dict[str, str], make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    make_staff("other", ROLES[letter])
    desk = Desk("198.51.100.91")
    desk.log_in("other")
    for route, (seeing, seen, sending, sent) in TABLE.items():
        expected = (seen if letter in seeing else 403, sent if letter in sending else 403)
        assert knock(desk, filled(route, values)) == expected, route


@pytest.mark.parametrize("who", ["nobody", "without the second factor", "disabled", "a client"])
def test_everybody_else_is_led_to_the_login(
    who: str, clock: Clock, values: dict[str, str], amy: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1, A7, L5"""
    officer = make_staff("other", "officer")
    desk = Desk("198.51.100.91")
    if who == "without the second factor":
        desk = half_inside(officer)
    elif who == "a client":
        desk = half_inside(amy)
    elif who == "disabled":
        desk.log_in("other")
        Customer.objects.filter(pk=officer.pk).update(is_active=False)
    for route in TABLE:
        answers = knock(desk, filled(route, values))
        assert answers == LOGIN.get(route, (302, 302)), route
        if answers == (302, 302):
            to = desk.get(filled(route, values)).headers["Location"]
            assert to.startswith(("/staff/login/", "/staff/?")) or to == "/staff/", (route, to)
