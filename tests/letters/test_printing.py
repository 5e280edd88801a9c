"""At the printer: whose letters, which codes, one file, and what is said of it after."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccountState, Customer, StaffClient
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters import codes, letters, policy, posting, printing, resealing, typesetting
from portal.letters.letters import Verdict
from portal.letters.models import Kind, Letter, PrintRun, RunState, State, Void
from portal.letters.tasks import end as end_letters
from portal.letters.tasks import purge as purge_letters
from tests.letters.steps import ADDRESS, code_of, codes_in, good, make_letter, pages, posted, printed, settled
from tests.twofactor.steps import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def fresh(letter: Letter) -> Letter:
    """The letter as it stands."""
    return Letter.objects.get(pk=letter.pk)


def verdict(letter: Letter, code: str) -> Verdict:
    """What is said of a code that a client types."""
    return letters.judge(letter.customer, Kind(letter.kind), code, now=timezone.now()).verdict


def successor(letter: Letter) -> Letter | None:
    """The letter that waits in this one's place."""
    return Letter.objects.filter(customer=letter.customer, kind=letter.kind, state=State.MADE).first()


# --- Whose letters -----------------------------------------------------------------------------------------


def test_a_run_prints_what_waits_one_page_each_and_says_so(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer
) -> None:
    """T8"""
    ben = make_client("100002", name="陳大文", postal_address="香港中環皇后大道中一八一號\n新紀元廣場低座二十七樓")
    both = [make_letter(amy), make_letter(ben, Kind.PASSWORD)]
    started = printed(chan)
    text = pages(started.pdf)
    assert len(text) == 2
    for letter, page in zip(both, text, strict=True):
        assert letter.reference in page
        assert len(codes_in(page)) == 1
        assert letter.customer.login not in page
    assert "Harbour House" in text[0]
    assert [fresh(letter).state for letter in both] == [State.PRINTED] * 2
    assert (started.run.letters_count, started.run.printer, started.run.state) == (2, chan, RunState.OPEN)


def test_nobody_prints_what_they_asked_for(amy: Customer, chan: Customer, kwok: Customer) -> None:
    """T8"""
    letter = make_letter(amy, maker=chan, checker=kwok)
    assert printing.start(chan, now=timezone.now()) is None
    assert fresh(letter).state == State.MADE
    assert printed(kwok).run.letters_count == 1, "who approved it may print it"


def test_the_database_refuses_a_printer_who_asked_for_it(amy: Customer, chan: Customer, kwok: Customer) -> None:
    """T8"""
    letter = make_letter(amy, maker=chan, checker=kwok)
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(printer=chan)


def test_nobody_prints_a_letter_to_an_account_of_their_own(amy: Customer, chan: Customer, kwok: Customer) -> None:
    """A1"""
    make_letter(amy)
    StaffClient.objects.create(staff=chan, client=amy)
    assert printing.start(chan, now=timezone.now()) is None
    assert printed(kwok).run.letters_count == 1


def test_the_oldest_come_first_and_no_more_than_fit(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8"""
    monkeypatch.setattr(policy, "RUN", 2)
    made = []
    for number in ("100005", "100003", "100004"):
        made.append(make_letter(make_client(number, postal_address=ADDRESS)))
        clock.shift(1)
    first, second = pages(printed(chan).pdf)
    assert made[0].reference in first
    assert made[1].reference in second
    assert [fresh(letter).state for letter in made] == [State.PRINTED, State.PRINTED, State.MADE]
    assert printed(chan).run.letters_count == 1
    assert printing.start(chan, now=timezone.now()) is None


def test_a_closed_account_gets_no_letter(amy: Customer, chan: Customer) -> None:
    """T8"""
    make_letter(amy)
    Customer.objects.filter(pk=amy.pk).update(state=AccountState.CLOSED)
    assert printing.start(chan, now=timezone.now()) is None


def test_a_sign_that_the_font_lacks_is_found_and_the_letter_left_out_until_the_name_is_mended(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer
) -> None:
    """O5: never printed as a box"""
    Customer.objects.filter(pk=amy.pk).update(name="陳😀文")
    letter, other = make_letter(amy), make_letter(make_client("100002", postal_address=ADDRESS))
    assert printed(chan).run.letters_count == 1
    assert (fresh(letter).state, fresh(letter).unprintable) == (State.MADE, "😀")
    assert fresh(other).state == State.PRINTED
    assert printing.start(chan, now=timezone.now()) is None
    Customer.objects.filter(pk=amy.pk).update(name="陳文")
    assert letter.reference in pages(printed(chan).pdf)[0]
    assert fresh(letter).unprintable == ""


def test_letters_that_cannot_be_printed_do_not_keep_others_from_it(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8"""
    monkeypatch.setattr(policy, "RUN", 1)
    settled(amy, "😀 Road")
    make_letter(amy)
    clock.shift(1)
    other = make_letter(make_client("100002", postal_address=ADDRESS))
    assert printing.start(chan, now=timezone.now()) is None, "it was the oldest, and is marked now"
    assert other.reference in pages(printed(chan).pdf)[0]


def test_a_letter_without_an_address_stays(amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(settled(amy, ""))
    assert printing.start(chan, now=timezone.now()) is None
    assert fresh(letter).state == State.MADE


# --- The code ------------------------------------------------------------------------------------------------


def test_the_code_stands_in_the_file_and_its_digest_in_the_database(amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    code = code_of(letter, printed(chan).pdf)
    letter = fresh(letter)
    assert codes.matches(letter.code_digest, str(letter.pk), amy.pk, letter.kind, code)
    assert set(letter.content) == {"name", "address", "language", "tail", "printed_on", "valid_until"}
    assert code not in str(letter.content)
    assert letter.content["address"] == ADDRESS


def test_two_letters_never_have_one_code(amy: Customer, chan: Customer) -> None:
    """T8"""
    make_letter(amy)
    make_letter(amy, Kind.PASSWORD)
    found = [codes_in(page) for page in pages(printed(chan).pdf)]
    assert len({code for each in found for code in each}) == 2


def test_the_code_is_good_through_the_day_that_stands_on_the_letter_and_for_thirty_days_at_most(
    amy: Customer, chan: Customer, clock: Clock
) -> None:
    """T8: 2035-11-19, 10:00 in Hong Kong"""
    letter = make_letter(amy)
    code = posted(letter, chan)
    letter = fresh(letter)
    last = date.fromisoformat(letter.content["valid_until"])
    assert letter.lapses_at is not None
    assert letter.printed_at is not None
    assert letter.lapses_at - letter.printed_at <= policy.LIFETIME
    assert timezone.localdate(letter.lapses_at - timedelta(seconds=1)) == last
    assert timezone.localdate(letter.lapses_at) == last + timedelta(days=1)
    clock.move_to(letter.lapses_at - timedelta(seconds=1))
    assert verdict(letter, code) == Verdict.RIGHT
    clock.move_to(letter.lapses_at + timedelta(seconds=1))
    assert verdict(letter, code) == Verdict.LAPSED


def test_before_it_is_posted_the_code_is_worth_nothing(amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    started = printed(chan)
    code = code_of(letter, started.pdf)
    assert verdict(letter, code) == Verdict.NOT_POSTED
    good(started.run, chan)
    assert verdict(letter, code) == Verdict.NOT_POSTED


# --- What becomes of the run ---------------------------------------------------------------------------------


def test_a_failed_run_voids_its_codes_and_every_letter_waits_anew_with_another(
    amy: Customer, chan: Customer, kwok: Customer
) -> None:
    """T8"""
    old = make_letter(amy)
    started = printed(chan)
    code = code_of(old, started.pdf)
    failed = printing.fail(started.run, staff=kwok, now=timezone.now())
    assert failed == printing.Failed(voided=1, made=1)
    assert (fresh(old).state, fresh(old).void) == (State.VOIDED, Void.RUN_FAILED)
    new = successor(old)
    assert new is not None
    assert (new.maker_id, new.checker_id, new.proposal, new.reprints) == (old.maker_id, old.checker_id, old.proposal, 1)
    assert new.reference != old.reference
    other = posted(new, chan)
    assert other != code
    assert (verdict(new, code), verdict(new, other)) == (Verdict.REPLACED, Verdict.RIGHT)


def test_after_so_many_reprints_it_has_to_be_asked_for_again(amy: Customer, chan: Customer) -> None:
    """T8"""
    make_letter(amy)
    for left in reversed(range(policy.REPRINTS + 1)):
        failed = printing.fail(printed(chan).run, staff=chan, now=timezone.now())
        assert failed == printing.Failed(voided=1, made=1 if left else 0)
    assert letters.live(amy, Kind.REBINDING) == []
    assert Letter.objects.count() == policy.REPRINTS + 1


def test_a_run_is_judged_once(amy: Customer, chan: Customer, kwok: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    run = printed(chan).run
    now = timezone.now()
    assert printing.confirm(run, staff=chan, now=now)
    assert not printing.confirm(run, staff=kwok, now=now)
    assert printing.fail(run, staff=kwok, now=now) is None
    assert fresh(letter).state == State.PRINTED
    assert AuditRecord.objects.filter(event=Event.PRINT_RUN_JUDGED).count() == 1


def test_a_run_that_nobody_judges_within_a_day_has_failed(amy: Customer, chan: Customer, clock: Clock) -> None:
    """T8: the task may run twice"""
    letter = make_letter(amy)
    run = printed(chan).run
    clock.shift(policy.CONFIRM_WITHIN - timedelta(seconds=1))
    end_letters()
    assert PrintRun.objects.get(pk=run.pk).state == RunState.OPEN
    clock.shift(1)
    end_letters()
    end_letters()
    assert PrintRun.objects.get(pk=run.pk).state == RunState.FAILED
    assert fresh(letter).void == Void.RUN_FAILED
    assert Letter.objects.filter(state=State.MADE).count() == 1


def test_a_letter_that_was_withdrawn_from_a_run_does_not_come_back_with_it(amy: Customer, chan: Customer) -> None:
    """T8"""
    letter = make_letter(amy)
    run = printed(chan).run
    assert posting.withdraw(letter.pk, staff=chan, reason="Client found the phone", now=timezone.now()) == ""
    assert printing.fail(run, staff=chan, now=timezone.now()) == printing.Failed(voided=0, made=0)
    assert fresh(letter).void == Void.STAFF


def test_a_failed_letter_is_not_made_anew_for_an_address_that_nobody_approved(amy: Customer, chan: Customer) -> None:
    """T8"""
    make_letter(amy)
    run = printed(chan).run
    settled(amy, "1 Thief Street\nKowloon")
    assert printing.fail(run, staff=chan, now=timezone.now()) == printing.Failed(voided=1, made=0)


# --- When something breaks -------------------------------------------------------------------------------------


def test_where_the_file_cannot_be_made_the_codes_are_void_and_no_reprint_is_spent(
    amy: Customer, chan: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8"""
    old = make_letter(amy)

    def broken(sheets: object) -> bytes:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(typesetting, "letters", broken)
        with pytest.raises(RuntimeError, match="boom"):
            printing.start(chan, now=timezone.now())
    assert fresh(old).void == Void.RUN_FAILED
    assert PrintRun.objects.get().state == RunState.FAILED
    new = successor(old)
    assert new is not None
    assert new.reprints == 0
    assert printed(chan).run.letters_count == 1


def test_a_process_that_is_killed_while_it_prints_leaves_a_run_that_fails_by_itself(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8: after the commit, with or without the file; what a killed process does not do is tidy up"""
    both = [make_letter(amy), make_letter(make_client("100002", postal_address=ADDRESS))]
    out: list[str] = []

    def killed(sheets: list[typesetting.Sheet]) -> bytes:
        out.extend(sheet.code for sheet in sheets)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(typesetting, "letters", killed)
        with pytest.raises(SystemExit):
            printing.start(chan, now=timezone.now())
    assert PrintRun.objects.get().state == RunState.OPEN
    clock.shift(policy.CONFIRM_WITHIN)
    end_letters()
    assert [fresh(letter).state for letter in both] == [State.VOIDED] * 2
    assert [verdict(letter, code) for letter, code in zip(both, out, strict=True)] == [Verdict.REPLACED] * 2
    assert Letter.objects.filter(state=State.MADE).count() == 2


def test_a_process_that_is_killed_before_the_commit_leaves_nothing(
    amy: Customer, make_client: Callable[..., Customer], chan: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8"""
    both = [make_letter(amy), make_letter(make_client("100002", postal_address=ADDRESS))]
    begun = iter(["0123456789AB"])
    with monkeypatch.context() as patch:
        patch.setattr(codes, "new_code", lambda: next(begun))
        with pytest.raises(StopIteration):
            printing.start(chan, now=timezone.now())
    assert [(fresh(letter).state, fresh(letter).code_digest) for letter in both] == [(State.MADE, "")] * 2
    assert not PrintRun.objects.exists()


# --- Time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("posts", [True, False])
def test_what_was_printed_lapses_whether_or_not_it_was_posted(
    posts: bool, amy: Customer, chan: Customer, clock: Clock
) -> None:
    """T8"""
    letter = make_letter(amy)
    if posts:
        posted(letter, chan)
    else:
        good(printed(chan).run, chan)
    clock.move_to(fresh(letter).lapses_at + timedelta(seconds=1))  # type: ignore[operator]
    end_letters()
    end_letters()
    assert fresh(letter).state == State.LAPSED
    assert AuditRecord.objects.filter(event=Event.LETTER_LAPSED, subject=amy).count() == 1


def test_letters_are_kept_for_seven_years_after_their_end(amy: Customer, chan: Customer, clock: Clock) -> None:
    """O7"""
    letter = make_letter(amy)
    posted(letter, chan)
    letters.use(fresh(letter), now=timezone.now())
    clock.shift(django_settings.RETENTION_LETTERS - timedelta(seconds=1))
    purge_letters()
    assert Letter.objects.count() == 1
    clock.shift(2)
    purge_letters()
    purge_letters()
    assert not Letter.objects.exists()
    assert not PrintRun.objects.exists()


def test_what_was_printed_is_sealed_and_a_new_key_takes_it_over(
    amy: Customer, chan: Customer, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """T3, O7: nothing is lost when the old key is dropped"""
    letter = make_letter(amy)
    printed(chan)
    assert b"Harbour" not in bytes(fresh(letter).sealed_content or b"")
    ring = dict(django_settings.SEALING_KEYS)
    settings.SEALING_KEYS = {"k2": bytes(range(32)), **ring}
    call_command("reseal_secrets")
    assert "Letters: 1 sealed anew, 0 left." in capsys.readouterr().out
    settings.SEALING_KEYS = {"k2": bytes(range(32))}
    assert fresh(letter).content["address"] == ADDRESS
    call_command("reseal_secrets")
    assert "Letters: 0 sealed anew, 0 left." in capsys.readouterr().out


def test_a_letter_that_no_key_opens_is_counted_as_left(amy: Customer, chan: Customer, settings: Settings) -> None:
    """T3"""
    make_letter(amy)
    printed(chan)
    settings.SEALING_KEYS = {"k2": bytes(range(32))}
    assert resealing.reseal() == (0, 1)
