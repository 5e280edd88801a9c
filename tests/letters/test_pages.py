"""Letters on the desk: proposed, printed, posted, taken back, found, and seen on the client's timeline."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, StaffClient
from portal.letters import policy, posting, printing, typesetting
from portal.letters.models import Kind, Letter, PrintRun, RunState, State, Void
from portal.letters.typesetting import TypesettingFailed
from tests.actors import text_of
from tests.approvals.steps import propose
from tests.desk.steps import Desk
from tests.letters.steps import ADDRESS, codes_in, good, make_letter, pages, posted, printed, settled
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
ASKED = {"questions": ["full name", "recent trade"], "passed": "on", "reason": "Lost the phone abroad"}
CALLED = {"reason": "Called back, all in order", "verdict": "approve", "revision": "1"}


def client_page(client: Customer, below: str = "") -> str:
    """An address of a client on the desk."""
    return f"accounts/customer/{client.pk}/{below}"


def shelf(desk: Desk, name: str) -> str:
    """What a shelf shows."""
    return text_of(desk.get(f"letters/?show={name}"))


def run_of(letter: Letter) -> PrintRun:
    """The run in which it was printed."""
    return PrintRun.objects.get(letters=letter)


def judge(desk: Desk, run: PrintRun, verdict: str) -> HttpResponse:
    """Say how the run came out."""
    return desk.post(f"letters/runs/{run.pk}/", {"verdict": verdict})


@pytest.mark.parametrize(("name", "kind"), [("rebinding-letter", Kind.REBINDING), ("password-letter", Kind.PASSWORD)])
def test_from_the_call_to_the_letter_box(
    name: str, kind: Kind, clock: Clock, amy: Customer, mak_inside: Desk, chan_inside: Desk, kwok_inside: Desk
) -> None:
    """T8, A5: a clerk proposes, one supervisor approves, another prints and posts"""
    to = mak_inside.post(client_page(amy, f"{name}/"), ASKED).headers["Location"]
    assert "/queue/" in to
    page = text_of(chan_inside.get(to))
    assert "Fl•••on" in page
    assert "Nathan" not in page
    assert chan_inside.post(to, CALLED).status_code == 302
    letter = Letter.objects.get()
    assert letter.kind == kind
    assert f"/letters/{letter.pk}/" in chan_inside.get(to).content.decode(), "the proposal leads on to its letter"
    assert letter.reference in shelf(kwok_inside, "waiting")
    assert "1 letter waits that you may print" in shelf(kwok_inside, "waiting")

    file = kwok_inside.post("letters/print/")
    assert file.headers["Content-Type"] == "application/pdf"
    assert len(codes_in(pages(file.content)[0])) == 1
    run = run_of(letter)
    assert file.headers["Content-Disposition"] == f'attachment; filename="letters-{run.reference}.pdf"'
    assert letter.reference in shelf(kwok_inside, "printer")
    assert run.reference in shelf(kwok_inside, "waiting"), "whoever comes back is led to the run"
    judge(kwok_inside, run, "good")
    assert letter.reference in shelf(kwok_inside, "printed")
    kwok_inside.post("letters/post/", {"letter": [str(letter.pk)], f"tracking-{letter.pk}": "RR123456785HK"})
    assert letter.reference in shelf(kwok_inside, "posted")
    assert "RR123456785HK" in shelf(kwok_inside, "posted")

    lines = text_of(mak_inside.get(client_page(amy, "timeline/?kind=letters")))
    for said in ("Letter made", "Letter printed", "Letter posted", letter.reference, "RR123456785HK", "kwok", "chan"):
        assert said in lines


def test_the_file_is_handed_out_once_and_is_kept_by_no_cache(
    clock: Clock, amy: Customer, chan_inside: Desk, kwok_inside: Desk
) -> None:
    """T8"""
    make_letter(amy)
    file = chan_inside.post("letters/print/")
    assert "no-store" in file.headers["Cache-Control"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    for desk in (chan_inside, kwok_inside):
        again = desk.post("letters/print/")
        assert again.status_code == 302
        assert "nothing that you could print" in text_of(desk.get(again.headers["Location"]))
    assert chan_inside.get("letters/print/").status_code == 405
    assert PrintRun.objects.count() == 1


def test_the_count_is_of_what_one_may_print_oneself(
    clock: Clock, amy: Customer, chan: Customer, kwok: Customer, chan_inside: Desk, kwok_inside: Desk
) -> None:
    """T8"""
    make_letter(amy, maker=chan, checker=kwok)
    assert "0 letters wait that you may print" in shelf(chan_inside, "waiting")
    assert "1 letter waits that you may print" in shelf(kwok_inside, "waiting")
    assert "disabled" in chan_inside.get("letters/").content.decode().split("Print the waiting")[1][:60]


def test_a_failed_run_is_said_and_judged_once(
    clock: Clock, amy: Customer, chan_inside: Desk, kwok_inside: Desk
) -> None:
    """T8"""
    letter = make_letter(amy)
    chan_inside.post("letters/print/")
    run = run_of(letter)
    page = text_of(chan_inside.get(judge(chan_inside, run, "failed").headers["Location"]))
    assert "codes of 1 letters are void; 1 of them wait" in page
    letter.refresh_from_db()
    assert letter.void == Void.RUN_FAILED
    later = text_of(kwok_inside.get(judge(kwok_inside, run, "good").headers["Location"]))
    assert "judged already" in later
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert judge(kwok_inside, run, "splendid").status_code == 200


def test_what_cannot_be_printed_stands_on_its_shelf_with_the_reason(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer], mak_inside: Desk, chan_inside: Desk
) -> None:
    """O5: for the clerk to have it mended"""
    Customer.objects.filter(pk=amy.pk).update(name="陳😀文")
    nowhere = make_letter(make_client("100002"))
    lacking = make_letter(amy)
    assert chan_inside.post("letters/print/").status_code == 302
    page = shelf(mak_inside, "held")
    assert lacking.reference in page
    assert "the font lacks 😀" in page
    assert nowhere.reference in page
    assert "no address on file" in page
    assert lacking.reference not in shelf(mak_inside, "waiting")
    assert "the font lacks 😀" in text_of(mak_inside.get(f"letters/{lacking.pk}/"))
    assert "no correspondence address" in text_of(mak_inside.get(f"letters/{nowhere.pk}/"))


def test_what_was_mended_is_printed_with_the_next_run(clock: Clock, amy: Customer, chan_inside: Desk) -> None:
    """O5: though it is the only one that waits"""
    Customer.objects.filter(pk=amy.pk).update(name="陳😀文")
    letter = make_letter(amy)
    chan_inside.post("letters/print/")
    assert "tried again, in case they were mended" in shelf(chan_inside, "waiting")
    assert "disabled" not in chan_inside.get("letters/").content.decode().split("Print the waiting")[1][:60]
    Customer.objects.filter(pk=amy.pk).update(name="陳文")
    assert letter.reference in pages(chan_inside.post("letters/print/").content)[0]


def test_where_the_file_cannot_be_made_the_page_says_so_and_the_letters_wait(
    clock: Clock, amy: Customer, chan_inside: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8"""
    make_letter(amy)

    def broken(source: str, content: object) -> bytes:
        raise TypesettingFailed("letter.typ was not typeset: TimeoutExpired")

    with monkeypatch.context() as patch:
        patch.setattr(typesetting, "typeset", broken)
        answer = chan_inside.post("letters/print/")
    assert "could not be made" in text_of(chan_inside.get(answer.headers["Location"]))
    assert "1 letter waits that you may print" in shelf(chan_inside, "waiting")
    assert len(pages(chan_inside.post("letters/print/").content)) == 1


def test_several_are_marked_posted_with_one_number_or_their_own(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer], chan: Customer, chan_inside: Desk
) -> None:
    """T8"""
    made = [make_letter(amy)] + [make_letter(make_client(f"10000{n}", postal_address=ADDRESS)) for n in (2, 3)]
    good(printed(chan).run, chan)
    answer = chan_inside.post(
        "letters/post/",
        {"letter": [str(made[0].pk), str(made[1].pk)], "tracking": "BAG7", f"tracking-{made[1].pk}": "OWN1"},
    )
    assert "2 letters are posted" in text_of(chan_inside.get(answer.headers["Location"]))
    kept = Letter.objects.in_bulk([letter.pk for letter in made])
    assert [kept[letter.pk].tracking for letter in made] == ["BAG7", "OWN1", ""]
    assert [kept[letter.pk].state for letter in made] == [State.POSTED, State.POSTED, State.PRINTED]


@pytest.mark.parametrize(
    "form", [{}, {"letter": "nonsense"}, {"letter": "\x00"}, {"letter": "00000000-0000-4000-8000-000000000000"}]
)
def test_a_form_that_names_no_letter_posts_none(
    form: dict[str, Any], clock: Clock, amy: Customer, chan: Customer, chan_inside: Desk
) -> None:
    """T8"""
    letter = make_letter(amy)
    good(printed(chan).run, chan)
    answer = chan_inside.post("letters/post/", form)
    assert answer.headers["Location"] == "/staff/letters/?show=printed"
    page = text_of(chan_inside.get(answer.headers["Location"]))
    assert "Tick the letters" in page or "Not all of them" in page
    letter.refresh_from_db()
    assert letter.state == State.PRINTED


def test_a_tracking_number_that_is_too_long_posts_none(
    clock: Clock, amy: Customer, chan: Customer, chan_inside: Desk
) -> None:
    """T8"""
    letter = make_letter(amy)
    good(printed(chan).run, chan)
    chan_inside.post("letters/post/", {"letter": str(letter.pk), "tracking": "x" * 41})
    letter.refresh_from_db()
    assert letter.state == State.PRINTED


def test_a_supervisor_takes_a_letter_back_with_a_reason_and_a_clerk_does_not(
    clock: Clock, amy: Customer, mak_inside: Desk, chan_inside: Desk
) -> None:
    """A1, A5"""
    letter = make_letter(amy)
    path = f"letters/{letter.pk}/"
    assert "Withdraw the letter" not in text_of(mak_inside.get(path))
    assert mak_inside.post(path, {"reason": "Client found the phone"}).status_code == 403
    assert chan_inside.post(path, {"reason": ""}).status_code == 200
    letter.refresh_from_db()
    assert letter.state == State.MADE
    assert chan_inside.post(path, {"reason": "Client found the phone"}).status_code == 302
    assert "withdrawn by staff" in text_of(chan_inside.get(path))
    page = text_of(mak_inside.get(client_page(amy, "timeline/")))
    assert "Letter void" in page
    assert "withdrawn by staff" in page
    assert "Client found the phone" in page
    late = chan_inside.post(path, {"reason": "Once more, to be sure"})
    assert "over already" in text_of(late)


def test_nobody_sees_letters_to_an_account_of_their_own(
    clock: Clock, amy: Customer, chan: Customer, kwok: Customer, chan_inside: Desk
) -> None:
    """A1"""
    letter = make_letter(amy)
    StaffClient.objects.create(staff=chan, client=amy)
    assert letter.reference not in shelf(chan_inside, "waiting")
    assert chan_inside.get(f"letters/{letter.pk}/").status_code == 403
    assert chan_inside.post(f"letters/{letter.pk}/", {"reason": "Client found the phone"}).status_code == 403
    run = printed(kwok).run
    assert letter.reference not in text_of(chan_inside.get(f"letters/runs/{run.pk}/"))


def test_the_page_of_a_client_shows_the_letter_that_is_under_way(
    clock: Clock, amy: Customer, chan: Customer, mak_inside: Desk
) -> None:
    """A3"""
    assert "Letters under way" not in text_of(mak_inside.get(client_page(amy)))
    letter = make_letter(amy)
    assert f"rebinding letter {letter.reference} : waiting to be printed" in text_of(mak_inside.get(client_page(amy)))
    posted(letter, chan)
    page = mak_inside.get(client_page(amy))
    assert f"rebinding letter {letter.reference} : posted" in text_of(page)
    assert f"/staff/letters/{letter.pk}/" in page.content.decode()
    posting.withdraw(letter.pk, staff=chan, reason="Not needed", now=timezone.now())
    assert "Letters under way" not in text_of(mak_inside.get(client_page(amy)))


@pytest.mark.parametrize("kind", Kind)
def test_the_reference_of_a_letter_finds_its_client(kind: Kind, clock: Clock, amy: Customer, mak_inside: Desk) -> None:
    """A2"""
    letter = make_letter(amy, kind)
    for typed in (letter.reference, f" {letter.reference.lower()} "):
        found = mak_inside.post("accounts/customer/", {"query": typed})
        assert found.headers["Location"] == f"/staff/{client_page(amy)}"
    nobody = mak_inside.post("accounts/customer/", {"query": f"{letter.reference[0]}2222222"})
    assert "No letter has this reference" in text_of(nobody)


def test_the_client_page_offers_letters_where_post_arrives(
    clock: Clock, amy: Customer, chan: Customer, mak_inside: Desk
) -> None:
    """T8"""
    page = mak_inside.get(client_page(amy)).content.decode()
    assert re.findall(r'data-action="(\w+_letter)"', page) == ["rebinding_letter", "password_letter"]
    settled(amy, "")
    assert "_letter" not in mak_inside.get(client_page(amy)).content.decode()
    assert "no correspondence address" in text_of(mak_inside.get(client_page(amy, "rebinding-letter/")))


def test_a_caller_who_fails_the_identity_check_gets_no_letter_proposed(
    clock: Clock, amy: Customer, chan: Customer, mak_inside: Desk
) -> None:
    """A4"""
    failed = {key: value for key, value in ASKED.items() if key != "passed"}
    page = mak_inside.post(client_page(amy, "rebinding-letter/"), failed)
    assert "nothing is proposed" in text_of(page)
    assert "Identity check not passed" in text_of(mak_inside.get(client_page(amy, "timeline/")))


def test_a_returned_proposal_is_sent_again(
    clock: Clock, amy: Customer, mak: Customer, mak_inside: Desk, chan_inside: Desk
) -> None:
    """A5"""
    proposal = propose(amy, mak, "password_letter")
    chan_inside.post(f"queue/{proposal.pk}/", {**CALLED, "verdict": "return"})
    assert mak_inside.post(f"queue/{proposal.pk}/mend/", {**ASKED, "revision": "1"}).status_code == 302
    chan_inside.post(f"queue/{proposal.pk}/", {**CALLED, "revision": "2"})
    assert Letter.objects.get().kind == Kind.PASSWORD


def test_the_officer_reads_what_is_held_and_the_client_page_until_when_it_is_not(
    clock: Clock, amy: Customer, chan: Customer, make_staff: Callable[..., Customer], mak_inside: Desk
) -> None:
    """T8"""
    make_staff("ho", "officer")
    officer = Desk("198.51.100.29")
    officer.log_in("ho")
    make_letter(amy)
    clock.shift(1)
    page = text_of(officer.get(client_page(amy, "lift-hold/")))
    assert "one of another kind was under way lately" in page
    assert "other kind of letter" in text_of(mak_inside.get(client_page(amy, "password-letter/")))
    ticked = {"checklist": ["identity", "cause"], "reason": "Recognised in person"}
    assert officer.post(client_page(amy, "lift-hold/"), ticked).status_code == 302
    assert "Holds lifted for letters until" in text_of(mak_inside.get(client_page(amy)))
    assert "other kind of letter" not in text_of(mak_inside.get(client_page(amy, "password-letter/")))


def test_lists_are_paged(clock: Clock, make_client: Callable[..., Customer], chan: Customer, chan_inside: Desk) -> None:
    """T8"""
    for number in range(policy.PAGE + 1):
        make_letter(make_client(f"3000{number:02d}", postal_address=ADDRESS))
    first, second = (chan_inside.get(f"letters/?page={page}").content.decode() for page in (1, 2))
    assert first.count("/staff/letters/") > second.count("/staff/letters/")
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second
    assert printing.waiting(chan).count() == policy.PAGE + 1
