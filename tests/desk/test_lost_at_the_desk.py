"""Error pages that staff see lead back to the desk, and never to the clients' login."""

import pytest
from django.urls import reverse

from tests.desk.steps import Desk


@pytest.mark.parametrize(
    ("path", "status"), [("nothing/", 404), ("audit/export/", 403), ("accounts/customer/1/nothing/", 404)]
)
def test_a_page_that_is_not_there_or_not_open_leads_back(path: str, status: int, mak_inside: Desk) -> None:
    """A1"""
    answer = mak_inside.get(path)
    assert answer.status_code == status
    leads_back(answer.content.decode())


def test_a_body_that_is_too_large_leads_back(mak_inside: Desk) -> None:
    """A1"""
    answer = mak_inside.post("", {"q": "1" * 70_000})
    assert answer.status_code == 413
    leads_back(answer.content.decode())


def test_an_expired_form_leads_back(mak_inside: Desk) -> None:
    """A1"""
    mak_inside.client.handler.enforce_csrf_checks = True
    answer = mak_inside.post("", {"q": "1"})
    assert answer.status_code == 403
    leads_back(answer.content.decode())


def leads_back(page: str) -> None:
    """One way on, and the right one."""
    main = page.partition("<main")[2].partition("</main>")[0]
    assert f'href="{reverse("admin:index")}"' in main
    assert "/login/" not in main
