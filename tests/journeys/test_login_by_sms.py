"""The main journey: number, password, system verification, code, menu."""

import pytest
from django.db.models import Model

from accounts.models import Customer, Result, SignIn
from portal.messaging.models import Message, State
from tests.actors import Handset, Visitor, emails, sent_codes, text_of

pytestmark = pytest.mark.django_db


def test_a_client_logs_in_with_password_and_code(amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """L1, N1"""
    asked = visitor.password_step()
    assert asked.status_code == 302
    assert asked.headers["Location"] == "/zh-hant/login/verify/"
    assert visitor.get("home/").headers["Location"] == "/zh-hant/login/verify/"

    page = visitor.get("login/verify/")
    assert page.status_code == 200
    assert "+852 9••• ••67" in page.content.decode()

    inside = visitor.code_step(handset.code(amy.mobile))
    assert inside.headers["Location"] == "/zh-hant/home/"
    home = visitor.get("home/")
    assert home.status_code == 200
    assert "客戶服務" in text_of(home)
    assert SignIn.objects.get().result == Result.SUCCESS
    assert sent_codes(amy) == 1
    assert len(emails(amy.email)) == 1
    assert not Message.objects.exclude(state=State.SENT).exists()


def test_no_column_of_a_login_is_fetched_by_itself(
    amy: Customer, visitor: Visitor, handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that leaves out a column which a page needs costs one more for each row."""

    def fetch(_: Model, *, fields: list[str]) -> None:
        raise AssertionError(f"{fields} should have been there")

    visitor.password_step()
    code = handset.code(amy.mobile)
    monkeypatch.setattr(Model, "refresh_from_db", fetch)
    assert visitor.get("login/verify/").status_code == 200
    visitor.code_step(code)
    assert visitor.get("home/").status_code == 200
