"""Letters that meet a second printer, a second verdict, a second poster, a change: each ends in one place."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer
from accounts.services import amending
from accounts.services.staff import NotAllowedError
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters import letters, posting, printing
from portal.letters.models import LIVE, Kind, Letter, PrintRun, RunState, State, Void
from portal.letters.printing import Started
from portal.messaging.models import Message
from tests.approvals.steps import approve, propose
from tests.letters.steps import ADDRESS, codes_in, make_letter, pages
from tests.races.together import together
from twofactor.models import StaffAuthenticator

ROUNDS = 3


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(30 if soak else ROUNDS)


@pytest.fixture
def staff(db: None) -> Callable[[str, str], Customer]:
    """Members of staff with a role."""

    def make(login: str, role: str) -> Customer:
        person = Customer.objects.create_staff(login)
        person.groups.add(Group.objects.get(name=role))
        StaffAuthenticator.objects.create_with_seed(person, b"12345678901234567890")
        return person

    return make


@pytest.fixture
def mak(staff: Callable[[str, str], Customer]) -> Customer:
    """A clerk, who proposes."""
    return staff("mak", "clerk")


@pytest.fixture
def chan(staff: Callable[[str, str], Customer]) -> Customer:
    """A supervisor."""
    return staff("chan", "supervisor")


@pytest.fixture
def kwok(staff: Callable[[str, str], Customer]) -> Customer:
    """Another one."""
    return staff("kwok", "supervisor")


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A client with a letter-box for each number."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        return make_client(
            f"5000{number:02d}", password=password, mobile=f"+852912500{number:02d}", postal_address=ADDRESS
        )

    return make


def now_printing(who: Customer) -> Callable[[], Started | None]:
    """The deed of printing."""
    return lambda: printing.start(who, now=timezone.now())


def confirming(run: PrintRun, who: Customer) -> Callable[[], bool]:
    """The deed of calling a run good, and whether it was this one that did."""
    return lambda: printing.confirm(run, staff=who, now=timezone.now())


def failing(run: PrintRun, who: Customer) -> Callable[[], bool]:
    """The deed of calling a run failed, and whether it was this one that did."""
    return lambda: printing.fail(run, staff=who, now=timezone.now()) is not None


def failing_unjudged() -> bool:
    """What the task does two days later."""
    return printing.fail_unjudged(timezone.now() + timedelta(days=2)) == 1


def posting_it(letter: Letter, who: Customer) -> Callable[[], bool]:
    """The deed of marking it posted, and whether it was this one that did."""
    return lambda: bool(posting.post({letter.pk: who.login}, staff=who, now=timezone.now()))


def withdrawing(letter: Letter, who: Customer) -> Callable[[], bool]:
    """The deed of taking it back, and whether it was refused."""
    return lambda: bool(posting.withdraw(letter.pk, staff=who, reason="Not needed", now=timezone.now()))


def refused(deed: Callable[[], object]) -> Callable[[], bool]:
    """Whether it was refused."""

    def run() -> bool:
        try:
            deed()
        except (RefusedError, NotAllowedError):
            return True
        return False

    return run


def test_supervisors_who_print_at_once_have_every_letter_in_exactly_one_run(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8"""
    for number in rounds:
        made = [make_letter(somebody(number * 3 + each), maker=mak, checker=chan) for each in range(3)]
        done = [each for each in together([now_printing(who) for who in (chan, kwok, chan, kwok)]) if each]
        assert sum(each.run.letters_count for each in done) == len(made)
        texts = [page for each in done for page in pages(each.pdf)]
        for letter in made:
            letter.refresh_from_db()
            assert letter.state == State.PRINTED
            assert sum(letter.reference in page for page in texts) == 1
        assert len({code for page in texts for code in codes_in(page)}) == len(made)


def test_good_and_failed_said_at_once_is_one_of_them(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8"""
    for number in rounds:
        letter = make_letter(somebody(number), maker=mak, checker=chan)
        started = now_printing(chan)()
        assert started is not None
        good, failed, late = together([
            confirming(started.run, chan),
            failing(started.run, kwok),
            failing_unjudged,
        ])  # fmt: skip
        assert [good, failed, late].count(True) == 1
        letter.refresh_from_db()
        run = PrintRun.objects.get(pk=started.run.pk)
        assert run.state == (RunState.GOOD if good else RunState.FAILED)
        assert letter.state == (State.PRINTED if good else State.VOIDED)
        assert Letter.objects.filter(customer=letter.customer, state=State.MADE).count() == (0 if good else 1)
        letters.void_all(letter.customer, [Kind.REBINDING], Void.STAFF, now=timezone.now())


def test_a_run_that_fails_while_its_letters_are_posted_leaves_no_code_in_doubt(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8: posted with a good run, or void with a failed one"""

    def confirming_and_posting(run: PrintRun, letter: Letter) -> Callable[[], bool]:
        return lambda: (confirming(run, chan)(), posting_it(letter, chan)())[1]

    for number in rounds:
        letter = make_letter(somebody(number), maker=mak, checker=chan)
        started = now_printing(chan)()
        assert started is not None
        posted, failed = together([
            confirming_and_posting(started.run, letter),
            failing(started.run, kwok),
        ])  # fmt: skip
        assert posted is not failed
        letter.refresh_from_db()
        assert letter.state == (State.POSTED if posted else State.VOIDED)
        told = Message.objects.filter(customer=letter.customer, kind="notice.rebinding_letter_posted").count()
        assert (told > 0) == posted
        letters.void_all(letter.customer, [Kind.REBINDING], Void.STAFF, now=timezone.now())


def test_a_letter_that_two_mark_posted_is_told_once(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """N1"""
    for number in rounds:
        letter = make_letter(somebody(number), maker=mak, checker=chan)
        started = now_printing(chan)()
        assert started is not None
        printing.confirm(started.run, staff=chan, now=timezone.now())
        assert sorted(together([posting_it(letter, who) for who in (chan, kwok)])) == [False, True]
        assert AuditRecord.objects.filter(event=Event.LETTER_POSTED, subject=letter.customer).count() == 1


def test_posted_and_taken_back_at_once_ends_void(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8"""
    for number in rounds:
        letter = make_letter(somebody(number), maker=mak, checker=chan)
        started = now_printing(chan)()
        assert started is not None
        printing.confirm(started.run, staff=chan, now=timezone.now())
        together([
            posting_it(letter, chan),
            withdrawing(letter, kwok),
        ])  # fmt: skip
        letter.refresh_from_db()
        assert (letter.state, letter.void) == (State.VOIDED, Void.STAFF)


def test_a_proposal_approved_twice_makes_one_letter(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """A5"""
    for number in rounds:
        client = somebody(number)
        proposal = propose(client, mak, "rebinding_letter")
        done = together([refused(partial(approve, proposal, who)) for who in (chan, kwok, chan)])
        assert done.count(False) == 1
        assert Letter.objects.filter(customer=client).count() == 1


def test_of_both_kinds_approved_at_once_one_is_made(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8"""
    for number in rounds:
        client = somebody(number)
        both = [propose(client, mak, kind) for kind in ("rebinding_letter", "password_letter")]
        done = together([
            refused(partial(approve, both[0], chan)), refused(partial(approve, both[1], kwok)),
        ])  # fmt: skip
        assert done.count(False) == 1
        assert Letter.objects.filter(customer=client, state__in=LIVE).count() == 1


def test_an_address_that_changes_while_the_letter_is_printed_is_not_the_one_it_goes_to(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8: printed with the old one, or void"""

    def moving(client: Customer) -> Callable[[], Started | None]:
        return lambda: move(client)

    def move(client: Customer) -> None:
        with transaction.atomic():
            amending.amend(
                Customer.lock(client.pk), {"postal_address": "1 Thief Street\nSha Tin"}, staff=kwok,
                reference="PAB2CD3E", approval={}, now=timezone.now(),
            )  # fmt: skip

    for number in rounds:
        client = somebody(number)
        letter = make_letter(client, maker=mak, checker=chan)
        started, _moved = together([now_printing(chan), moving(client)])
        letter.refresh_from_db()
        if started:
            assert letter.state == State.PRINTED
            assert letter.content["address"] == ADDRESS
            assert "Thief" not in "".join(pages(started.pdf))
        else:
            assert (letter.state, letter.void) == (State.VOIDED, Void.ADDRESS)


def test_the_task_that_runs_twice_lapses_each_letter_once(
    rounds: range, somebody: Callable[[int], Customer], mak: Customer, chan: Customer
) -> None:
    """O4"""
    for number in rounds:
        letter = make_letter(somebody(number), maker=mak, checker=chan)
        started = now_printing(chan)()
        assert started is not None
        printing.confirm(started.run, staff=chan, now=timezone.now())
        posting.post({letter.pk: ""}, staff=chan, now=timezone.now())
        end = timezone.now() + timedelta(days=31)
        assert sum(together([partial(letters.lapse, end)] * 3)) == 1
        assert AuditRecord.objects.filter(event=Event.LETTER_LAPSED, subject=letter.customer).count() == 1
