"""How many codes an account, a number and a source can have."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import Customer
from portal.messaging import policy
from portal.messaging.models import Message, State
from tests.actors import Handset, Visitor, sent_codes, text_of
from tests.twofactor.steps import Clock, another, challenge_of, count, page, pend

pytestmark = pytest.mark.django_db

_WIDE = policy.Caps(account_per_hour=1000, account_per_day=1000, number_per_day=1000, source_per_hour=1000)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


@pytest.fixture
def cap(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put small caps in force, the others out of reach."""

    def set_caps(**small: int) -> None:
        caps = replace(_WIDE, **small)
        monkeypatch.setattr(policy, "caps", lambda: caps)

    return set_caps


def test_the_caps_are_on_by_default() -> None:
    """S2, S8"""
    caps = policy.caps()
    assert (caps.account_per_hour, caps.account_per_day) == (5, 20)
    assert 0 < caps.number_per_day < 100
    assert 0 < caps.source_per_hour < 1000


def test_an_account_has_five_codes_an_hour_exactly_sliding(clock: Clock, amy: Customer) -> None:
    """S2"""
    for minute in range(5):
        assert challenge_of(pend(amy)[0]).message is not None, f"code {minute + 1}"
        clock.shift(61)
    clock.shift(3600 - 5 * 61 - 1)
    refused = challenge_of(pend(amy)[0])
    assert refused.message is None, "a second before the first is an hour old"
    assert refused.capped
    clock.shift(1)
    assert challenge_of(pend(amy)[0]).message is not None
    assert challenge_of(pend(amy)[0]).message is None, "the second of them is not an hour old yet"
    clock.shift(61)
    assert challenge_of(pend(amy)[0]).message is not None


def test_a_refused_code_says_from_when_on_the_next_can_be_had(clock: Clock, amy: Customer) -> None:
    """S2"""
    first = challenge_of(pend(amy)[0]).created_at
    for _ in range(4):
        clock.shift(61)
        pend(amy)
    clock.shift(61)
    assert challenge_of(pend(amy)[0]).resend_at == first + timedelta(hours=1)


def test_an_account_has_twenty_codes_a_day_exactly_sliding(
    clock: Clock, amy: Customer, cap: Callable[..., None]
) -> None:
    """S2"""
    cap(account_per_day=20)
    for _ in range(20):
        assert challenge_of(pend(amy)[0]).message is not None
        clock.shift(3600)
    clock.shift(4 * 3600 - 1)
    refused = challenge_of(pend(amy)[0])
    assert refused.message is None
    assert refused.capped
    clock.shift(1)
    assert challenge_of(pend(amy)[0]).message is not None
    clock.shift(61)
    assert challenge_of(pend(amy)[0]).message is None


def test_above_the_cap_the_page_says_until_when_and_who_to_call(
    clock: Clock, amy: Customer, visitor: Visitor, cap: Callable[..., None]
) -> None:
    """S2"""
    cap(account_per_hour=1)
    pend(amy, address="198.51.100.1")
    clock.shift(120)
    visitor.password_step()
    said = page(visitor)
    assert "Try again after 2035-11-19 11:00:00 (Hong Kong time)" in said
    assert "the mobile number on file may be out of date" in said
    assert "Nothing is wrong" not in said
    assert "+852 5550 0100" in said
    assert sent_codes(amy) == 1


def test_above_the_cap_the_code_that_was_sent_still_works(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset, cap: Callable[..., None]
) -> None:
    """S2: asking once too often must not lock out who holds a live code."""
    cap(account_per_hour=1)
    visitor.password_step()
    clock.shift(61)
    visitor.post("login/resend/")
    page = visitor.get("login/verify/")
    assert "11:00" in text_of(page)
    assert 'id="id_code"' in page.content.decode(), "the code page is still there"
    visitor.code_step(handset.code(amy.mobile))
    assert visitor.inside


def test_a_number_has_its_own_cap_however_many_accounts_share_it(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer], cap: Callable[..., None]
) -> None:
    """S8, K1"""
    cap(number_per_day=3)
    family = [amy, *(make_client(f"20000{number}", mobile=amy.mobile) for number in range(5))]
    for customer in family:
        pend(customer, address=f"198.51.100.{customer.pk % 250}")
    assert Message.objects.filter(is_code=True).count() == 3
    clock.shift(24 * 3600 + 1)
    assert challenge_of(pend(family[-1])[0]).message is not None, "a day later it is over"


def test_a_source_has_its_own_cap_however_many_accounts_it_knows(
    clock: Clock, make_client: Callable[..., Customer], cap: Callable[..., None]
) -> None:
    """S8: somebody with a list of passwords cannot have the broker pay for texts without end."""
    cap(source_per_hour=3)
    clients = [make_client(f"20000{number}", mobile=f"+8529100000{number}") for number in range(5)]
    for customer in clients:
        pend(customer, address="198.51.100.7")
    assert Message.objects.filter(is_code=True).count() == 3
    pend(clients[4], address="198.51.100.8")
    assert Message.objects.filter(is_code=True).count() == 4, "elsewhere the same client gets a code"
    clock.shift(3601)
    pend(clients[3], address="198.51.100.7")
    assert Message.objects.filter(is_code=True).count() == 5


def test_a_refused_code_uses_up_nothing_of_the_other_cap(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer], cap: Callable[..., None]
) -> None:
    """S8: a number that is full must not fill the address of its owner's office."""
    cap(number_per_day=1, source_per_hour=3)
    pend(amy, address="198.51.100.7")
    for _ in range(10):
        clock.shift(61)
        pend(amy, address="198.51.100.7")
    for number in range(2):
        other = make_client(f"20000{number}", mobile=f"+8529100000{number}")
        assert challenge_of(pend(other, address="198.51.100.7")[0]).message is not None


def test_a_code_inside_the_wait_uses_up_nothing(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer], cap: Callable[..., None]
) -> None:
    """S8"""
    cap(number_per_day=2)
    for _ in range(10):
        pend(amy)
    other = make_client("200001", mobile=amy.mobile)
    assert challenge_of(pend(other)[0]).message is not None


def test_messages_that_were_never_sent_do_not_fill_the_hour(clock: Clock, amy: Customer) -> None:
    """S2: what the carrier refused does not count."""
    for _ in range(5):
        pend(amy)
        Message.objects.filter(state=State.QUEUED).update(state=State.FAILED, sealed=None)
    assert challenge_of(pend(amy)[0]).message is not None


def test_a_receipt_of_failure_gives_no_more_codes_than_the_cap(
    clock: Clock, amy: Customer, cap: Callable[..., None]
) -> None:
    """S8: a text that was sent was paid for, whether the phone was on or off."""
    cap(account_per_hour=3)
    for _ in range(6):
        pend(amy)
        Message.objects.filter(state=State.QUEUED).update(
            state=State.FAILED, sealed=None, sent_at=Message.objects.latest("created_at").created_at
        )
        clock.shift(61)
    assert Message.objects.filter(is_code=True).count() == 3


def test_above_the_cap_no_wrong_code_is_forgiven(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset, cap: Callable[..., None]
) -> None:
    """C3, S2"""
    cap(account_per_hour=2)
    visitor.password_step()
    handset.code(amy.mobile)
    clock.shift(61)
    code = another(visitor, handset, amy)
    visitor.code_step(f"{(int(code) + 1) % 10**6:06d}")
    clock.shift(61)
    visitor.post("login/resend/")
    assert count(amy) == 1


def test_a_resend_when_the_texts_of_the_day_are_used_up_says_the_day_and_does_not_blame_the_client(
    clock: Clock, amy: Customer, visitor: Visitor, settings: Settings
) -> None:
    """S8"""
    settings.SMS_BUDGETS = {"segments": 1, "country": 9, "prefix": 9}
    visitor.password_step()
    clock.shift(61)
    visitor.post("login/resend/")
    said = page(visitor)
    assert "So many text messages were sent today" in said
    assert "before 2035-11-20 00:00:00 (Hong Kong time)" in said
    assert "You have asked for too many codes" not in said
    assert sent_codes(amy) == 1
