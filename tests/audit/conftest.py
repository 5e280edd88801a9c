"""A trail with some rows in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer
from portal.audit import heads, sealing
from portal.audit.events import Event
from portal.audit.heads import Head
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from tests.accounts.conftest import clock
from tests.desk.conftest import make_staff

__all__ = ["clock", "make_staff"]


@pytest.fixture
def mak(make_staff: Callable[..., Customer]) -> Customer:
    """A clerk."""
    return make_staff("mak", "clerk")


@pytest.fixture(autouse=True)
def head_directory(settings: SettingsWrapper, tmp_path: Path) -> Path:
    """Where heads go."""
    settings.AUDIT_HEAD_DIRECTORY = str(tmp_path / "heads")
    folder = Path(settings.AUDIT_HEAD_DIRECTORY)
    folder.mkdir()
    return folder


@pytest.fixture
def trail(clock: object, mak: Customer, amy: Customer) -> list[AuditRecord]:
    """Nine rows in their places: 1 to 9."""
    events = list(Event)
    rows = [record(events[nth], actor=mak, subject=amy, facts={"nth": nth, "why": "asked"}) for nth in range(9)]
    assert sealing.seal(timezone.now()) == 9
    return rows


@pytest.fixture
def head(trail: list[AuditRecord]) -> Head:
    """The head of those nine, kept elsewhere; the portal itself has forgotten it."""
    last = sealing.end()
    assert last is not None
    return heads.sign(timezone.localdate(), timezone.now(), last.position, last.digest)
