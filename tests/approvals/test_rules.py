"""What a proposal is held to: two people, one day, and facts that still hold."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.models import AccountState, Customer, FreezeCause
from accounts.services import freezing, lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError, set_own_clients
from portal.approvals import policy, proposals
from portal.approvals.models import Proposal, State
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.desk import kinds
from portal.messaging.models import Message
from tests.approvals.steps import CHECKED, approve, propose, suspect
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
CHECK = IdentityCheck(("full name", "recent trade"), passed=True)


@pytest.fixture(autouse=True)
def english() -> Any:
    """Refusals in English."""
    with translation.override("en"):
        yield


def state(proposal: Proposal) -> str:
    return Proposal.objects.get(pk=proposal.pk).state


def is_frozen(client: Customer) -> bool:
    return Customer.objects.get(pk=client.pk).frozen


# --- Two people ------------------------------------------------------------------------------------------


def test_what_a_clerk_proposes_a_supervisor_approves_and_the_client_is_told(
    amy: Customer, mak: Customer, chan: Customer
) -> None:
    """A4, A5, N1"""
    suspect(amy, "FAB2CD3E")
    Customer.objects.filter(pk=amy.pk).update(wrong_codes=3)
    proposal = propose(amy, mak)
    assert is_frozen(amy)
    done = approve(proposal, chan)
    assert (done.state, done.checker, done.maker) == (State.APPROVED, chan, mak)
    amy.refresh_from_db()
    assert (amy.state, amy.freeze_cause, amy.wrong_codes) == (AccountState.ACTIVE, "", 0)
    (told,) = Message.objects.filter(customer=amy)
    assert (told.kind, told.channel) == ("notice.unfrozen", "email")
    record = AuditRecord.objects.get(event=Event.ACCOUNT_UNFROZEN)
    assert (record.actor, record.subject) == (chan, amy)
    assert record.facts == {
        "reference": "FAB2CD3E",
        "cause": "fraud",
        "proposal": proposal.reference,
        "maker": "mak",
        "reason": "Caller explained the login abroad",
        "approved": "Called back, all in order",
        "questions": "full name, recent trade",
    }
    events = AuditRecord.objects.filter(event__startswith="proposal.").order_by("pk")
    assert [(each.event, each.actor) for each in events] == [
        (Event.PROPOSAL_MADE, mak),
        (Event.PROPOSAL_APPROVED, chan),
    ]


def test_nobody_decides_what_they_proposed(amy: Customer, chan: Customer, kwok: Customer) -> None:
    """A1, A5: not even with every right there is"""
    Customer.objects.filter(pk=chan.pk).update(is_superuser=True)
    chan.refresh_from_db()
    proposal = propose(suspect(amy), chan)
    verdicts: tuple[Callable[[], Proposal], ...] = (
        lambda: approve(proposal, chan),
        lambda: proposals.return_to_maker(proposal.pk, revision=1, checker=chan, reason="to be safe"),
        lambda: proposals.reject(proposal.pk, revision=1, checker=chan, reason="to be safe"),
    )
    for decide in verdicts:
        with pytest.raises(RefusedError, match="You made this proposal"):
            decide()
    assert is_frozen(amy)
    assert approve(proposal, kwok).state == State.APPROVED


def test_the_database_itself_refuses_a_checker_who_is_the_maker(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A5: whatever writes the row"""
    proposal = propose(suspect(amy), mak)
    own = {"state": State.APPROVED, "checker": mak, "decided_at": timezone.now(), "decision_reason": "because"}
    for wrong in (own, {**own, "state": State.WITHDRAWN}):
        with pytest.raises(IntegrityError, match="maker_is_not_checker"), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": State.APPROVED},
        {"state": State.APPROVED, "decided_at": timezone.now(), "decision_reason": "because"},
        {"state": State.REJECTED, "decided_at": None, "decision_reason": "because"},
        {"state": State.RETURNED, "decided_at": timezone.now(), "decision_reason": ""},
        {"state": State.LAPSED},
        {"state": State.OPEN, "decided_at": timezone.now()},
    ],
)
def test_the_database_itself_wants_checker_time_and_reason_of_a_decision(
    wrong: dict[str, Any], amy: Customer, mak: Customer, chan: Customer
) -> None:
    """A5"""
    proposal = propose(suspect(amy), mak)
    checker = {"checker": chan} if wrong["state"] in {State.REJECTED, State.RETURNED} else {}
    with pytest.raises(IntegrityError, match="a_decision_has_checker_and_time"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(**wrong, **checker)


def test_one_and_the_same_is_proposed_once_at_a_time(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A5: also by the database's own rule"""
    first = propose(suspect(amy), mak)
    with pytest.raises(RefusedError, match=first.reference):
        propose(amy, chan)
    copy = Proposal.objects.get(pk=first.pk)
    copy.pk, copy.reference = uuid4(), "P2222222"
    with pytest.raises(IntegrityError, match="matter"), transaction.atomic():
        copy.save(force_insert=True)
    proposals.withdraw(first.pk, maker=mak)
    assert propose(amy, mak).state == State.OPEN


def test_without_anybody_who_could_approve_it_is_refused_at_once(
    amy: Customer, mak: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A5"""
    suspect(amy)
    with pytest.raises(RefusedError, match="nobody who could approve"):
        propose(amy, mak)
    boss = make_staff("boss", "supervisor")
    with pytest.raises(RefusedError, match="nobody who could approve"):
        propose(amy, boss)
    Customer.objects.filter(pk=boss.pk).update(is_active=False)
    with pytest.raises(RefusedError, match="nobody who could approve"):
        propose(amy, mak)
    Customer.objects.filter(pk=boss.pk).update(is_active=True)
    set_own_clients(boss, [amy.login])
    with pytest.raises(RefusedError, match="nobody who could approve"):
        propose(amy, mak)
    set_own_clients(boss, [])
    assert propose(amy, mak).state == State.OPEN


def test_nobody_proposes_or_decides_about_an_account_of_their_own(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A1"""
    suspect(amy)
    set_own_clients(mak, [amy.login])
    with pytest.raises(RefusedError, match="your own"):
        propose(amy, mak)
    set_own_clients(mak, [])
    proposal = propose(amy, mak)
    set_own_clients(chan, [amy.login])
    with pytest.raises(RefusedError, match="your own"):
        approve(proposal, chan)
    assert is_frozen(amy)


@pytest.mark.parametrize("role", ["clerk", "officer", "auditor"])
def test_only_supervisors_decide(
    role: str, amy: Customer, mak: Customer, chan: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    proposal = propose(suspect(amy), mak)
    with pytest.raises(RefusedError, match="Your role does not decide"):
        approve(proposal, make_staff("other", role))
    assert is_frozen(amy)


def test_whose_account_was_disabled_meanwhile_neither_proposes_nor_decides(
    amy: Customer, mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """A1: the people are looked at again under the lock, whatever the page knew of them"""
    suspect(amy)
    assert mak.has_perm("accounts.propose")
    assert chan.has_perm("accounts.approve")
    Customer.objects.filter(pk=mak.pk).update(is_active=False)
    with pytest.raises(RefusedError):
        propose(amy, mak)
    Customer.objects.filter(pk=mak.pk).update(is_active=True)
    proposal = propose(amy, mak)
    Customer.objects.filter(pk=chan.pk).update(is_active=False)
    with pytest.raises(RefusedError, match="Your role does not decide"):
        approve(proposal, chan)
    Customer.objects.filter(pk=mak.pk).update(is_active=False)
    with pytest.raises(RefusedError, match="disabled"):
        approve(proposal, kwok)
    assert is_frozen(amy)
    assert state(proposal) == State.OPEN


# --- Reasons ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blank", ["", "    ", "\u3000" * 20, "\u200b" * 20, "\t\n\r \u00a0", "ab", "\x00" * 10, "x" * 501]
)
def test_a_reason_is_words_and_not_blanks(blank: str, amy: Customer, mak: Customer, chan: Customer) -> None:
    with pytest.raises(RefusedError, match="A reason is required"):
        propose(suspect(amy), mak, reason=blank)
    assert not Proposal.objects.exists()
    proposal = propose(amy, mak)
    for decide in (proposals.return_to_maker, proposals.reject):
        with pytest.raises(RefusedError, match="A reason is required"):
            decide(proposal.pk, revision=1, checker=chan, reason=blank)
    with pytest.raises(RefusedError, match="A reason is required"):
        approve(proposal, chan, reason=blank)
    assert state(proposal) == State.OPEN


# --- Time ------------------------------------------------------------------------------------------------


def test_a_proposal_lapses_after_a_day_by_the_clock_and_not_by_the_task(
    clock: Clock, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """A5"""
    proposal = propose(suspect(amy), mak)
    clock.shift(policy.LIFETIME - timedelta(seconds=60))
    assert list(proposals.undecided()) == [proposal]
    clock.shift(61)
    assert list(proposals.undecided()) == []
    with pytest.raises(RefusedError, match="lapsed"):
        approve(proposal, chan)
    assert is_frozen(amy)
    assert state(proposal) == State.LAPSED
    assert AuditRecord.objects.filter(event=Event.PROPOSAL_LAPSED, actor=None, subject=amy).count() == 1
    assert proposals.lapse(timezone.now()) == 0
    assert propose(amy, mak).state == State.OPEN


def test_the_task_lapses_what_nobody_looks_at_and_only_that(
    clock: Clock, amy: Customer, no_mobile: Customer, mak: Customer, chan: Customer
) -> None:
    """A5, O4: a returned one too"""
    first = propose(suspect(amy), mak)
    clock.shift(12 * 3600)
    proposals.return_to_maker(first.pk, revision=1, checker=chan, reason="ask for the trade")
    second = propose(suspect(no_mobile, "FAB2CD3F"), mak)
    clock.shift(23 * 3600)
    assert proposals.lapse(timezone.now()) == 0
    clock.shift(3600)
    assert [proposals.lapse(timezone.now()) for _ in range(2)] == [2, 0]
    assert {state(first), state(second)} == {State.LAPSED}


def test_who_cannot_come_to_the_desk_is_nobody_who_could_approve(
    amy: Customer, mak: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A5: a supervisor without an authenticator"""
    make_staff("yip", "supervisor", enrolled=False)
    suspect(amy)
    with pytest.raises(RefusedError, match="nobody who could approve"):
        propose(amy, mak)
    make_staff("yau", "supervisor")
    assert propose(amy, mak).state == State.OPEN


# --- Facts -----------------------------------------------------------------------------------------------


def test_facts_that_changed_meanwhile_are_not_approved(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A5: an officer found fraud in what looked like the client's own freeze"""
    suspect(amy)
    Customer.objects.filter(pk=amy.pk).update(freeze_cause=FreezeCause.CLIENT)
    proposal = propose(amy, mak)
    officer = Customer.objects.create_staff("ng", is_superuser=True)
    freezing.freeze_one(amy, staff=officer, cause=FreezeCause.FRAUD, reason="seen", now=timezone.now())
    with pytest.raises(RefusedError, match="no longer what they were"):
        approve(proposal, chan)
    assert is_frozen(amy)
    assert state(proposal) == State.OPEN
    assert proposals.reject(proposal.pk, revision=1, checker=chan, reason="it is fraud").state == State.REJECTED


def test_an_approval_is_used_once(amy: Customer, mak: Customer, chan: Customer, kwok: Customer) -> None:
    """A5: a form that is sent again opens nothing that was frozen anew"""
    proposal = propose(suspect(amy), mak)
    approve(proposal, chan)
    suspect(amy)
    for checker in (chan, kwok):
        with pytest.raises(RefusedError, match="decided already"):
            approve(proposal, checker)
    assert is_frozen(amy)


def test_nobody_approves_what_they_have_not_read(amy: Customer, mak: Customer, chan: Customer) -> None:
    proposal = propose(suspect(amy), mak)
    proposals.return_to_maker(proposal.pk, revision=1, checker=chan, reason="ask for the trade")
    sent = kinds.resubmit(
        proposal, revision=1, maker=mak, reason="asked again", after=CHECKED, now=timezone.now()
    )  # fmt: skip
    with pytest.raises(RefusedError, match="changed since you opened"):
        approve(proposal, chan)
    assert (sent.revision, sent.reason, sent.checker) == (2, "asked again", None)
    assert approve(sent, chan).state == State.APPROVED


def test_facts_are_sealed_and_bound_to_their_proposal(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A5: a row that is given another's facts cannot be opened"""
    proposal = propose(suspect(amy), mak)
    assert proposal.before == {"state": "frozen", "cause": "fraud", "reference": "FAB2CD3E"}
    assert b"FAB2CD3E" not in bytes(Proposal.objects.get(pk=proposal.pk).sealed_before)
    Proposal.objects.filter(pk=proposal.pk).update(sealed_before=proposal.sealed_after)
    with pytest.raises(Exception, match="not sealed for this purpose"):
        approve(proposal, chan)
    assert is_frozen(amy)


# --- The maker -------------------------------------------------------------------------------------------


def test_a_maker_mends_and_withdraws_only_their_own_and_only_in_time(
    amy: Customer, mak: Customer, chan: Customer, kwok: Customer
) -> None:
    proposal = propose(suspect(amy), mak)
    with pytest.raises(RefusedError, match="not yours"):
        proposals.withdraw(proposal.pk, maker=kwok)
    with pytest.raises(RefusedError, match="changed since"):
        kinds.resubmit(proposal, revision=1, maker=mak, reason="once more", after=CHECKED, now=timezone.now())
    proposals.return_to_maker(proposal.pk, revision=1, checker=chan, reason="ask for the trade")
    with pytest.raises(RefusedError, match="not yours"):
        kinds.resubmit(proposal, revision=1, maker=kwok, reason="once more", after=CHECKED, now=timezone.now())
    assert proposals.withdraw(proposal.pk, maker=mak).state == State.WITHDRAWN
    with pytest.raises(RefusedError, match="decided already"):
        proposals.withdraw(proposal.pk, maker=mak)


# --- Who may unfreeze alone --------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [FreezeCause.CLIENT, FreezeCause.STAFF, FreezeCause.FRAUD])
@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_alone_ends_a_freeze_that_wrong_codes_did_not_make(
    cause: FreezeCause, superuser: bool, amy: Customer, chan: Customer
) -> None:
    """A4, A5: supervisors and superusers neither"""
    Customer.objects.filter(pk=amy.pk).update(
        state="frozen", frozen_at=timezone.now(), freeze_cause=cause, freeze_reference="FAB2CD3E"
    )
    Customer.objects.filter(pk=chan.pk).update(is_superuser=superuser)
    chan.refresh_from_db()
    with pytest.raises(NotAllowedError, match="second person"):
        lockout.unfreeze(amy, staff=chan, reason="called", check=CHECK, now=timezone.now())
    assert is_frozen(amy)


def test_a_second_freeze_by_wrong_codes_within_a_day_takes_two(
    clock: Clock, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """A4"""
    suspect(amy)
    Customer.objects.filter(pk=amy.pk).update(freeze_cause=FreezeCause.WRONG_CODES)
    with pytest.raises(RefusedError, match="needs no second person"):
        propose(amy, mak)
    lockout.unfreeze(amy, staff=mak, reason="called", check=CHECK, now=timezone.now())
    suspect(amy)
    Customer.objects.filter(pk=amy.pk).update(freeze_cause=FreezeCause.WRONG_CODES)
    with pytest.raises(NotAllowedError, match="second person"):
        lockout.unfreeze(amy, staff=mak, reason="called", check=CHECK, now=timezone.now())
    approve(propose(amy, mak), chan)
    assert not is_frozen(amy)
