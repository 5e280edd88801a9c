"""Every scheduled task on a day on which each has something to do: run again, and in four schedulers at once."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts.models import (
    ContactChange,
    Customer,
    FreezeCause,
    FreezeRun,
    PasswordReset,
    ResetWay,
    Result,
    SignIn,
    SurveillanceReport,
)
from accounts.services import freeze_runs
from portal.approvals.models import UNDECIDED, Proposal
from portal.audit.models import AuditCheck, AuditHead, AuditLink, AuditRecord
from portal.celery import app
from portal.letters.models import LIVE, Letter, PrintRun
from portal.messaging import routing
from portal.messaging.models import Message, SendCount, State
from portal.schedule import BEAT_SCHEDULE
from tests.approvals.steps import propose, suspect
from tests.desk.conftest import chan, mak, make_staff
from tests.desk.steps import frozen
from tests.letters.steps import make_letter, settled
from tests.races.together import together
from twofactor.models import Challenge

__all__ = ["chan", "mak", "make_staff"]

SCHEDULERS = 4

#: What is counted.
COUNTS: dict[str, Callable[[], int]] = {
    "messages": Message.objects.count,
    "expired": Message.objects.filter(state=State.EXPIRED).count,
    "masked": Message.objects.filter(to_index="").count,
    "asked": Message.objects.filter(asked_at__isnull=False).count,
    "records": AuditRecord.objects.count,
    "chained": AuditLink.objects.count,
    "heads": AuditHead.objects.count,
    "checks": AuditCheck.objects.count,
    "reports": SurveillanceReport.objects.count,
    "lists": FreezeRun.objects.count,
    "frozen": Customer.objects.filter(state="frozen").count,
    "proposals": Proposal.objects.count,
    "undecided": Proposal.objects.filter(state__in=UNDECIDED).count,
    "challenges": Challenge.objects.count,
    "sign-ins": SignIn.objects.count,
    "changes": ContactChange.objects.count,
    "sessions": Session.objects.count,
    "letters": Letter.objects.count,
    "live letters": Letter.objects.filter(state__in=LIVE).count,
    "resets to answer": PasswordReset.objects.filter(answered_at__isnull=True).count,
}

#: What one run of each task does to them on the day that `a_day` prepares. Sealed rows come with a head and a check.
DOES: dict[str, dict[str, int]] = {
    "sweep-outbox": {"expired": 1},
    "report-unfinished-logins": {"messages": 1},
    "answer-resets": {"messages": 1, "challenges": 1, "resets to answer": -1},
    "show-gateways": {},  # figures alone
    "ask-receipts": {"asked": 1},
    "freeze-on": {"frozen": 1, "lists": -1, "records": 2, "messages": 2},
    "surveil": {"reports": 1, "messages": 1},
    "seal-audit": {"chained": 7},
    "publish-audit-head": {"heads": 1, "messages": 1, "chained": 7},
    "check-audit": {"checks": 1, "chained": 7},
    "remind-of-passwords": {"messages": 1},
    "end-letters": {"live letters": -1, "records": 1},
    "lapse-proposals": {"undecided": -1, "records": 1},
    "purge-challenges": {"challenges": -1},
    "watch-budgets": {"messages": 1},
    "purge-messages": {"masked": 1},
    "purge-sign-ins": {"sign-ins": -1, "changes": -1},
    "purge-proposals": {"proposals": -1},
    "purge-letters": {"letters": -1},
    "clear-staff-sessions": {"sessions": -1},
}


class Carrier:
    """Can be asked for receipts, and knows nothing."""

    name = "http"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, *_arguments: Any, **_options: Any) -> None:
        raise AssertionError("nothing is sent here")

    def ask(self, reference: str, timeout: float) -> list[Any]:
        """Remember that it was asked."""
        self.asked.append(reference)
        return []


def sign_in(client: Customer, **fields: Any) -> SignIn:
    """A login that was tried."""
    facts = {"customer": client, "number": client.login, "address": "203.0.113.7", "verification": uuid4().hex}
    return SignIn.objects.create(**facts | fields)


def message(client: Customer, **fields: Any) -> Message:
    """A text that was put into the outbox."""
    facts = {"channel": "sms", "kind": "code.login", "to_index": "x", "to_masked": "x", **fields}
    facts.setdefault("expires_at", timezone.now() + timedelta(days=1))
    return Message.objects.create(customer=client, **facts)


@pytest.fixture
def carrier_asked(monkeypatch: pytest.MonkeyPatch) -> Carrier:
    """The one gateway."""
    carrier = Carrier()
    monkeypatch.setattr(routing, "GATEWAYS", {"http": carrier})
    return carrier


@pytest.fixture
def a_day(
    amy: Customer,
    make_client: Callable[..., Customer],
    mak: Customer,
    chan: Customer,
    carrier_asked: Carrier,
    settings: SettingsWrapper,
    tmp_path: Path,
) -> dict[str, int]:
    """Something to do for every task; the counts before."""
    now, old = timezone.now(), timezone.now() - timedelta(days=800)
    for name in ("AUDIT_HEAD_DIRECTORY", "EVIDENCE_DIRECTORY"):
        folder = tmp_path / name
        folder.mkdir()
        setattr(settings, name, str(folder))
    people = [make_client(f"40000{number}") for number in range(4)]
    # Told: a login without a code, an old password, a budget that is gone.
    sign_in(amy, at=now - timedelta(minutes=11), result=Result.PASSWORD_RIGHT)
    Customer.objects.filter(pk=people[0].pk).update(password_changed_at=now - timedelta(days=91))
    settings.SMS_BUDGETS = {"segments": 10, "country": 10**6, "prefix": 10**6}
    SendCount.objects.create(key="day:segments:0", resets_at=now + timedelta(hours=1), used=10)
    # Sent: too late, without a receipt, long ago.
    message(amy, expires_at=now - timedelta(seconds=1))
    late = {"state": State.SENT, "sent_at": now - timedelta(minutes=1), "settled_at": now}
    message(amy, **late, gateway="http", gateway_reference="c-1")
    message(amy, state=State.DELIVERED, created_at=old)

    # A list that is confirmed, and one that was forgotten.
    def a_list(client: Customer) -> FreezeRun:
        file = BytesIO(client.login.encode())
        return freeze_runs.check(file, cause=FreezeCause.STAFF, staff=None, now=now)

    freeze_runs.confirm(a_list(people[1]), staff=None, reason="leak", now=now)
    FreezeRun.objects.filter(pk=a_list(people[1]).pk).update(made_at=old)
    # A proposal whose time is over, and one that is kept no longer.
    late_one = propose(suspect(people[2]), mak)
    Proposal.objects.filter(pk=late_one.pk).update(lapses_at=now)
    ancient = propose(frozen(people[3], FreezeCause.FRAUD, freeze_reference="FAB2CD4E"), mak)
    long_ago = now - timedelta(days=9 * 365)
    Proposal.objects.filter(pk=ancient.pk).update(state="lapsed", lapses_at=long_ago, decided_at=long_ago)
    # A forgotten password, a letter whose time is over, and one that is kept no longer.
    asked = sign_in(amy, at=now, result=Result.RESET_ASKED, customer=None, language="en")
    PasswordReset.objects.create(sign_in=asked, key_digest="x", way=ResetWay.EMAIL)
    late_letter, ancient_letter = (make_letter(settled(each), maker=mak, checker=chan) for each in people[:2])
    run = PrintRun.objects.create(reference="LAB2CD3E", printer=chan, letters_count=1, state="good", ended_at=now)
    Letter.objects.filter(pk=late_letter.pk).update(
        state="posted", run=run, printer=chan, code_digest="x", posted_at=now, lapses_at=now - timedelta(seconds=1)
    )
    Letter.objects.filter(pk=ancient_letter.pk).update(state="voided", void="staff", ended_at=long_ago)
    # Kept long enough.
    spent = sign_in(people[0], at=now, result=Result.SUCCESS)
    Challenge.objects.create(
        customer=people[0], sign_in=spent, purpose="login", method="sms", reference="ABC",
        created_at=now - timedelta(days=2), expires_at=now - timedelta(days=2),
    )  # fmt: skip
    sign_in(amy, at=old)
    change = ContactChange(customer=people[0], epoch=0, contact="email", created_at=now - timedelta(days=2))
    change.seal(old="a@example.com", new="b@example.com")
    change.save()
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=now - timedelta(days=1))
    return counts()


def counts() -> dict[str, int]:
    return {name: count() for name, count in COUNTS.items()}


def change(before: dict[str, int]) -> dict[str, int]:
    """What is no longer as it was."""
    return {name: count - before[name] for name, count in counts().items() if count != before[name]}


def test_every_scheduled_task_has_something_to_do_here() -> None:
    """O4"""
    assert set(DOES) == set(BEAT_SCHEDULE)
    assert [name for name, changes in DOES.items() if not changes] == ["show-gateways"]


@pytest.mark.parametrize("name", list(BEAT_SCHEDULE))
def test_a_task_that_runs_again_does_nothing_more(name: str, a_day: dict[str, int], carrier_asked: Carrier) -> None:
    """O4"""
    task = task_of(name)
    for _ in range(3):
        task()
        assert change(a_day) == DOES[name]
    assert len(carrier_asked.asked) == (name == "ask-receipts")


@pytest.mark.parametrize("name", list(BEAT_SCHEDULE))
def test_four_schedulers_at_once_do_what_one_does(name: str, a_day: dict[str, int], carrier_asked: Carrier) -> None:
    """O4"""
    task = task_of(name)
    together([task] * SCHEDULERS)
    if name == "freeze-on":  # whoever comes second leaves the list to the first, and the next beat finishes it
        task()
    assert change(a_day) == DOES[name]
    assert len(carrier_asked.asked) == (name == "ask-receipts")


def task_of(name: str) -> Callable[[], object]:
    """The task as a worker runs it, without a broker."""
    app.loader.import_default_modules()
    task: Callable[[], object] = app.tasks[BEAT_SCHEDULE[name]["task"]]
    return task
