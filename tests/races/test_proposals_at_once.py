"""Proposals that meet a second checker, their own end, a change of the client: one right outcome each."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause
from accounts.services import freezing
from accounts.services.staff import NotAllowedError, reset_password
from portal.approvals import proposals
from portal.approvals.models import Proposal, State
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.approvals.steps import approve, propose, suspect
from tests.desk.steps import SEED
from tests.races.together import together
from twofactor.models import StaffAuthenticator
from twofactor.services.staff import issue_enrolment, leave

ROUNDS = 4
DECISIONS = [Event.PROPOSAL_APPROVED, Event.PROPOSAL_REJECTED, Event.PROPOSAL_RETURNED, Event.PROPOSAL_LAPSED]


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(40 if soak else ROUNDS)


@pytest.fixture
def staff(db: None) -> Callable[[str, str], Customer]:
    """Members of staff with a role."""

    def make(login: str, role: str) -> Customer:
        person = Customer.objects.create_staff(login)
        person.groups.add(Group.objects.get(name=role))
        StaffAuthenticator.objects.create_with_seed(person, SEED)
        return person

    return make


@pytest.fixture
def mak(staff: Callable[[str, str], Customer]) -> Customer:
    """A clerk, who proposes."""
    return staff("mak", "clerk")


@pytest.fixture
def chan(staff: Callable[[str, str], Customer]) -> Customer:
    """A supervisor, who decides."""
    return staff("chan", "supervisor")


@pytest.fixture
def kwok(staff: Callable[[str, str], Customer]) -> Customer:
    """Another one."""
    return staff("kwok", "supervisor")


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A frozen client for each round."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        client = make_client(f"4000{number:02d}", password=password, mobile=f"+852912400{number:02d}")
        return suspect(client, f"FAB2C{number:03d}")

    return make


def tried(deed: Callable[[], object]) -> Callable[[], bool]:
    """Whether it was done."""

    def run() -> bool:
        try:
            deed()
        except (RefusedError, NotAllowedError):
            return False
        return True

    return run


def decided(proposal: Proposal) -> list[str]:
    """Which decisions about it stand in the trail."""
    rows = AuditRecord.objects.filter(event__in=DECISIONS, facts__reference=proposal.reference)
    return sorted(rows.values_list("event", flat=True))


def is_open(client: Customer) -> bool:
    """Whether the client may log in."""
    return Customer.objects.get(pk=client.pk).state == AccountState.ACTIVE


def unfrozen(client: Customer) -> int:
    """How often the trail says so, which is how often the client is told."""
    told = Message.objects.filter(customer=client, kind="notice.unfrozen").values("request_id").count()
    times = AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN, subject=client).count()
    assert (told > 0) == (times > 0)
    return times


def test_two_supervisors_and_a_double_click_approve_once(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """A5"""
    for number in rounds:
        client = somebody(number)
        proposal = propose(client, mak)
        done = together([tried(partial(approve, proposal, who)) for who in (chan, kwok, chan, kwok)])
        assert done.count(True) == 1
        assert (decided(proposal), unfrozen(client), is_open(client)) == ([Event.PROPOSAL_APPROVED], 1, True)


def test_approval_against_rejection_is_one_of_them(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """A5"""
    for number in rounds:
        client = somebody(number)
        proposal = propose(client, mak)
        yes, no = together([
            tried(partial(approve, proposal, chan)),
            tried(partial(proposals.reject, proposal.pk, revision=1, checker=kwok, reason="not convincing")),
        ])  # fmt: skip
        assert yes is not no
        assert decided(proposal) == [Event.PROPOSAL_APPROVED if yes else Event.PROPOSAL_REJECTED]
        assert is_open(client) is yes


def test_approval_against_its_end_is_one_of_them(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer
) -> None:
    """A5: what has lapsed is never done."""
    for number in rounds:
        client = somebody(number)
        proposal = propose(client, mak)
        Proposal.objects.filter(pk=proposal.pk).update(lapses_at=timezone.now() + timedelta(milliseconds=15))
        end = timezone.now() + timedelta(seconds=1)
        yes, _lapsed = together([
            tried(partial(approve, proposal, chan)),
            tried(partial(proposals.lapse, end)),
        ])  # fmt: skip
        proposals.lapse(end)
        assert decided(proposal) == [Event.PROPOSAL_APPROVED if yes else Event.PROPOSAL_LAPSED]
        assert is_open(client) is yes
        assert Proposal.objects.get(pk=proposal.pk).state == (State.APPROVED if yes else State.LAPSED)


def test_approval_against_a_change_of_the_same_fact_never_undoes_the_change(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer,
    staff: Callable[[str, str], Customer],
) -> None:  # fmt: skip
    """A5: it is checked again against the facts of the moment."""
    ho = staff("ho", "officer")
    for number in rounds:
        client = somebody(number)
        Customer.objects.filter(pk=client.pk).update(freeze_cause=FreezeCause.CLIENT)
        client.refresh_from_db()
        proposal = propose(client, mak)
        raising = partial(freezing.freeze_one, client, cause=FreezeCause.FRAUD, staff=ho, reason="A caller said so")
        yes, _raised = together([tried(partial(approve, proposal, chan)), tried(partial(raising, now=timezone.now()))])
        client.refresh_from_db()
        assert client.frozen
        assert client.freeze_cause == FreezeCause.FRAUD
        assert unfrozen(client) == (1 if yes else 0)


def test_a_supervisor_who_is_disabled_at_that_moment_approves_before_or_not_at_all(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, kwok: Customer,
    staff: Callable[[str, str], Customer],
) -> None:  # fmt: skip
    """A1, A5"""
    for number in rounds:
        client, checker = somebody(number), staff(f"yau{number}", "supervisor")
        proposal = propose(client, mak)
        yes, _left = together([
            tried(partial(approve, proposal, checker)),
            tried(partial(leave, checker, by=None, reason="left", now=timezone.now())),
        ])  # fmt: skip
        assert not Customer.objects.get(pk=checker.pk).is_active
        assert is_open(client) is yes
        assert decided(proposal) == ([Event.PROPOSAL_APPROVED] if yes else [])
        assert not tried(partial(approve, proposal, checker))()


def test_the_same_is_proposed_once_however_many_propose_it(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """A5"""
    for number in rounds:
        client = somebody(number)
        done = together([tried(partial(propose, client, who)) for who in (mak, chan, kwok)])
        assert done.count(True) == 1
        assert Proposal.objects.filter(subject=client).count() == 1


def test_of_both_factors_one_person_hands_out_one(
    rounds: range, chan: Customer, staff: Callable[[str, str], Customer]
) -> None:
    """A1"""
    for number in rounds:
        other = staff(f"ng{number}", "clerk")
        now = timezone.now()
        done = together([
            tried(partial(reset_password, other, by=chan, reason="lost it", now=now)),
            tried(partial(issue_enrolment, other, actor=chan, replace=True, reason="lost it", now=now)),
        ])  # fmt: skip
        assert done.count(True) == 1
