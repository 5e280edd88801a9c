"""The way back of a frozen list: counted, agreed on by two people, and unfrozen one by one."""

import os
import signal
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer, FreezeCause, FreezeRun, UnfreezeRun
from accounts.services import freeze_runs, freezing, unfreeze_runs
from accounts.services.staff import NotAllowedError, set_own_clients
from accounts.tasks import freeze_on
from portal.approvals.models import Proposal, State
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.desk import kinds
from portal.desk.kinds import KINDS
from portal.messaging.models import Message
from tests.actors import emails, text_of
from tests.approvals.steps import approve
from tests.desk.conftest import chan, chan_inside, desk, mak, mak_inside
from tests.desk.steps import Desk, frozen
from tests.surveillance import bulk

__all__ = ["chan", "chan_inside", "desk", "mak", "mak_inside"]

pytestmark = pytest.mark.django_db
People = list[Customer]


@pytest.fixture(autouse=True)
def evidence_directory(tmp_path: Path, settings: SettingsWrapper) -> None:
    """A place for evidence, of which there is none here."""
    settings.EVIDENCE_DIRECTORY = str(tmp_path)


@pytest.fixture
def people(make_client: Callable[..., Customer]) -> People:
    """Ten clients."""
    return [make_client(f"40000{number}") for number in range(10)]


def freeze_list(*logins: str, cause: FreezeCause = FreezeCause.STAFF) -> FreezeRun:
    """A list that has been frozen."""
    file = BytesIO("\n".join(logins).encode())
    run = freeze_runs.check(file, cause=cause, staff=None, now=timezone.now())
    freeze_runs.confirm(run, staff=None, reason="Numbers found on a forum", now=timezone.now())
    while freeze_runs.work_off():
        pass
    run.refresh_from_db()
    return run


def propose_list(run: FreezeRun, maker: Customer) -> Proposal:
    """A proposal as the page makes it."""
    return kinds.propose(
        KINDS["list_unfreeze"],
        run,
        maker=maker,
        reason="The leak was a false alarm",
        after={"checked": "over, list"},
        now=timezone.now(),
    )


def frozen_now() -> set[str]:
    return set(Customer.objects.filter(state="frozen").values_list("login", flat=True))


def ask(desk: Desk, run: FreezeRun, **changes: Any) -> HttpResponse:
    """Send the form."""
    form = {"checklist": ["over", "list"], "reason": "The leak was a false alarm", **changes}
    return desk.post(f"queue/list-unfreeze/{run.pk}/", form)


def test_from_the_reference_to_the_last_account(
    people: People, mak_inside: Desk, chan_inside: Desk, chan: Customer
) -> None:
    """A5, N1, L9"""
    run = freeze_list(*[client.login for client in people])
    led = mak_inside.get(f"queue/bulk-unfreeze/?list={run.reference.lower()}")
    assert led.headers["Location"] == f"/staff/queue/list-unfreeze/{run.pk}/"
    assert "10 of 10 are still frozen by this list" in text_of(mak_inside.get(led.headers["Location"]))
    assert ask(mak_inside, run).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.before["list"], proposal.before["count"]) == (run.reference, "10")
    form = {"verdict": "approve", "reason": "Called back, all in order", "revision": 1}
    assert run.reference in text_of(chan_inside.get(f"queue/{proposal.pk}/"))
    assert chan_inside.post(f"queue/{proposal.pk}/", form).status_code == 302
    assert len(frozen_now()) == 10, "they are worked off by the task"
    assert "0 of 10 unfrozen so far" in text_of(mak_inside.get(f"queue/list-unfreeze/{run.pk}/"))
    freeze_on()
    freeze_on()
    assert frozen_now() == set()
    assert Message.objects.filter(kind="notice.unfrozen").values("customer").distinct().count() == 10
    records = AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN)
    assert {(each.actor, each.facts["proposal"], each.facts["maker"], each.facts["run"]) for each in records} == {
        (chan, proposal.reference, "mak", run.reference)
    }
    assert len(records) == 10
    (done,) = AuditRecord.objects.filter(event=Event.UNFREEZE_RUN_FINISHED)
    assert done.facts == {"reference": run.reference, "proposal": proposal.reference, "unfrozen": 10, "left": 0}
    told = [mail for mail in emails("security@example.com.hk") if "unfrozen by list" in mail.subject]
    assert len(told) == 1
    page = text_of(mak_inside.get(f"queue/list-unfreeze/{run.pk}/"))
    assert "0 of 10 are still frozen by this list" in page
    assert "10 unfrozen, 0 had changed" in page
    assert "holds no account frozen any more" in page


def test_who_was_held_for_fraud_since_stays_frozen(
    people: People, ng: Customer, mak: Customer, mak_inside: Desk, chan: Customer
) -> None:
    """A5"""
    run = freeze_list("400000", "400001", "400002")
    facts: dict[str, Any] = {"staff": ng, "reason": "Money moved abroad", "now": timezone.now()}
    freezing.freeze_one(people[1], cause=FreezeCause.FRAUD, **facts)
    assert "2 of 3 are still frozen by this list" in text_of(mak_inside.get(f"queue/list-unfreeze/{run.pk}/"))
    ask(mak_inside, run)
    approve(Proposal.objects.get(), chan)
    freezing.freeze_one(people[2], cause=FreezeCause.FRAUD, **facts)  # after it was approved, before it is done
    freeze_on()
    freeze_on()
    assert frozen_now() == {"400001", "400002"}
    assert set(Customer.objects.filter(state="frozen").values_list("freeze_cause", flat=True)) == {"fraud"}
    (done,) = AuditRecord.objects.filter(event=Event.UNFREEZE_RUN_FINISHED)
    assert (done.facts["unfrozen"], done.facts["left"]) == (1, 1)


def test_a_list_that_changed_after_it_was_proposed_is_not_approved(
    people: People, mak: Customer, chan: Customer
) -> None:
    """A5"""
    run = freeze_list("400000", "400001")
    proposal = propose_list(run, mak)
    frozen(people[0], FreezeCause.STAFF, freeze_reference="FZZZZZZZ")
    with pytest.raises(RefusedError, match="no longer what they were"):
        approve(proposal, chan)
    assert not UnfreezeRun.objects.exists()


def test_a_list_of_more_than_one_proposal_takes_is_unfrozen_whole(mak: Customer, chan: Customer) -> None:
    """A5, L9"""
    bulk.clients(1_203)
    run = freeze_list(*[f"{number:06d}" for number in range(1_203)])
    assert len(frozen_now()) == 1_203
    approve(propose_list(run, mak), chan)
    assert unfreeze_runs.work_off(bite=700) == 700
    assert len(frozen_now()) == 503
    freeze_on()
    assert frozen_now() == set()
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN).count() == 1_203
    assert AuditRecord.objects.filter(event=Event.UNFREEZE_RUN_FINISHED).count() == 1


@pytest.mark.parametrize("case", ["checked only", "being frozen", "being unfrozen", "nobody left"])
def test_what_cannot_be_taken_back_yet_or_any_more_is_said(
    case: str, people: People, mak: Customer, mak_inside: Desk, chan: Customer
) -> None:
    run = freeze_list("400000", "400001")
    if case == "being unfrozen":
        approve(propose_list(run, mak), chan)
    elif case == "nobody left":
        Customer.objects.filter(state="frozen").update(state="active", frozen_at=None, freeze_cause="")
    else:
        file = BytesIO(b"400002\n")
        run = freeze_runs.check(file, cause=FreezeCause.STAFF, staff=None, now=timezone.now())
        if case == "being frozen":
            freeze_runs.confirm(run, staff=None, reason="leak", now=timezone.now())
    words = {
        "checked only": "not finished",
        "being frozen": "not finished",
        "being unfrozen": "being unfrozen already",
        "nobody left": "holds no account frozen any more",
    }
    answer = ask(mak_inside, run)
    assert answer.status_code == 200
    assert words[case] in text_of(answer)
    assert Proposal.objects.filter(state=State.OPEN).count() == 0


def test_two_proposals_of_one_list_are_not_both_worked_off(people: People, mak: Customer, chan: Customer) -> None:
    run = freeze_list("400000", "400001", "400002")
    first = propose_list(run, mak)
    with pytest.raises(RefusedError, match="proposed already"):
        propose_list(run, mak)
    Customer.objects.filter(login="400000").update(state="active", frozen_at=None, freeze_cause="")
    second = propose_list(run, mak)
    with pytest.raises(RefusedError):
        approve(first, chan)
    approve(second, chan)
    third = Proposal.objects.get(pk=first.pk)
    third.seal({**second.before}, third.after)
    third.save()
    with pytest.raises(NotAllowedError, match="already"):
        approve(third, chan)
    assert UnfreezeRun.objects.count() == 1


def test_nobody_proposes_or_approves_a_list_with_an_account_of_their_own(
    people: People, mak: Customer, mak_inside: Desk, chan: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1, A5"""
    run = freeze_list("400000", "400001")
    set_own_clients(mak, ["400001"])
    assert "account of your own" in text_of(ask(mak_inside, run))
    set_own_clients(mak, [])
    set_own_clients(chan, ["400001"])
    assert "nobody who could approve" in text_of(ask(mak_inside, run))
    make_staff("kwok", "supervisor")
    ask(mak_inside, run)
    with pytest.raises(NotAllowedError, match="account of your own"):
        approve(Proposal.objects.get(), chan)
    assert not UnfreezeRun.objects.exists()


def test_an_account_of_the_second_person_stays_frozen_even_if_it_is_set_later(
    people: People, mak: Customer, chan: Customer
) -> None:
    """A1"""
    run = freeze_list("400000", "400001")
    approve(propose_list(run, mak), chan)
    set_own_clients(chan, ["400001"])
    freeze_on()
    freeze_on()
    assert frozen_now() == {"400001"}


def test_a_returned_list_is_counted_anew_when_it_is_sent_again(
    people: People, mak_inside: Desk, chan_inside: Desk
) -> None:
    run = freeze_list("400000", "400001")
    ask(mak_inside, run)
    proposal = Proposal.objects.get()
    form = {"verdict": "return", "reason": "Say which leak it was", "revision": 1}
    chan_inside.post(f"queue/{proposal.pk}/", form)
    Customer.objects.filter(login="400000").update(state="active", frozen_at=None, freeze_cause="")
    again = {"checklist": ["over", "list"], "reason": "The leak of Monday", "revision": 1}
    assert mak_inside.post(f"queue/{proposal.pk}/mend/", again).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.revision, proposal.before["count"]) == (2, "1")
    assert chan_inside.post(f"queue/{proposal.pk}/", {**form, "verdict": "approve", "revision": 2}).status_code == 302
    freeze_on()
    assert frozen_now() == set()


@pytest.mark.parametrize("typed", ["R2345678", "x" * 300, "%", "\x00", "400000"])
def test_a_reference_of_no_list_is_said(typed: str, people: People, mak_inside: Desk) -> None:
    answer = mak_inside.get("queue/bulk-unfreeze/", data={"list": typed})
    assert answer.status_code == 200
    assert "no frozen list with this reference" in text_of(answer)


# --- Killed between any two writes -------------------------------------------------------------------------


def work_off_killed_after(writes: int) -> bool:
    """Work off in a child that SIGKILLs itself after so many writes; whether it was killed."""
    connection.close()
    child = os.fork()
    if child == 0:
        done = 0

        def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal done
            result = execute(sql, params, many, context)
            done += sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
            if done == writes:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        try:
            connection.settings_dict["OPTIONS"].pop("pool", None)  # its threads were left behind
            with connection.execute_wrapper(wrapper):
                unfreeze_runs.work_off()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_after_any_write_loses_and_repeats_nothing(
    people: People, mak: Customer, chan: Customer
) -> None:
    """O4: kill -9 between bites, and within an account"""
    run = freeze_list(*[client.login for client in people])
    approve(propose_list(run, mak), chan)
    writes, killed = 0, 0
    while UnfreezeRun.objects.filter(finished_at__isnull=True).exists():
        writes += 1
        killed += work_off_killed_after(writes)
        UnfreezeRun.objects.update(claimed_until=timezone.now())  # its time is over
        unfrozen = Customer.objects.filter(login__startswith="4000", state="active").count()
        assert AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN).count() == unfrozen
        assert UnfreezeRun.objects.get().unfrozen == unfrozen
    assert killed > 10
    assert frozen_now() == set()
    subjects = AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN).values_list("subject", flat=True)
    assert len(subjects) == len(set(subjects)) == 10
    assert AuditRecord.objects.filter(event=Event.UNFREEZE_RUN_FINISHED).count() == 1
