"""Everything that can happen to the codes of one account, in any order, against a small model of the rules."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Customer, Purpose, SignIn
from portal.messaging.models import Message
from tests.twofactor.steps import Clock, freeze, pend, unfreeze
from twofactor.methods import codes
from twofactor.models import Challenge
from twofactor.services import challenges
from twofactor.services.challenges import Verdict

_WORLDS = count()
_MADE: list[str] = []
_NEVER_ISSUED = "999999"
_AT_ONCE = 18  # challenges within what is recognised; more have tests of their own
_ANY = st.integers(0, 3)  # how far back from the newest


def _next_code() -> str:
    """Each code once: what the model knows of a code is then what the portal must know."""
    _MADE.append(f"{len(_MADE) % 900_000:06d}")
    return _MADE[-1]


#: A code by e-mail proves an address that is named when it is asked; the rules here are of the number on file.
_BY_TEXT = [purpose for purpose in Purpose if purpose not in {Purpose.NEW_EMAIL, Purpose.RESET_EMAIL}]


@dataclass
class Issued:
    """One code, as the rules see it."""

    code: str
    born: datetime
    session: "Session"
    facts: tuple[str, int]  # mobile and epoch
    passed: int = 0


@dataclass
class Session:
    """One pending login, or one journey inside."""

    sign_in: SignIn
    purpose: Purpose
    epoch: int
    newest: datetime
    codes: list[Issued] = field(default_factory=list)


class Account(RuleBasedStateMachine):
    """One account with several sessions. The clock and the supervisor come from the test."""

    clock: Clock
    supervisor: Customer

    def __init__(self) -> None:
        super().__init__()
        world = next(_WORLDS)
        self.clock.shift(25 * 3600)
        self.mobiles = count(91000000 + world * 40)
        self.source = f"2001:db8::{world:x}"
        self.customer = Customer.objects.create(login=f"{300000 + world}", mobile=f"+852{next(self.mobiles)}")
        self.sessions: list[Session] = []
        self.issued: list[Issued] = []
        self.wrong, self.frozen, self.epoch = 0, False, 0

    @initialize()
    def first(self) -> None:
        self.begin(Purpose.LOGIN)

    # --- What happens -----------------------------------------------------------------------------------

    @precondition(lambda self: not self.frozen and self._room())
    @rule(purpose=st.sampled_from(_BY_TEXT))
    def begin(self, purpose: Purpose) -> None:
        sign_in, _ = pend(self.customer, address=self.source, purpose=purpose)
        self.sessions.append(Session(sign_in, purpose, self.epoch, timezone.now()))
        self._learn(self.sessions[-1])

    @precondition(lambda self: self.sessions and self._room())
    @rule(which=_ANY, seconds=st.sampled_from([61, 59, 0]))
    def ask_again(self, which: int, seconds: int) -> None:
        self.clock.shift(seconds)
        session = self.sessions[-1 - which % len(self.sessions)]
        resent = challenges.resend(session.sign_in, session.purpose, source=self.source, language="en")
        assert not (resent.sent and (self.frozen or session.epoch != self.epoch))
        if resent.sent:
            session.newest = timezone.now()
            self._learn(session)

    @precondition(lambda self: self.issued)
    @rule(which=_ANY, code=_ANY)
    def answer(self, which: int, code: int) -> None:
        session = self.sessions[-1 - which % len(self.sessions)]
        self._type(session, self.issued[-1 - code % len(self.issued)].code)

    @precondition(lambda self: self.issued and not self.frozen)
    @rule(seconds=st.sampled_from([0, 179, 181, 59]), guesses=st.sampled_from([0, 0, 1, 2, 4]))
    def answer_the_newest(self, seconds: int, guesses: int) -> None:
        """What clients do: slip a few times, then type the newest code, in time or too late."""
        newest = self.issued[-1]
        for _ in range(guesses):
            self._type(newest.session, _NEVER_ISSUED)
        self.clock.shift(seconds)
        self._type(newest.session, newest.code)

    @rule(which=_ANY)
    def guess(self, which: int) -> None:
        self._type(self.sessions[-1 - which % len(self.sessions)], _NEVER_ISSUED)

    @precondition(lambda self: not self.frozen and len(self.issued) % 3 == 2)
    @rule()
    def freeze(self) -> None:
        freeze(self.customer)
        self.frozen, self.epoch = True, self.epoch + 1

    @precondition(lambda self: self.frozen)
    @rule()
    def unfreeze(self) -> None:
        unfreeze(self.customer, self.supervisor)
        self.frozen, self.wrong = False, 0

    @precondition(lambda self: len(self.issued) % 4 == 3)
    @rule()
    def change_mobile(self) -> None:
        """As a change of contact does it: the number, and the end of every session."""
        with transaction.atomic():
            customer = Customer.lock(self.customer.pk)
            customer.mobile, customer.security_epoch = f"+852{next(self.mobiles)}", customer.security_epoch + 1
            customer.save()
        self.epoch += 1

    @rule(seconds=st.sampled_from([59, 61, 181, 119, 60, 1, 179, 30, 899, 3601]))
    def time_passes(self, seconds: int) -> None:
        self.clock.shift(seconds)

    # --- What must be true -------------------------------------------------------------------------------

    @invariant()
    def the_account_agrees_with_the_model(self) -> None:
        row = Customer.objects.get(pk=self.customer.pk)
        assert (row.wrong_codes, row.frozen, row.security_epoch) == (self.wrong, self.frozen, self.epoch)
        assert row.frozen == (row.wrong_codes >= 5) or row.freeze_cause == "staff"

    @invariant()
    def no_code_worked_twice(self) -> None:
        assert all(issued.passed <= 1 for issued in self.issued)

    @invariant()
    def nobody_is_sent_more_than_allowed(self) -> None:
        sent = list(Message.objects.filter(customer=self.customer).order_by("created_at"))
        for earlier, later in pairwise(sent):
            if earlier.to_index == later.to_index:
                assert later.created_at - earlier.created_at >= timedelta(seconds=60)
        for fifth_before, message in zip(sent, sent[5:], strict=False):
            assert message.created_at - fifth_before.created_at >= timedelta(hours=1)

    @invariant()
    def every_session_has_one_open_code_at_most(self) -> None:
        for session in self.sessions:
            assert Challenge.objects.filter(sign_in=session.sign_in, state="open").count() <= 1

    # --- The model -----------------------------------------------------------------------------------------

    def _learn(self, session: Session) -> None:
        challenge = challenges.current(session.sign_in, session.purpose)
        assert challenge is not None
        if challenge.code_digest:
            issued = Issued(_MADE[-1], timezone.now(), session, self._facts())
            session.codes.append(issued)
            self.issued.append(issued)

    def _room(self) -> bool:
        recent = timezone.now() - timedelta(minutes=15)
        return Challenge.objects.filter(customer=self.customer, created_at__gt=recent).count() < _AT_ONCE

    def _facts(self) -> tuple[str, int]:
        row = Customer.objects.get(pk=self.customer.pk)
        return row.mobile, row.security_epoch

    def _type(self, session: Session, typed: str) -> None:
        expected = self._expected(session, typed)
        with transaction.atomic():
            outcome = challenges.verify(session.sign_in, session.purpose, typed)
        assert outcome.verdict == expected, f"{outcome.verdict} instead of {expected}"
        if expected == Verdict.WRONG:
            assert outcome.tries_left == 5 - self.wrong

    def _expected(self, session: Session, typed: str) -> Verdict:
        """What the rules say; the model changes with it."""
        now, facts = timezone.now(), self._facts()
        if self.frozen:
            return Verdict.FROZEN
        recent = now - timedelta(minutes=15)
        if session.epoch != self.epoch or session.newest <= recent:
            return Verdict.GONE
        known = next(
            (i for i in self.issued
             if i.code == typed and i.facts == facts and i.born > recent and i.session.purpose == session.purpose),
            None,
        )  # fmt: skip
        if known is None:
            self.wrong += 1
            if self.wrong < 5:
                return Verdict.WRONG
            self.frozen, self.epoch = True, self.epoch + 1
            return Verdict.FROZEN
        if known.session is not session:
            return Verdict.OTHER_LOGIN
        if known.passed:
            return Verdict.USED
        if known is not session.codes[-1]:
            return Verdict.SUPERSEDED
        if now - known.born > timedelta(seconds=180):
            return Verdict.EXPIRED
        known.passed += 1
        self.wrong = 0
        return Verdict.PASSED


@pytest.fixture
def account(
    db: None, clock: Clock, supervisor: Customer, monkeypatch: pytest.MonkeyPatch
) -> type[RuleBasedStateMachine]:
    """The machine, with the clock and the supervisor of this test."""
    monkeypatch.setattr(codes, "_new_code", _next_code)
    return type("AccountOfThisTest", (Account,), {"clock": clock, "supervisor": supervisor})


def test_in_whatever_order_things_happen_the_rules_of_codes_hold(
    account: type[RuleBasedStateMachine], soak: bool
) -> None:
    """C2, C3, C4, C5, C8, S1, S2"""
    run_state_machine_as_test(
        account,
        settings=settings(
            max_examples=500 if soak else 20,
            stateful_step_count=60 if soak else 25,
            deadline=None,
            derandomize=not soak,
            suppress_health_check=list(HealthCheck),
        ),
    )
