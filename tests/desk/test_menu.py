"""The menu of the desk: whoever sees a door may open it, and nobody else sees it."""

import re
from collections.abc import Callable

import pytest

from accounts.models import Customer
from portal.desk.menu import MENU
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db


def doors(desk: Desk) -> list[str]:
    """What the menu leads to."""
    nav = re.search(r'<nav class="menu".*?</nav>', desk.get("").content.decode(), re.DOTALL)
    return re.findall(r'href="([^"]+)"', nav[0]) if nav else []


@pytest.mark.parametrize("role", ["clerk", "supervisor", "officer", "auditor"])
def test_every_door_that_a_role_sees_opens(role: str, make_staff: Callable[..., Customer]) -> None:
    """A1"""
    staff = make_staff("other", role)
    desk = Desk()
    desk.log_in("other")
    seen = doors(desk)
    assert len(seen) == sum(any(map(staff.has_perm, entry.permissions)) for entry in MENU)
    for path in seen:
        page = desk.get(path)
        assert page.status_code == 200, path
        assert f'href="{path}" aria-current="page"' in page.content.decode()


def test_who_has_no_role_or_owes_a_password_sees_no_door(make_staff: Callable[..., Customer]) -> None:
    """A1, L2"""
    make_staff("new", "officer", must_change_password=True)
    nobody = make_staff("temp", "clerk")
    nobody.groups.clear()
    for login in ("new", "temp"):
        desk = Desk()
        desk.log_in(login)
        assert doors(desk) == []
        assert 'class="menu"' not in desk.get("password_change/").content.decode()
    assert 'class="menu"' not in Desk().get("login/").content.decode()
