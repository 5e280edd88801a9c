"""The queue and its pages, as staff see them."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import AccountState, Customer, FindingKind, FreezeCause
from accounts.services import surveillance
from accounts.services.staff import set_own_clients
from portal.approvals import evidence, policy, proposals
from portal.approvals.models import Evidence, Proposal, State
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.accounts.steps import MORNING
from tests.actors import Handset, Visitor, emails, text_of
from tests.approvals.steps import approve, pdf, picture, propose, suspect
from tests.desk.steps import Desk
from tests.twofactor.phone import give_phone
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
CHECK: dict[str, Any] = {
    "questions": ["full name", "recent trade"],
    "passed": "on",
    "reason": "Caller explained the login abroad",
}


def ask(desk: Desk, client: Customer, page: str = "propose-unfreeze", **changes: Any) -> HttpResponse:
    """Send the form that proposes."""
    return desk.post(f"accounts/customer/{client.pk}/{page}/", {**CHECK, **changes})


def decide(desk: Desk, proposal: Proposal, verdict: str, **changes: Any) -> HttpResponse:
    """Send the form that decides."""
    form = {"verdict": verdict, "reason": "Called back, all in order", "revision": proposal.revision, **changes}
    return desk.post(f"queue/{proposal.pk}/", form)


def read(desk: Desk, proposal: Proposal) -> str:
    """What the page of a proposal says."""
    answer = desk.get(f"queue/{proposal.pk}/")
    assert answer.status_code == 200
    return text_of(answer)


def send(desk: Desk, proposal: Proposal, content: bytes, name: str = "scan.pdf") -> str:
    """Send a file, and what the page says then."""
    answer = desk.post(f"queue/{proposal.pk}/evidence/", {"file": SimpleUploadedFile(name, content)})
    assert answer.headers["Location"] == f"/staff/queue/{proposal.pk}/"
    return read(desk, proposal)


def is_frozen(client: Customer) -> bool:
    return Customer.objects.get(pk=client.pk).frozen


# --- The journey -----------------------------------------------------------------------------------------


def test_from_the_call_to_the_next_login(amy: Customer, mak_inside: Desk, chan_inside: Desk, handset: Handset) -> None:
    """A4, A5, N1"""
    suspect(amy)
    answer = ask(mak_inside, amy)
    proposal = Proposal.objects.get()
    assert answer.headers["Location"] == f"/staff/queue/{proposal.pk}/"
    said = read(mak_inside, proposal)
    assert f"case number {proposal.reference}" in said
    assert proposal.reference.startswith("P")
    assert "waiting for approval" in said
    waiting = text_of(chan_inside.get("queue/"))
    assert all(told in waiting for told in (proposal.reference, "Unfreeze", amy.login, "mak", "0 min"))
    shown = read(chan_inside, proposal)
    for told in ("frozen active", "suspected fraud", "Full name, A recent trade", CHECK["reason"]):
        assert told in shown
    assert decide(chan_inside, proposal, "approve").status_code == 302
    assert "Approved and done" in read(chan_inside, proposal)
    assert Visitor("en").log_in(handset, amy).headers["Location"] == "/en/home/"
    assert any("unfrozen" in mail.subject or "解除凍結" in mail.subject for mail in emails(amy.email))


def test_a_page_is_written_down_and_shut_to_owners(
    amy: Customer, mak: Customer, chan: Customer, chan_inside: Desk
) -> None:
    """A1, A2"""
    proposal = propose(suspect(amy), mak)
    read(chan_inside, proposal)
    viewed = AuditRecord.objects.get(event=Event.STAFF_VIEWED_CLIENT)
    assert (viewed.actor, viewed.subject) == (chan, amy)
    assert viewed.facts == {"page": f"proposal {proposal.reference}"}
    set_own_clients(chan, [amy.login])
    assert proposal.reference not in text_of(chan_inside.get("queue/"))
    assert chan_inside.get(f"queue/{proposal.pk}/").status_code == 403
    assert decide(chan_inside, proposal, "approve").status_code == 403
    assert is_frozen(amy)


def test_the_queue_is_the_oldest_first_page_by_page_with_age_in_words_and_colour(
    clock: Clock, make_client: Callable[..., Customer], mak: Customer, chan: Customer
) -> None:
    """A5"""
    made = []
    for number in range(policy.PAGE + 2):
        made.append(propose(suspect(make_client(f"2000{number:02d}"), f"FAB2CD{number:02d}"), mak))
        clock.shift(600)
    clock.shift(5 * 3600)
    desk = Desk()
    desk.log_in("chan")
    first, second = (desk.get(f"queue/?page={page}").content.decode() for page in (1, 2))
    assert [each.reference for each in made if each.reference in first] == [each.reference for each in made[:20]]
    places = [first.index(each.reference) for each in made[: policy.PAGE]]
    assert places == sorted(places)
    assert made[20].reference in second
    assert 'class="age late">8 h 40 min · late' in first
    assert 'class="age soon">5 h 30 min · waiting' in first
    for each in made[: policy.PAGE]:
        assert f"<td>{timezone.localtime(each.lapses_at):%Y-%m-%d %H:%M}</td>" in first
    assert "Page 1 of 2" in first
    for odd in ("0", "-1", "x", "9" * 50, "3"):
        assert desk.get(f"queue/?page={odd}").status_code == 200
    clock.shift(20 * 3600)
    desk.log_in("chan")
    assert made[0].reference not in text_of(desk.get("queue/"))


def test_a_maker_sees_their_own_and_an_auditor_all(
    amy: Customer, no_mobile: Customer, mak: Customer, chan: Customer, mak_inside: Desk,
    make_staff: Callable[..., Customer],
) -> None:  # fmt: skip
    """A1"""
    mine, other = propose(suspect(amy), mak), None
    lee = make_staff("lee", "clerk")
    other = propose(suspect(no_mobile, "FAB2CD3F"), lee)
    seen = text_of(mak_inside.get("queue/"))
    assert mine.reference in seen
    assert other.reference not in seen
    make_staff("audit", "auditor")
    auditor = Desk("198.51.100.30")
    auditor.log_in("audit")
    seen = text_of(auditor.get("queue/"))
    assert mine.reference in seen
    assert other.reference in seen
    assert 'name="verdict"' not in auditor.get(f"queue/{mine.pk}/").content.decode()
    assert "Your role does not decide" in text_of(decide(auditor, mine, "approve"))
    assert ask(auditor, amy).status_code == 403
    assert auditor.get("queue/bulk-unfreeze/").status_code == 403
    proposals.withdraw(mine.pk, maker=mak)
    assert mine.reference in text_of(mak_inside.get("queue/?show=over"))


# --- Deciding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["approve", "return", "reject"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": ""}, "required"),
        ({"reason": "     "}, "required"),
        ({"reason": "\u3000\u3000\u3000\u3000\u3000\u3000"}, "required"),
        ({"reason": "\u200b" * 9}, "A reason is required"),
        ({"reason": "ok"}, "at least 5"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"revision": "0"}, "changed since you opened"),
        ({"revision": "x"}, "changed since you opened"),
        ({"revision": "9" * 5000}, "changed since you opened"),
        ({"revision": "２"}, "changed since you opened"),
    ],
)
def test_nothing_is_decided_without_a_reason_about_what_was_read(
    verdict: str, change: dict[str, str], told: str, amy: Customer, mak: Customer, chan_inside: Desk
) -> None:
    proposal = propose(suspect(amy), mak)
    answer = decide(chan_inside, proposal, verdict, **change)
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert Proposal.objects.get().state == State.OPEN
    assert is_frozen(amy)


def test_a_verdict_that_is_none_does_nothing(amy: Customer, mak: Customer, chan_inside: Desk) -> None:
    proposal = propose(suspect(amy), mak)
    for verdict in ("", "approved", "delete"):
        assert "Say whether you approve" in text_of(decide(chan_inside, proposal, verdict))
    assert "not yours" in text_of(decide(chan_inside, proposal, "withdraw"))
    assert chan_inside.get(f"queue/{proposal.pk}/?verdict=approve&reason=because&revision=1").status_code == 200
    assert Proposal.objects.get().state == State.OPEN


def test_a_form_that_is_sent_again_does_nothing_again(amy: Customer, mak: Customer, chan_inside: Desk) -> None:
    proposal = propose(suspect(amy), mak)
    assert decide(chan_inside, proposal, "approve").status_code == 302
    suspect(amy)
    again = decide(chan_inside, proposal, "approve")
    assert "decided already: approved" in text_of(again)
    assert is_frozen(amy)
    assert Message.objects.filter(kind="notice.unfrozen").count() == 1
    assert 'name="verdict"' not in again.content.decode()


def test_who_made_it_cannot_decide_it_on_the_page_either(
    amy: Customer, chan: Customer, kwok: Customer, chan_inside: Desk
) -> None:
    """A1, A5"""
    proposal = propose(suspect(amy), chan)
    page = chan_inside.get(f"queue/{proposal.pk}/").content.decode()
    assert "You made this proposal" in page
    assert 'value="approve"' not in page
    assert "You made this proposal" in text_of(decide(chan_inside, proposal, "approve"))
    assert is_frozen(amy)


def test_whose_account_was_disabled_in_between_decides_nothing(
    amy: Customer, mak: Customer, chan: Customer, chan_inside: Desk
) -> None:
    proposal = propose(suspect(amy), mak)
    read(chan_inside, proposal)
    Customer.objects.filter(pk=chan.pk).update(is_active=False)
    assert decide(chan_inside, proposal, "approve").status_code == 302
    assert is_frozen(amy)
    assert Proposal.objects.get().state == State.OPEN


def test_facts_that_changed_show_on_the_page_and_stop_the_approval(
    amy: Customer, mak: Customer, chan_inside: Desk
) -> None:
    """A5"""
    proposal = propose(suspect(amy), mak)
    suspect(amy, "FAB2CD3F")
    assert "cannot be approved" in read(chan_inside, proposal)
    assert "no longer what they were" in text_of(decide(chan_inside, proposal, "approve"))
    assert is_frozen(amy)
    assert decide(chan_inside, proposal, "reject").status_code == 302


def test_a_returned_proposal_is_mended_and_sent_again(amy: Customer, mak_inside: Desk, chan_inside: Desk) -> None:
    """A5"""
    suspect(amy)
    ask(mak_inside, amy)
    proposal = Proposal.objects.get()
    decide(chan_inside, proposal, "return", reason="Ask for the address too")
    assert "Ask for the address too" in read(mak_inside, proposal)
    path = f"queue/{proposal.pk}/mend/"
    page = mak_inside.get(path).content.decode()
    assert "Ask for the address too" in page
    assert CHECK["reason"] in page
    mended = {**CHECK, "questions": ["full name", "address"], "reason": "Asked again", "revision": 1}
    assert "not passed" in text_of(mak_inside.post(path, {**mended, "passed": ""}))
    assert mak_inside.post(path, mended).status_code == 302
    assert mak_inside.post(path, mended).status_code == 404
    proposal.refresh_from_db()
    assert (proposal.state, proposal.revision, proposal.reason) == (State.OPEN, 2, "Asked again")
    shown = read(chan_inside, proposal)
    assert "Full name, Correspondence address" in shown
    assert "Ask for the address too" in shown
    assert decide(chan_inside, proposal, "approve").status_code == 302
    assert not is_frozen(amy)


def test_a_maker_withdraws_on_the_page(amy: Customer, chan: Customer, mak_inside: Desk) -> None:
    suspect(amy)
    ask(mak_inside, amy)
    proposal = Proposal.objects.get()
    assert mak_inside.post(f"queue/{proposal.pk}/", {"verdict": "withdraw"}).status_code == 302
    assert "withdrawn by the maker" in read(mak_inside, proposal)
    assert mak_inside.get(f"queue/{proposal.pk}/mend/").status_code == 404


# --- Proposing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"passed": ""}, "identity check was not passed"),
        ({"questions": []}, "Tick what you asked"),
        ({"questions": ["full name"]}, "at least two"),
        ({"questions": ["full name", "shoe size"]}, "shoe size"),
        ({"reason": "     "}, "required"),
        ({"reason": "\u200b" * 9}, "A reason is required"),
        ({"reason": "x\0xxxxxx"}, "Null characters"),
    ],
)
def test_nothing_is_proposed_without_a_passed_check_and_a_reason(
    change: dict[str, Any], told: str, amy: Customer, mak_inside: Desk, chan: Customer
) -> None:
    """A4"""
    suspect(amy)
    answer = ask(mak_inside, amy, **change)
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert not Proposal.objects.exists()
    failed = AuditRecord.objects.filter(event=Event.IDENTITY_CHECK_FAILED)
    assert failed.count() == (1 if change == {"passed": ""} else 0)


def test_what_needs_no_second_person_is_not_proposed(amy: Customer, mak_inside: Desk, chan: Customer) -> None:
    """A4"""
    assert "The account is not frozen" in text_of(ask(mak_inside, amy))
    suspect(amy)
    Customer.objects.filter(pk=amy.pk).update(freeze_cause=FreezeCause.WRONG_CODES)
    assert "needs no second person" in text_of(ask(mak_inside, amy))
    assert not Proposal.objects.exists()


def test_html_in_a_name_and_a_reason_is_text(amy: Customer, mak_inside: Desk, chan_inside: Desk) -> None:
    Customer.objects.filter(pk=amy.pk).update(name="<img src=x onerror=alert(1)>")
    suspect(amy)
    ask(mak_inside, amy, reason="<script>alert(1)</script>")
    proposal = Proposal.objects.get()
    decide(chan_inside, proposal, "return", reason='"><svg onload=alert(1)>')
    for page in (f"queue/{proposal.pk}/", f"queue/{proposal.pk}/mend/", "queue/"):
        shown = mak_inside.get(page).content.decode()
        assert not any(markup in shown for markup in ("<img src=x", "<script>alert", "<svg onload"))


# --- Evidence ----------------------------------------------------------------------------------------------


def test_evidence_is_added_by_the_maker_and_handed_out_as_a_download_that_is_recorded(
    amy: Customer, mak: Customer, chan: Customer, mak_inside: Desk, chan_inside: Desk,
    make_staff: Callable[..., Customer],
) -> None:  # fmt: skip
    """A5"""
    proposal = propose(suspect(amy), mak)
    content = pdf(stream=b"%" + b"y" * (policy.CHUNK + 5))
    assert "It is kept sealed" in send(mak_inside, proposal, content, "=cmd()<b>.exe")
    kept = Evidence.objects.get()
    assert "Choose a file" in send(chan_inside, proposal, b"") or True
    assert "not yours" in send(chan_inside, proposal, picture())
    make_staff("lee", "clerk")
    make_staff("audit", "auditor")
    path = f"queue/{proposal.pk}/evidence/{kept.pk}/"
    for other in ("lee", "audit"):
        desk = Desk("198.51.100.40")
        desk.log_in(other)
        assert desk.get(path).status_code == 403
    answer: Any = chan_inside.get(path)
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{proposal.reference}-')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer.headers["Cache-Control"]
    (recorded,) = AuditRecord.objects.filter(event=Event.EVIDENCE_READ)
    assert (recorded.actor, recorded.subject) == (chan, amy)
    assert recorded.facts == {"reference": proposal.reference, "evidence": str(kept.pk)}
    assert "changed since you opened" in text_of(decide(chan_inside, proposal, "approve"))


def test_evidence_of_another_proposal_or_that_is_broken_is_not_handed_out(
    amy: Customer, no_mobile: Customer, mak: Customer, mak_inside: Desk, chan: Customer
) -> None:
    one, other = propose(suspect(amy), mak), propose(suspect(no_mobile, "FAB2CD3F"), mak)
    send(mak_inside, one, picture())
    kept = Evidence.objects.get()
    assert mak_inside.get(f"queue/{other.pk}/evidence/{kept.pk}/").status_code == 404
    evidence.place(kept).write_bytes(b"\0\0\0\x09tampered!")
    assert mak_inside.get(f"queue/{one.pk}/evidence/{kept.pk}/").status_code == 302
    assert "cannot be opened" in read(mak_inside, one)
    assert not AuditRecord.objects.filter(event=Event.EVIDENCE_READ).exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("scan.pdf", b"MZ\x90\x00 a program", "neither a PDF nor a JPEG nor a PNG"),
        ("scan.jpg", pdf(b"<< /S /JavaScript >>"), "scripts, forms or other files"),
        ("scan.png", b"\x89PNG\r\n\x1a\n" + bytes(90), "cannot be read"),
        ("scan.png", b"", "not empty"),
    ],
)
def test_what_is_no_evidence_is_refused_with_a_sentence(
    name: str, content: bytes, told: str, amy: Customer, mak: Customer, chan: Customer, mak_inside: Desk
) -> None:
    proposal = propose(suspect(amy), mak)
    assert told in send(mak_inside, proposal, content, name)
    assert not Evidence.objects.exists()
    assert mak_inside.post(f"queue/{proposal.pk}/evidence/", {"file": "no file"}).status_code == 302


class Endless(io.RawIOBase):
    """A body that nobody should read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(("length", "status"), [(100 * 1024**2, 413), (10 * 1024**2 + 64 * 1024 + 1, 413)])
def test_an_upload_above_the_bound_is_refused_unread(
    length: int, status: int, amy: Customer, mak: Customer, chan: Customer, mak_inside: Desk
) -> None:
    proposal = propose(suspect(amy), mak)
    body: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": Endless()}
    answer: Any = mak_inside.client.generic(
        "POST", f"/staff/queue/{proposal.pk}/evidence/", b"", "multipart/form-data; boundary=x", secure=True, **body
    )
    assert answer.status_code == status
    assert "large" in text_of(answer)


def test_nowhere_else_a_large_body_is_taken(amy: Customer, mak: Customer, chan: Customer, mak_inside: Desk) -> None:
    proposal = propose(suspect(amy), mak)
    for path in (f"queue/{proposal.pk}/", f"queue/{proposal.pk}/mend/", "queue/bulk-unfreeze/", "queue/"):
        assert mak_inside.post(path, {"file": SimpleUploadedFile("x", bytes(70 * 1024))}).status_code == 413


# --- Many ------------------------------------------------------------------------------------------------


def many(make_client: Callable[..., Customer], count: int) -> list[Customer]:
    """So many clients, frozen for fraud."""
    return [suspect(make_client(f"3000{number:02d}"), f"FAB2CD{number:02d}") for number in range(count)]


def ask_for(desk: Desk, accounts: str, **changes: Any) -> HttpResponse:
    """Send the form for many."""
    form = {"accounts": accounts, "checklist": ["over", "list"], "reason": "The leak was a false alarm", **changes}
    return desk.post("queue/bulk-unfreeze/", form)


def test_many_are_unfrozen_by_two_people_and_each_client_is_told(
    make_client: Callable[..., Customer], mak_inside: Desk, chan_inside: Desk, chan: Customer
) -> None:
    """A5, N1"""
    clients = many(make_client, 3)
    assert ask_for(mak_inside, "300000, 300001\n300002").status_code == 302
    proposal = Proposal.objects.get()
    assert proposal.subject is None
    assert proposal.before["count"] == "3"
    shown = read(chan_inside, proposal)
    assert "300000 300001 300002" in shown
    assert decide(chan_inside, proposal, "approve").status_code == 302
    assert not any(is_frozen(client) for client in clients)
    assert Message.objects.filter(kind="notice.unfrozen").count() == 3
    records = AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN)
    assert {(each.actor, each.facts["proposal"]) for each in records} == {(chan, proposal.reference)}


def test_if_one_of_many_has_changed_none_is_unfrozen(
    make_client: Callable[..., Customer], mak_inside: Desk, chan_inside: Desk
) -> None:
    """A5"""
    clients = many(make_client, 3)
    ask_for(mak_inside, "300000 300001 300002")
    suspect(clients[1], "FAB2CDZZ")
    assert "no longer what they were" in text_of(decide(chan_inside, Proposal.objects.get(), "approve"))
    assert all(is_frozen(client) for client in clients)


@pytest.mark.parametrize(
    ("accounts", "told"),
    [
        ("300000 999999", "Of 2 numbers 1 are"),
        ("300000 x", "Of 2 numbers 1 are"),
        ("mak", "Of 1 numbers 0 are"),
        ("300000 300003", "Not frozen by staff or for fraud: 300003"),
        ("300000 300004", "Not frozen by staff or for fraud: 300004"),
        ("R2345678", "Of 1 numbers 0 are"),
        ("", "required"),
        ("1" * 4001, "at most 4000"),
    ],
)
def test_a_list_with_anything_else_in_it_is_refused_whole(
    accounts: str, told: str, make_client: Callable[..., Customer], mak_inside: Desk, chan: Customer
) -> None:
    many(make_client, 3)
    make_client("300003")
    Customer.objects.filter(pk=suspect(make_client("300004")).pk).update(freeze_cause=FreezeCause.CLIENT)
    assert told in text_of(ask_for(mak_inside, accounts))
    assert not Proposal.objects.exists()


def test_the_same_list_is_proposed_once_and_ticked_whole(
    make_client: Callable[..., Customer], mak_inside: Desk, chan: Customer
) -> None:
    many(make_client, 2)
    assert "Tick every line" in text_of(ask_for(mak_inside, "300000 300001", checklist=["over"]))
    ask_for(mak_inside, "300000 300001")
    assert "proposed already" in text_of(ask_for(mak_inside, "300001,300000"))
    assert Proposal.objects.count() == 1


def test_a_list_of_one_s_own_accounts_is_nobody_s_to_propose(
    make_client: Callable[..., Customer], mak: Customer, mak_inside: Desk, chan: Customer, chan_inside: Desk
) -> None:
    """A1"""
    many(make_client, 2)
    set_own_clients(mak, ["300001"])
    assert "account of your own" in text_of(ask_for(mak_inside, "300000 300001"))
    set_own_clients(mak, [])
    ask_for(mak_inside, "300000 300001")
    set_own_clients(chan, ["300001"])
    assert "account of your own" in text_of(decide(chan_inside, Proposal.objects.get(), "approve"))


def test_a_returned_list_is_sent_again_as_it_is(
    make_client: Callable[..., Customer], mak_inside: Desk, chan_inside: Desk
) -> None:
    clients = many(make_client, 2)
    ask_for(mak_inside, "300000 300001")
    proposal = Proposal.objects.get()
    decide(chan_inside, proposal, "return", reason="Say which leak it was")
    form = {"checklist": ["over", "list"], "reason": "The leak of Monday", "revision": 1}
    page = mak_inside.get(f"queue/{proposal.pk}/mend/").content.decode()
    assert 'name="accounts"' not in page
    assert mak_inside.post(f"queue/{proposal.pk}/mend/", form).status_code == 302
    proposal.refresh_from_db()
    decide(chan_inside, proposal, "approve")
    assert not any(is_frozen(client) for client in clients)


# --- Withdrawing a method ----------------------------------------------------------------------------------


def test_a_phone_that_is_gone_gives_way_to_text_messages_and_every_channel_is_told(
    clock: Clock, amy: Customer, mak: Customer, chan: Customer, handset: Handset
) -> None:
    """T10, A5, N1, K3"""
    give_phone(amy)
    visitor = Visitor("en")
    mak_desk, chan_desk = Desk(), Desk("198.51.100.21")
    mak_desk.log_in("mak")
    chan_desk.log_in("chan")
    assert ask(mak_desk, amy, "withdraw-method", reason="The phone was sold").status_code == 302
    proposal = Proposal.objects.get()
    shown = read(chan_desk, proposal)
    assert "+852 9••• ••67" in shown
    assert amy.mobile not in shown
    assert decide(chan_desk, proposal, "approve").status_code == 302
    amy.refresh_from_db()
    assert (amy.method, amy.method_chosen_at) == ("sms", None)
    approved = Proposal.objects.get()
    assert amy.last_security_change_at == amy.method_held_from == approved.decided_at
    assert not amy.soft_tokens.exclude(state="removed").exists()
    told = Message.objects.filter(customer=amy, kind="notice.method_withdrawn")
    assert sorted(each.channel for each in told) == ["email", "sms"]
    record = AuditRecord.objects.get(event=Event.METHOD_WITHDRAWN)
    assert (record.actor, record.facts["maker"], record.facts["to"]) == (chan, "mak", "sms")
    assert "已停用原有認證方式" in handset.texts(amy.mobile)[-1]
    assert visitor.log_in(handset, amy).headers["Location"] == "/en/home/"
    assert "24 hours" in text_of(visitor.get("service/2fa/")) or amy.method_held_from is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mobile": ""}, "No mobile number on file gets text messages"),
        ({"mobile": "+442071838750"}, "No mobile number on file gets text messages"),
        ({"method_held_from": MORNING}, "within the last 24 hours"),
        ({"state": AccountState.CLOSED}, "The account is closed"),
    ],
)
def test_a_method_stays_where_nothing_safe_would_take_its_place(
    change: dict[str, Any], told: str, clock: Clock, amy: Customer, mak: Customer, chan: Customer
) -> None:
    """T10, T11, K3"""
    give_phone(amy)
    Customer.objects.filter(pk=amy.pk).update(**change)
    desk = Desk()
    desk.log_in("mak")
    assert told in text_of(ask(desk, amy, "withdraw-method"))
    assert not Proposal.objects.exists()
    amy.refresh_from_db()
    assert amy.method == "soft_token"


def test_a_phone_that_was_reported_lost_waits_for_the_letter(amy: Customer, mak_inside: Desk, chan: Customer) -> None:
    """T12, T8"""
    assert "nothing to withdraw" in text_of(ask(mak_inside, amy, "withdraw-method"))
    give_phone(amy)
    amy.soft_tokens.update(state="suspended", ended_at=timezone.now())
    assert "rebinding letter" in text_of(ask(mak_inside, amy, "withdraw-method"))
    assert not Proposal.objects.exists()


def test_what_the_client_changed_meanwhile_stops_a_withdrawal(
    amy: Customer, mak: Customer, chan: Customer, chan_inside: Desk
) -> None:
    """A5: codes would go to a number that the checker has not seen"""
    give_phone(amy)
    proposal = propose(amy, mak, "withdraw_method")
    Customer.objects.filter(pk=amy.pk).update(mobile="+85261234567")
    assert "no longer what they were" in text_of(decide(chan_inside, proposal, "approve"))
    amy.refresh_from_db()
    assert amy.method == "soft_token"


def test_contacts_in_facts_are_nowhere_in_clear(amy: Customer, mak: Customer, chan: Customer) -> None:
    """A5, T3"""
    give_phone(amy)
    proposal = propose(amy, mak, "withdraw_method")
    assert proposal.before["mobile"] == amy.mobile
    row = Proposal.objects.filter(pk=proposal.pk).values_list()[0]
    assert amy.mobile not in "".join(str(bytes(each) if isinstance(each, memoryview) else each) for each in row)
    approve(proposal, chan)
    assert not any(amy.mobile in str(each.facts) for each in AuditRecord.objects.all())
    assert timezone.now() - proposal.made_at < timedelta(minutes=1)


def test_whoever_approves_many_can_still_unfreeze_one_alone(
    make_client: Callable[..., Customer], amy: Customer, mak_inside: Desk, chan_inside: Desk, chan: Customer
) -> None:
    """A2, A5: a decision on sixty accounts is one decision, in the day's limit and in the report"""
    clients = [suspect(make_client(f"3000{number:02d}"), f"FAB2CD{number:02d}") for number in range(60)]
    ask_for(mak_inside, " ".join(client.login for client in clients))
    assert decide(chan_inside, Proposal.objects.get(), "approve").status_code == 302
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_UNFROZEN, actor=chan).count() == 60

    Customer.objects.filter(pk=suspect(amy).pk).update(freeze_cause=FreezeCause.WRONG_CODES)
    assert ask(chan_inside, amy, "unfreeze").status_code == 302
    assert not is_frozen(amy)

    tomorrow = timezone.now() + timedelta(days=1)
    report = surveillance.make(timezone.localdate(), now=tomorrow)
    assert report is not None
    (day,) = report.staff_days.filter(staff=chan)
    assert day.unfreezes == 1
    assert not report.findings.filter(kind=FindingKind.UNFREEZES_OF_STAFF).exists()
