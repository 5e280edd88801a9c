"""A letter takes two people, an address that has stood for a while, and no letter of the other kind lately."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import policy as accounts_policy
from accounts.models import AccountState, ContactChange, Customer, FreezeCause, StaffClient
from accounts.services import amending, holds
from accounts.services.staff import NotAllowedError
from portal.approvals import policy as approvals_policy
from portal.approvals.models import State as ProposalState
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters import letters, policy, posting, printing
from portal.letters.models import Kind, Letter, State, Void
from tests.actors import Handset, Visitor
from tests.approvals.steps import approve, propose
from tests.contacts.steps import change
from tests.desk.steps import frozen
from tests.letters.steps import ADDRESS, make_letter, posted, printed, settled
from tests.twofactor.steps import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
KINDS = {"rebinding_letter": Kind.REBINDING, "password_letter": Kind.PASSWORD}
OTHER = {"rebinding_letter": Kind.PASSWORD, "password_letter": Kind.REBINDING}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of letter."""
    name: str = request.param
    return name


@pytest.fixture
def move_house(amy: Customer, handset: Handset, let_in: Callable[..., Visitor], clock: Clock) -> Callable[[], None]:
    """Amy changes the address by herself, online."""

    def deed() -> None:
        visitor = let_in(amy)
        clock.shift(61)
        change(visitor, handset, amy, "postal_address")

    return deed


def moved(client: Customer, staff: Customer, to: str = "1 New Road\nSha Tin\nNew Territories") -> None:
    """Staff changed the address, with a second person."""
    amending.amend(
        Customer.lock(client.pk), {"postal_address": to}, staff=staff, reference="PAB2CD3E", approval={},
        now=timezone.now(),
    )  # fmt: skip


def lift(client: Customer, officer: Customer) -> None:
    """The officer lifts whatever is on hold."""
    holds.lift(client, staff=officer, reason="Recognised in person", now=timezone.now())


# --- Two people ------------------------------------------------------------------------------------------------


def test_what_a_clerk_proposes_and_a_supervisor_approves_waits_for_the_printer(
    kind: str, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """T8, A5"""
    proposal = propose(amy, mak, kind)
    assert not Letter.objects.exists()
    approve(proposal, chan)
    letter = Letter.objects.get()
    assert (letter.kind, letter.state, letter.customer) == (KINDS[kind], State.MADE, amy)
    assert (letter.maker, letter.checker, letter.proposal) == (mak, chan, proposal.reference)
    record = AuditRecord.objects.get(event=Event.LETTER_MADE)
    assert (record.subject, record.actor, record.facts["reference"]) == (amy, chan, letter.reference)
    assert (record.facts["maker"], record.facts["proposal"]) == ("mak", proposal.reference)


def test_the_maker_does_not_approve_it(kind: str, amy: Customer, chan: Customer, kwok: Customer) -> None:
    """A5"""
    proposal = propose(amy, chan, kind)
    with pytest.raises(RefusedError):
        approve(proposal, chan)
    assert not Letter.objects.exists()


def test_nobody_approves_a_letter_to_an_account_of_their_own(
    kind: str, amy: Customer, mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """A1"""
    proposal = propose(amy, mak, kind)
    StaffClient.objects.create(staff=chan, client=amy)
    with pytest.raises(RefusedError):
        approve(proposal, chan)
    approve(proposal, kwok)
    assert Letter.objects.count() == 1


def test_nobody_has_one_sent_to_an_account_that_became_their_own_meanwhile(
    kind: str, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """A1"""
    proposal = propose(amy, mak, kind)
    StaffClient.objects.create(staff=mak, client=amy)
    with pytest.raises(NotAllowedError):
        approve(proposal, chan)
    assert not Letter.objects.exists()


def test_a_new_letter_voids_the_old(kind: str, amy: Customer, mak: Customer, chan: Customer, kwok: Customer) -> None:
    """T8"""
    old = make_letter(amy, KINDS[kind])
    posted(old, kwok)
    approve(propose(amy, mak, kind), chan)
    old.refresh_from_db()
    assert (old.state, old.void) == (State.VOIDED, Void.REPLACED)
    assert [letter.state for letter in letters.live(amy, KINDS[kind])] == [State.MADE]


def test_a_frozen_account_gets_its_letter_and_stays_frozen(
    kind: str, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """T8"""
    frozen(amy, FreezeCause.CLIENT)
    approve(propose(amy, mak, kind), chan)
    amy.refresh_from_db()
    assert Letter.objects.get().state == State.MADE
    assert amy.frozen


# --- Where it may go ----------------------------------------------------------------------------------------------


def test_a_closed_account_and_one_without_an_address_get_none(
    kind: str, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """T8"""
    settled(amy, "")
    with pytest.raises(RefusedError, match="address"):
        propose(amy, mak, kind)
    settled(amy)
    Customer.objects.filter(pk=amy.pk).update(state=AccountState.CLOSED)
    with pytest.raises(RefusedError, match="closed"):
        propose(amy, mak, kind)


def test_no_letter_goes_to_an_address_that_staff_changed_within_fourteen_days(
    kind: str, amy: Customer, mak: Customer, chan: Customer, clock: Clock
) -> None:
    """T8"""
    moved(amy, chan)
    clock.shift(policy.ADDRESS_HOLD - timedelta(seconds=5))
    with pytest.raises(RefusedError, match="changed lately"):
        propose(amy, mak, kind)
    clock.shift(6)
    approve(propose(amy, mak, kind), chan)
    assert Letter.objects.count() == 1


def test_nor_to_one_that_the_client_changed(
    kind: str, amy: Customer, mak: Customer, chan: Customer, move_house: Callable[[], None]
) -> None:
    """T8"""
    move_house()
    with pytest.raises(RefusedError, match="changed lately"):
        propose(amy, mak, kind)


def test_another_contact_changed_holds_no_letter(kind: str, amy: Customer, mak: Customer, chan: Customer) -> None:
    """T8"""
    amending.amend(
        Customer.lock(amy.pk), {"email": "new@example.org"}, staff=chan, reference="PAB2CD3E", approval={},
        now=timezone.now(),
    )  # fmt: skip
    approve(propose(amy, mak, kind), chan)
    assert Letter.objects.count() == 1


def test_an_approval_after_the_address_changed_is_refused(
    kind: str, amy: Customer, mak: Customer, chan: Customer, ho: Customer
) -> None:
    """T8, A5: also where an officer lifted the hold"""
    proposal = propose(amy, mak, kind)
    moved(amy, chan)
    with pytest.raises(RefusedError, match="no longer"):
        approve(proposal, chan)
    lift(amy, ho)
    with pytest.raises(RefusedError, match="no longer"):
        approve(proposal, chan)
    assert not Letter.objects.exists()


@pytest.mark.parametrize("by", ["client", "staff"])
def test_an_approved_letter_does_not_follow_the_client_to_an_address_that_nobody_approved(
    by: str, kind: str, amy: Customer, mak: Customer, chan: Customer, move_house: Callable[[], None]
) -> None:
    """T8: a thief inside must not redirect what the owner asked for"""
    approve(propose(amy, mak, kind), chan)
    if by == "staff":
        moved(amy, chan)
    else:
        move_house()
    letter = Letter.objects.get()
    assert (letter.state, letter.void) == (State.VOIDED, Void.ADDRESS)
    assert printing.start(chan, now=timezone.now()) is None


def test_one_that_was_printed_went_to_the_old_address_and_stays_good(
    kind: str, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """T8"""
    approve(propose(amy, mak, kind), chan)
    printed(chan)
    moved(amy, chan)
    letter = Letter.objects.get()
    assert letter.state == State.PRINTED
    assert letter.content["address"] == ADDRESS


def test_closing_an_account_voids_its_letters(kind: str, amy: Customer, kwok: Customer, tmp_path: Path) -> None:
    """T8, O1"""
    letter = make_letter(amy, KINDS[kind])
    posted(letter, kwok)
    file = tmp_path / "accounts.csv"
    file.write_text("number,name,state\n100001,Chan Tai Man Amy,closed\n")
    call_command("import_accounts", str(file), "--dry-run", stdout=StringIO(), stderr=StringIO())
    letter.refresh_from_db()
    assert letter.state == State.POSTED
    call_command("import_accounts", str(file), stdout=StringIO(), stderr=StringIO())
    letter.refresh_from_db()
    assert (letter.state, letter.void) == (State.VOIDED, Void.ACCOUNT)


# --- Both kinds -----------------------------------------------------------------------------------------------------


def test_while_one_kind_is_under_way_the_other_is_refused(
    kind: str, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """T8"""
    make_letter(amy, OTHER[kind])
    with pytest.raises(RefusedError, match="other kind"):
        propose(amy, mak, kind)


def test_and_for_thirty_days_after_it_was_used(
    kind: str, amy: Customer, mak: Customer, chan: Customer, kwok: Customer, clock: Clock
) -> None:
    """T8"""
    other = make_letter(amy, OTHER[kind])
    posted(other, kwok)
    clock.shift(timedelta(days=3))
    other.refresh_from_db()
    letters.use(other, now=timezone.now())
    clock.shift(policy.OTHER_KIND_HOLD - timedelta(seconds=5))
    with pytest.raises(RefusedError, match="other kind"):
        propose(amy, mak, kind)
    clock.shift(6)
    approve(propose(amy, mak, kind), chan)


def test_one_that_never_left_the_house_holds_nothing(kind: str, amy: Customer, mak: Customer, chan: Customer) -> None:
    """T8"""
    other = make_letter(amy, OTHER[kind])
    assert posting.withdraw(other.pk, staff=chan, reason="Asked for the wrong one", now=timezone.now()) == ""
    approve(propose(amy, mak, kind), chan)
    assert [letter.kind for letter in Letter.objects.filter(state=State.MADE)] == [KINDS[kind]]


def test_of_two_kinds_proposed_together_one_is_approved(amy: Customer, mak: Customer, chan: Customer) -> None:
    """T8: looked at again at the approval"""
    first, second = propose(amy, mak, "rebinding_letter"), propose(amy, mak, "password_letter")
    approve(first, chan)
    with pytest.raises(NotAllowedError, match="other kind"):
        approve(second, chan)
    second.refresh_from_db()
    assert second.state == ProposalState.OPEN
    assert [letter.kind for letter in Letter.objects.all()] == [Kind.REBINDING]


# --- The officer -----------------------------------------------------------------------------------------------------


def test_an_officer_lifts_the_hold_of_an_address_for_a_day(
    kind: str, amy: Customer, mak: Customer, chan: Customer, ho: Customer, clock: Clock
) -> None:
    """T8: recorded"""
    moved(amy, chan)
    clock.shift(1)
    lift(amy, ho)
    record = AuditRecord.objects.get(event=Event.HOLD_LIFTED)
    assert (record.actor, record.subject, record.facts["reason"]) == (ho, amy, "Recognised in person")
    clock.shift(accounts_policy.LETTER_OVERRIDE - timedelta(seconds=10))
    proposal = propose(amy, mak, kind)
    clock.shift(11)
    with pytest.raises(NotAllowedError, match="changed lately"):
        approve(proposal, chan)
    lift(amy, ho)
    approve(proposal, chan)
    assert Letter.objects.count() == 1


def test_an_officer_lets_both_kinds_go(
    kind: str, amy: Customer, mak: Customer, chan: Customer, ho: Customer, clock: Clock
) -> None:
    """T8"""
    make_letter(amy, OTHER[kind])
    clock.shift(1)
    lift(amy, ho)
    approve(propose(amy, mak, kind), chan)
    assert Letter.objects.filter(state=State.MADE).count() == 2


def test_what_is_changed_after_the_lifting_is_held_anew(
    kind: str, amy: Customer, mak: Customer, chan: Customer, ho: Customer, clock: Clock
) -> None:
    """T8: whoever talks an officer into one change does not get a letter to it as well"""
    moved(amy, chan)
    clock.shift(1)
    lift(amy, ho)
    clock.shift(1)
    moved(amy, chan, to="1 Thief Street\nSha Tin")
    with pytest.raises(RefusedError, match="changed lately"):
        propose(amy, mak, kind)


def test_nobody_else_lifts_it_and_nothing_is_lifted_without_a_hold(
    amy: Customer, mak: Customer, chan: Customer, ho: Customer, clock: Clock
) -> None:
    """A1"""
    with pytest.raises(NotAllowedError, match="Nothing"):
        lift(amy, ho)
    make_letter(amy)
    clock.shift(1)
    for other in (mak, chan):
        with pytest.raises(NotAllowedError, match="role"):
            lift(amy, other)
    lift(amy, ho)
    with pytest.raises(NotAllowedError, match="Nothing"):
        lift(amy, ho)


def test_the_last_change_of_an_address_is_known_for_as_long_as_it_holds_letters() -> None:
    """T8: what was replaced is not forgotten before"""
    assert accounts_policy.FORMER_CONTACT > policy.ADDRESS_HOLD
    assert ContactChange._meta.get_field("ended_at").null
    assert approvals_policy.LIFETIME <= accounts_policy.LETTER_OVERRIDE
