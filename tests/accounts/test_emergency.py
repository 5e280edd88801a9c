"""One switch lets nobody in."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Customer
from accounts.services import lockout
from portal import context
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, text_of

pytestmark = pytest.mark.django_db
LetIn = Callable[..., Visitor]


@pytest.fixture(autouse=True)
def fresh_banner(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The banner's copy of the switch is kept per process for seconds: here it is read each time."""
    monkeypatch.setattr(context, "_BANNER_SECONDS", -1)
    monkeypatch.setattr(context._banner, "good_until", 0.0)
    yield
    context._banner.frozen = False


def freeze_all() -> bool:
    return lockout.freeze_all(reason="drill", actor=None, now=timezone.now())


def test_the_switch_ends_sessions_and_pending_logins(
    amy: Customer, make_client: Callable[..., Customer], let_in: LetIn, handset: Handset
) -> None:
    """L9"""
    ben = make_client("100002", mobile="+85298765432")
    inside, pending = let_in(amy), Visitor("en", "192.0.2.3")
    pending.password_step(ben.login)
    code = handset.code(ben.mobile)
    freeze_all()
    assert not inside.inside
    pending.code_step(code)
    assert not pending.inside


def test_nobody_gets_in_and_the_right_password_is_told_why(amy: Customer) -> None:
    """L9, L3"""
    freeze_all()
    visitor = Visitor("en")
    page = visitor.password_step()
    assert "Online login is suspended for all clients" in text_of(page)
    assert not visitor.inside
    assert not Message.objects.exists()


def test_it_is_one_record_and_nobody_is_written_to(amy: Customer) -> None:
    """L9"""
    assert freeze_all()
    assert not freeze_all(), "it was on already"
    assert AuditRecord.objects.filter(event=Event.ALL_FROZEN).count() == 1
    assert not Message.objects.exists()
    amy.refresh_from_db()
    assert not amy.frozen
    assert amy.security_epoch == 0


def test_every_page_carries_the_banner(amy: Customer) -> None:
    """L9"""
    freeze_all()
    for path in ("login/", "help/faq/", "privacy/", "login/session-ended/"):
        assert "Online login is suspended for all clients" in text_of(Visitor("en").get(path))
    lockout.unfreeze_all(reason="over", actor=None, now=timezone.now())
    assert "suspended for all" not in text_of(Visitor("en").get("login/"))


def test_after_the_emergency_clients_log_in_anew(
    amy: Customer, let_in: LetIn, handset: Handset, clock: time_machine.Traveller
) -> None:
    """L9: a session that nobody looked at during the emergency is over like all others"""
    before = let_in(amy)
    clock.shift(61)
    freeze_all()
    clock.shift(61)
    lockout.unfreeze_all(reason="over", actor=None, now=timezone.now())
    assert not before.inside
    assert Visitor("en").log_in(handset, amy).headers["Location"] == "/en/home/"


def test_a_code_from_before_the_emergency_is_worth_nothing_after_it(
    amy: Customer, handset: Handset, clock: time_machine.Traveller
) -> None:
    """L9"""
    visitor = Visitor("en")
    visitor.password_step()
    code = handset.code(amy.mobile)
    freeze_all()
    clock.shift(10)
    lockout.unfreeze_all(reason="over", actor=None, now=timezone.now())
    visitor.code_step(code)
    assert not visitor.inside
