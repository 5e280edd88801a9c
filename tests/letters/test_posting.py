"""From the printer to the letter-box: posted, told, or taken back."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Customer, StaffClient
from accounts.services import amending
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters import letters, posting, printing
from portal.letters.letters import Verdict
from portal.letters.models import Kind, Letter, State, Void
from tests.actors import Handset, run_relay
from tests.desk.steps import Desk
from tests.letters.steps import ADDRESS, code_of, good, make_letter, posted, printed
from tests.twofactor.steps import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def post(*sent: Letter, staff: Customer, tracking: str = "") -> list[Letter]:
    """Say that these were posted."""
    return posting.post({letter.pk: tracking for letter in sent}, staff=staff, now=timezone.now())


def test_once_posted_the_code_is_good_and_the_tracking_number_kept(amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    started = printed(chan)
    good(started.run, chan)
    assert post(letter, staff=chan, tracking="RR123456785HK") == [letter]
    letter.refresh_from_db()
    assert (letter.state, letter.tracking) == (State.POSTED, "RR123456785HK")
    judged = letters.judge(amy, Kind.REBINDING, code_of(letter, started.pdf), now=timezone.now())
    assert judged.verdict == Verdict.RIGHT
    record = AuditRecord.objects.get(event=Event.LETTER_POSTED)
    assert (record.actor, record.subject, record.facts["tracking"]) == (chan, amy, "RR123456785HK")


def test_the_owner_is_told_by_every_channel_and_where_it_led_before(
    amy: Customer, chan: Customer, handset: Handset
) -> None:
    """N1: whoever asked in the owner's name does not also keep the news from the owner"""
    amending.amend(
        Customer.lock(amy.pk), {"mobile": "+85298765432", "email": "thief@example.org"}, staff=chan,
        reference="PAB2CD3E", approval={}, now=timezone.now(),
    )  # fmt: skip
    run_relay()
    mail.outbox.clear()
    before = {number: len(handset.texts(number)) for number in ("+85291234567", "+85298765432")}
    letter = make_letter(amy)
    posted(letter, chan)
    run_relay()
    assert {message.to[0] for message in mail.outbox} == {"amy@example.com", "thief@example.org"}
    assert all("重新綁定信件" in str(message.subject) for message in mail.outbox)
    assert all(letter.reference in str(message.body) for message in mail.outbox)
    for number, count in before.items():
        texts = handset.texts(number)
        assert len(texts) == count + 1
        assert "已寄出重新綁定信件" in texts[-1] + texts[0]


def test_no_notice_holds_the_code(amy: Customer, chan: Customer, handset: Handset) -> None:
    """C6, N2"""
    code = posted(make_letter(amy, Kind.PASSWORD), chan)
    run_relay()
    told = [str(message.body) for message in mail.outbox] + handset.texts(amy.mobile)
    assert len(told) == 2
    assert not any(code in text.replace("-", "") for text in told)
    assert all("密碼信件" in text for text in told)


def test_nothing_is_posted_before_its_run_was_called_good(amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    assert post(letter, staff=chan) == []
    run = printed(chan).run
    assert post(letter, staff=chan) == []
    printing.fail(run, staff=chan, now=timezone.now())
    assert post(letter, staff=chan) == []
    letter.refresh_from_db()
    assert letter.state == State.VOIDED


def test_several_are_posted_at_once_and_each_only_once(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer
) -> None:
    """T8"""
    both = [make_letter(amy), make_letter(make_client("100002", postal_address=ADDRESS))]
    good(printed(chan).run, chan)
    sent = posting.post({both[0].pk: "A1", both[1].pk: "", uuid4(): "B2"}, staff=chan, now=timezone.now())
    assert {letter.pk: letter.tracking for letter in sent} == {both[0].pk: "A1", both[1].pk: ""}
    assert post(*both, staff=chan) == []
    assert AuditRecord.objects.filter(event=Event.LETTER_POSTED).count() == 2


def test_what_lay_about_until_it_lapsed_is_not_posted(amy: Customer, chan: Customer, clock: Clock) -> None:
    """T8"""
    letter = make_letter(amy)
    good(printed(chan).run, chan)
    letter.refresh_from_db()
    assert letter.lapses_at is not None
    clock.move_to(letter.lapses_at + timedelta(seconds=1))
    assert post(letter, staff=chan) == []


def test_nobody_posts_or_withdraws_a_letter_to_an_account_of_their_own(
    amy: Customer, chan: Customer, kwok: Customer
) -> None:
    """A1"""
    letter = make_letter(amy)
    good(printed(kwok).run, kwok)
    StaffClient.objects.create(staff=chan, client=amy)
    assert post(letter, staff=chan) == []
    assert "your own" in posting.withdraw(letter.pk, staff=chan, reason="Not needed", now=timezone.now())
    assert post(letter, staff=kwok) == [letter]


@pytest.mark.parametrize("place", ["waiting", "at the printer", "posted"])
def test_a_letter_is_taken_back_wherever_it_is(place: str, amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    code = "0123456789AB"
    if place == "at the printer":
        code = code_of(letter, printed(chan).pdf)
    elif place == "posted":
        code = posted(letter, chan)
    assert posting.withdraw(letter.pk, staff=chan, reason="Client found the phone", now=timezone.now()) == ""
    letter.refresh_from_db()
    assert (letter.state, letter.void) == (State.VOIDED, Void.STAFF)
    judged = letters.judge(amy, Kind.REBINDING, code, now=timezone.now()).verdict
    assert judged == (Verdict.WRONG if place == "waiting" else Verdict.REPLACED)
    record = AuditRecord.objects.get(event=Event.LETTER_VOIDED)
    assert (record.actor, record.facts["void"], record.facts["reason"]) == (chan, "staff", "Client found the phone")
    assert posting.withdraw(letter.pk, staff=chan, reason="Once more", now=timezone.now()) != ""


def test_taking_back_needs_the_right_and_a_reason(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A1"""
    letter = make_letter(amy)
    assert "role" in posting.withdraw(letter.pk, staff=mak, reason="Client found the phone", now=timezone.now())
    assert "reason" in posting.withdraw(letter.pk, staff=chan, reason="  no  ", now=timezone.now())
    letter.refresh_from_db()
    assert letter.state == State.MADE


@pytest.mark.parametrize("kind", Kind)
def test_that_a_letter_was_used_stands_on_the_timeline_whatever_it_was_good_for(
    kind: Kind, amy: Customer, chan: Customer
) -> None:
    """A3"""
    letter = make_letter(amy, kind)
    posted(letter, chan)
    letters.use(letter, now=timezone.now())
    record = AuditRecord.objects.get(event=Event.LETTER_USED)
    assert (record.actor, record.subject, record.facts["reference"]) == (amy, amy, letter.reference)
    with pytest.raises(AssertionError):
        letters.use(letter, now=timezone.now())


def test_a_client_without_an_e_mail_address_is_led_from_the_reset_to_the_letter(
    clock: Clock, amy: Customer, mak_inside: Desk
) -> None:
    """L10"""
    Customer.objects.filter(pk=amy.pk).update(email="")
    page = mak_inside.get(f"accounts/customer/{amy.pk}/reset-password/").content.decode()
    assert f"/staff/accounts/customer/{amy.pk}/password-letter/" in page
