"""The switch that lets nobody in, on the desk."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, Emergency
from accounts.services import freezing
from accounts.services.staff import NotAllowedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, text_of
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db


def switch(desk: Desk, typed: str, reason: str = "Passwords leaked") -> HttpResponse:
    return desk.post("emergency/", {"reason": reason, "typed": typed})


def is_on() -> bool:
    return Emergency.objects.filter(ended_at__isnull=True).exists()


def test_the_page_says_whom_it_concerns_before_anything_happens(
    make_client: Callable[..., Customer], ng_inside: Desk, let_in: Callable[..., Visitor]
) -> None:
    """L9: the dry run"""
    for number in range(3):
        client = make_client(f"40000{number}", mobile=f"+8529123456{number}")
    let_in(client)
    make_client("400009", state="closed")
    page = text_of(ng_inside.get("emergency/"))
    assert "Clients who could log in 3" in page
    assert "Sessions open now 1" in page
    assert not is_on()


def test_an_officer_freezes_everybody_and_opens_again(
    amy: Customer, ng: Customer, ng_inside: Desk, let_in: Callable[..., Visitor], handset: Handset
) -> None:
    """L9, A1"""
    visitor = let_in(amy)
    assert switch(ng_inside, "freeze all").status_code == 302
    assert not visitor.inside
    assert "suspended" in text_of(Visitor("en").password_step())
    page = text_of(ng_inside.get("emergency/"))
    assert "Nobody can log in since" in page
    assert "By: ng. Reason: Passwords leaked" in page
    record = AuditRecord.objects.get(event=Event.ALL_FROZEN)
    assert (record.actor, record.facts) == (ng, {"reason": "Passwords leaked"})
    assert not Message.objects.filter(kind__startswith="notice.frozen").exists()

    assert switch(ng_inside, "OPEN ALL", "All passwords were changed").status_code == 302
    record = AuditRecord.objects.get(event=Event.ALL_UNFROZEN)
    assert (record.actor, record.facts) == (ng, {"reason": "All passwords were changed"})
    assert not visitor.inside, "a session that was ended stays so"
    assert "It lasted" in text_of(ng_inside.get("emergency/"))


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"typed": ""}, "required"),
        ({"typed": "FREEZE"}, "Type exactly: FREEZE ALL"),
        ({"typed": "OPEN ALL"}, "Type exactly: FREEZE ALL"),
        ({"typed": "FREEZE ALL", "reason": "     "}, "required"),
        ({"typed": "FREEZE ALL", "reason": "x" * 201}, "at most 200"),
    ],
)
def test_no_click_alone_freezes_everybody(form: dict[str, Any], told: str, ng_inside: Desk) -> None:
    """L9"""
    answer = ng_inside.post("emergency/", {"reason": "Passwords leaked", **form})
    assert told in text_of(answer)
    assert not is_on()


def test_of_two_officers_the_second_is_told(ng: Customer, ng_inside: Desk) -> None:
    freezing.switch_on(staff=ng, reason="first", now=timezone.now())
    assert "Type exactly: OPEN ALL" in text_of(switch(ng_inside, "FREEZE ALL"))
    with pytest.raises(NotAllowedError, match="on already"):
        freezing.switch_on(staff=ng, reason="second", now=timezone.now())
    freezing.switch_off(staff=ng, reason="over", now=timezone.now())
    with pytest.raises(NotAllowedError, match="not on"):
        freezing.switch_off(staff=ng, reason="over", now=timezone.now())
    assert Emergency.objects.count() == 1


@pytest.mark.parametrize("role", ["clerk", "supervisor"])
def test_the_switch_is_the_officers(role: str, make_staff: Callable[..., Customer]) -> None:
    """A1"""
    staff = make_staff("other", role)
    desk = Desk()
    desk.log_in("other")
    assert desk.get("emergency/").status_code == 403
    assert switch(desk, "FREEZE ALL").status_code == 403
    for verb in (freezing.switch_on, freezing.switch_off):
        with pytest.raises(NotAllowedError):
            verb(staff=staff, reason="because", now=timezone.now())
    assert not is_on()
