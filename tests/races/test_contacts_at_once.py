"""Changes of contacts that meet each other, a freeze, or a change of method: one outcome, and it is consistent."""

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from accounts.models import ChangeState, Contact, ContactChange, Customer, Method, Purpose, SignIn
from accounts.services import contact as contacts
from portal.approvals.models import Proposal
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.approvals.steps import approve, propose
from tests.desk.steps import SEED
from tests.races.test_switches_at_once import at_once, at_the_key, enter, fresh
from tests.races.together import together
from tests.twofactor.steps import code_for, freeze
from tests.twofactor.switches import app_code
from twofactor.models import StaffAuthenticator
from twofactor.services import new_contact, switching
from twofactor.services.challenges import Verdict
from twofactor.services.new_contact import Onward

ROUNDS = 5
_OLD, _NEW = "old@example.com", "new@example.org"


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(40 if soak else ROUNDS)


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A client for each round, so that no round waits for another."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        return make_client(f"3100{number:02d}", password=password, mobile=f"+852912310{number:02d}", email=_OLD)

    return make


def begun(sign_in: SignIn, contact: Contact, new: str) -> SignIn:
    """A session whose change was proven by password and method."""
    assert contacts.begin(sign_in, contact, new, now=timezone.now()) is None
    SignIn.objects.filter(pk=sign_in.pk).update(proof=Purpose.CHANGE_CONTACT, proof_at=timezone.now())
    assert new_contact.after_proof(sign_in, source="192.0.2.9", language="en") != Onward.GONE
    return sign_in


def at_review(customer: Customer, new: str = _NEW) -> SignIn:
    """A session that has nothing left to do but to save a new e-mail address."""
    sign_in = begun(enter(customer), Contact.EMAIL, new)
    assert new_contact.confirm(sign_in, code_for(sign_in, Purpose.NEW_EMAIL)).verdict == Verdict.PASSED
    return sign_in


def changes(customer: Customer) -> int:
    """How often the contacts were changed, as the table, the trail and the notices have it."""
    done = ContactChange.objects.filter(customer=customer, state=ChangeState.DONE).count()
    assert AuditRecord.objects.filter(subject=customer, event=Event.CONTACT_CHANGED).count() == done
    told = Message.objects.filter(customer=customer, kind="notice.email_changed", channel="email")
    assert told.count() == 2 * done, "the old address and the new one, each time"
    customer.refresh_from_db()
    assert customer.security_epoch == done
    return done


def test_the_last_button_pressed_many_times_saves_once(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K2"""
    for number in rounds:
        customer = somebody(number)
        sign_in = at_review(customer)
        lookups = [fresh(sign_in) for _ in range(10)]
        answers = together([partial(contacts.save, each) for each in lookups])
        assert [bool(answer.key) for answer in answers].count(True) == 1
        assert changes(customer) == 1
        assert customer.email == _NEW


def test_two_changes_of_the_same_contact_are_one(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K3"""
    for number in rounds:
        customer = somebody(number)
        sessions = {new: at_review(customer, new) for new in ("one@example.org", "two@example.org")}
        answers = together([partial(contacts.save, fresh(each)) for each in sessions.values()])
        won = [new for new, answer in zip(sessions, answers, strict=True) if answer.key]
        assert changes(customer) == 1
        assert [customer.email] == won


def test_a_freeze_against_a_change_leaves_nothing_half_done(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K2, L9"""
    for number in rounds:
        customer = somebody(number)
        sign_in = fresh(at_review(customer))
        at_once(partial(contacts.save, sign_in), partial(freeze, customer))
        customer.refresh_from_db()
        done = ContactChange.objects.filter(customer=customer, state=ChangeState.DONE).count()
        assert customer.frozen
        assert customer.email == (_NEW if done else _OLD)
        assert not SignIn.objects.filter(
            customer=customer, epoch=customer.security_epoch, ended_at__isnull=True
        ).exists()


def test_a_new_contact_and_a_new_method_at_the_same_moment_are_one_of_them(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K3: nobody gets both within a day"""
    for number in rounds:
        customer = somebody(number)
        sign_in = fresh(at_review(customer))
        other, seed = at_the_key(customer)
        at_once(partial(contacts.save, sign_in), partial(switching.confirm_token, fresh(other), app_code(seed)))
        customer.refresh_from_db()
        assert (customer.email == _NEW) != (customer.method == Method.SOFT_TOKEN)


def test_a_change_by_the_client_and_one_off_a_form_at_the_same_moment_are_one_of_them(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K4: looked at again under the lock, whichever comes first"""
    staff = {role: Customer.objects.create_staff(f"{role}.one") for role in ("clerk", "supervisor")}
    for role, person in staff.items():
        person.groups.add(Group.objects.get(name=role))
        StaffAuthenticator.objects.create_with_seed(person, SEED)
    for number in rounds:
        customer = somebody(number)
        after = {"email": "office@example.com", "questions": "full name, recent trade", "passed": "yes"}
        proposal = propose(customer, staff["clerk"], "contacts", after=after)
        sign_in = fresh(at_review(customer))

        def decide(proposal: Proposal = proposal) -> bool:
            try:
                approve(proposal, staff["supervisor"])
            except RefusedError:
                return False
            return True

        def save(sign_in: SignIn = sign_in) -> bool:
            return bool(contacts.save(sign_in).key)

        deeds: list[Callable[[], bool]] = [decide, save]
        approved, saved = together(deeds)
        assert approved != saved
        customer.refresh_from_db()
        assert customer.email == ("office@example.com" if approved else _NEW)
        assert customer.security_epoch == 1


def test_wrong_codes_at_once_are_all_counted(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K2: five tries, however many are made at the same moment"""
    for number in rounds:
        customer = somebody(number)
        sign_in = begun(enter(customer), Contact.EMAIL, _NEW)
        right = code_for(sign_in, Purpose.NEW_EMAIL)
        guesses = [code for code in map("{:06d}".format, range(40)) if code != right]
        answers = together([partial(new_contact.confirm, fresh(sign_in), guess) for guess in guesses])
        assert [answer.verdict for answer in answers].count(Verdict.WRONG) == 5
        with transaction.atomic():
            assert contacts.current(sign_in) is None
