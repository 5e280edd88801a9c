"""Freezing a list of accounts: read and counted, confirmed, frozen one by one."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, FreezeCause, FreezeRun, FreezeRunItem, ItemState, RunState
from accounts.services import freeze_runs
from accounts.services.importing import FileRefused
from accounts.services.staff import NotAllowedError, set_own_clients
from accounts.tasks import freeze_on
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import emails, text_of
from tests.desk.steps import Desk, frozen
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
People = list[Customer]


@pytest.fixture
def people(make_client: Callable[..., Customer]) -> People:
    """Ten clients."""
    return [make_client(f"40000{number}") for number in range(10)]


def listed(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def check(content: bytes, *, cause: FreezeCause = FreezeCause.FRAUD) -> FreezeRun:
    """The operator has a list read."""
    return freeze_runs.check(io.BytesIO(content), cause=cause, staff=None, now=timezone.now())


def counts(run: FreezeRun) -> dict[str, int]:
    names = ("rows", "open", "already", "closed", "unknown", "repeated", "refused")
    return {name: getattr(run, name) for name in names if getattr(run, name)}


def confirm(run: FreezeRun) -> FreezeRun:
    return freeze_runs.confirm(run, staff=None, reason="Numbers found on a forum", now=timezone.now())


def frozen_now() -> set[str]:
    return set(Customer.objects.filter(state="frozen").values_list("login", flat=True))


# --- Reading -------------------------------------------------------------------------------------------


def test_a_list_is_counted_and_nothing_is_frozen(people: People, make_client: Callable[..., Customer]) -> None:
    """L9: the dry run"""
    frozen(people[1], FreezeCause.STAFF)
    make_client("500000", state="closed")
    content = listed(
        "number", "400000", " 400 001 ", "４００００２", "400002", "999999", "500000", "", "12345", "400003,x"
    )
    run = check(content)
    assert counts(run) == {
        "rows": 8, "open": 2, "already": 1, "closed": 1, "unknown": 1, "repeated": 1, "refused": 2,
    }  # fmt: skip
    assert [(each["line"], each["what"]) for each in run.problems] == [(6, "unknown"), (9, "refused"), (10, "refused")]
    assert frozen_now() == {"400001"}
    assert not Message.objects.exists()
    freeze_on()
    assert frozen_now() == {"400001"}, "unless it is confirmed"


def test_what_stands_in_a_refused_line_is_kept_nowhere(people: People) -> None:
    run = check(listed("400000", "=HYPERLINK(1)", "<script>alert(1)</script>", "Chan Tai Man"))
    stored = str(FreezeRun.objects.values().get()) + str(list(AuditRecord.objects.values()))
    for text in ("HYPERLINK", "script", "Chan"):
        assert text not in stored
    assert counts(run) == {"rows": 4, "open": 1, "refused": 3}


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"number\n", b'"400000\n' * 60, b"\xff\xfe4\x000\x00", b"4" * 10_000, b"number\n" + b"\x80\x81\n"],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(content: bytes, people: People) -> None:
    with pytest.raises(FileRefused):
        check(content)
    assert not FreezeRun.objects.exists()


def test_nul_and_endless_numbers_are_refused_lines(people: People) -> None:
    run = check(b"400000\n4000\x0001\n" + b"9" * 5000 + b"\n")
    assert counts(run) == {"rows": 3, "open": 1, "refused": 2}


def test_a_list_has_a_longest_length(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "FREEZE_RUN_ROWS", 3)
    assert check(listed("400000", "400001", "400002")).rows == 3
    with pytest.raises(FileRefused):
        check(listed("400000", "400001", "400002", "400003"))
    assert FreezeRun.objects.count() == 1


def test_of_many_bad_lines_the_first_are_kept_and_all_counted(people: People) -> None:
    run = check(listed("400000", *["x"] * 500))
    assert (run.refused, len(run.problems)) == (500, policy.FREEZE_RUN_PROBLEMS)


def test_staff_are_no_clients(make_staff: Callable[..., Customer], people: People) -> None:
    make_staff("mak", "clerk")
    assert counts(check(listed("400000", "mak"))) == {"rows": 2, "open": 1, "refused": 1}


# --- Freezing ------------------------------------------------------------------------------------------


def test_a_confirmed_list_is_frozen_and_each_client_is_told(people: People) -> None:
    """L9, N1"""
    run = confirm(check(listed(*[client.login for client in people[:4]])))
    freeze_on()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert frozen_now() == {client.login for client in people[:4]}
    for item in run.items.select_related("customer"):
        assert (item.state, item.reference) == (ItemState.FROZEN, item.customer.freeze_reference)
        assert item.customer.freeze_cause == FreezeCause.FRAUD
        assert item.customer.security_epoch == 1
    assert Message.objects.filter(kind="notice.frozen_by_us").count() == 4


def test_it_is_recorded_once_with_its_reference_and_once_for_each_account(people: People) -> None:
    """L9, A6"""
    run = confirm(check(listed("400000", "400001", "999999")))
    freeze_on()
    accounts = AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN)
    assert [record.facts["run"] for record in accounts] == [run.reference] * 2
    (confirmed,) = AuditRecord.objects.filter(event=Event.FREEZE_RUN_CONFIRMED)
    assert confirmed.facts == {
        "reference": run.reference, "cause": "fraud", "reason": "Numbers found on a forum", "accounts": 2,
    }  # fmt: skip
    (finished,) = AuditRecord.objects.filter(event=Event.FREEZE_RUN_FINISHED)
    assert finished.facts == {"reference": run.reference, "pending": 0, "frozen": 2, "already": 0, "closed": 0}
    (mail,) = emails("security@example.com.hk")
    assert run.reference in mail.subject
    assert "frozen: 2" in mail.body
    assert "400000" not in mail.body


def test_a_run_goes_on_where_it_stopped(people: People) -> None:
    """O4"""
    run = confirm(check(listed(*[client.login for client in people])))
    assert freeze_runs.work_off(bite=4) == 4
    assert len(frozen_now()) == 4
    run.refresh_from_db()
    assert run.state == RunState.CONFIRMED
    freeze_on()
    freeze_on()
    assert len(frozen_now()) == 10
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN).count() == 10
    assert AuditRecord.objects.filter(event=Event.FREEZE_RUN_FINISHED).count() == 1


def test_while_one_worker_freezes_another_waits_until_its_time_is_over(people: People, clock: Clock) -> None:
    """O4"""
    run = confirm(check(listed("400000")))
    FreezeRun.objects.update(claimed_until=timezone.now() + policy.FREEZE_RUN_LEASE)
    freeze_on()
    assert frozen_now() == set()
    clock.shift(policy.FREEZE_RUN_LEASE)
    freeze_on()
    run.refresh_from_db()
    assert (run.state, frozen_now()) == (RunState.FINISHED, {"400000"})


def test_a_lighter_freeze_is_held_and_a_heavier_one_stays(people: People) -> None:
    """A4"""
    frozen(people[0], FreezeCause.WRONG_CODES)
    frozen(people[1], FreezeCause.FRAUD, freeze_reference="FAB2CD4E")
    run = confirm(check(listed("400000", "400001"), cause=FreezeCause.STAFF))
    freeze_on()
    causes = Customer.objects.order_by("login").values_list("freeze_cause", flat=True)[:2]
    assert list(causes) == [FreezeCause.STAFF, FreezeCause.FRAUD]
    assert set(run.items.values_list("state", flat=True)) == {ItemState.ALREADY}
    assert AuditRecord.objects.get(event=Event.FREEZE_RAISED).facts["run"] == run.reference


def test_what_changed_since_the_count_is_seen_when_it_is_frozen(people: People) -> None:
    run = check(listed("400000", "400001", "400002"))
    Customer.objects.filter(login="400000").update(state="closed")
    frozen(people[1], FreezeCause.FRAUD)
    confirm(run)
    freeze_on()
    states = dict(run.items.values_list("customer__login", "state"))
    assert states == {"400000": "closed", "400001": "already", "400002": "frozen"}
    assert Customer.objects.get(login="400000").state == "closed"


def test_a_list_is_confirmed_once_with_a_reason_and_within_a_day(people: People, clock: Clock) -> None:
    run = check(listed("400000"))
    with pytest.raises(NotAllowedError):
        freeze_runs.confirm(run, staff=None, reason="   ", now=timezone.now())
    confirm(run)
    with pytest.raises(NotAllowedError):
        confirm(run)
    old = check(listed("400001"))
    clock.shift(timedelta(hours=24, seconds=1))
    with pytest.raises(NotAllowedError):
        confirm(old)
    freeze_on()
    assert frozen_now() == {"400000"}
    assert list(FreezeRun.objects.all()) == [run], "a list that nobody confirmed is forgotten"


def test_the_database_confirms_nothing_without_a_reason(people: People) -> None:
    run = check(listed("400000"))
    with pytest.raises(IntegrityError), transaction.atomic():
        FreezeRun.objects.filter(pk=run.pk).update(state=RunState.CONFIRMED)
    with pytest.raises(IntegrityError), transaction.atomic():
        FreezeRunItem.objects.create(run=run, customer=people[0])


def test_whom_the_list_froze_is_known_until_they_are_unfrozen(people: People) -> None:
    """A5: what a bulk unfreeze begins with"""
    run = confirm(check(listed(*[client.login for client in people[:4]]), cause=FreezeCause.STAFF))
    freeze_on()
    Customer.objects.filter(pk=people[0].pk).update(state="active", frozen_at=None, freeze_cause="")
    Customer.objects.filter(pk=people[1].pk).update(freeze_cause=FreezeCause.FRAUD)
    Customer.objects.filter(pk=people[2].pk).update(freeze_reference="FZZZZZZZ")
    assert [item.customer.login for item in freeze_runs.still_frozen(run)] == ["400003"]


# --- The desk ------------------------------------------------------------------------------------------


def upload(desk: Desk, content: bytes, cause: str = "fraud") -> HttpResponse:
    return desk.post("freeze-lists/", {"file": SimpleUploadedFile("numbers.csv", content), "cause": cause})


def test_an_officer_has_a_list_read_confirms_it_and_watches(people: People, ng: Customer, ng_inside: Desk) -> None:
    """L9, A1"""
    answer = upload(ng_inside, listed("400000", "400001", "abc"))
    run = FreezeRun.objects.get()
    assert answer.headers["Location"] == f"/staff/freeze-lists/{run.pk}/"
    page = text_of(ng_inside.get(f"freeze-lists/{run.pk}/"))
    assert "Nothing is frozen yet." in page
    assert "To freeze 2" in page
    assert "3 not an account number of six digits" in page
    assert run.reference in text_of(ng_inside.get("freeze-lists/"))

    form = {"reason": "Numbers found on a forum", "typed": "wrong"}
    assert "Type exactly" in text_of(ng_inside.post(f"freeze-lists/{run.pk}/", form))
    freeze_on()
    assert frozen_now() == set()

    answer = ng_inside.post(f"freeze-lists/{run.pk}/", {**form, "typed": f" {run.reference.lower()} "})
    assert answer.status_code == 302
    assert "Still to come: 2." in text_of(ng_inside.get(f"freeze-lists/{run.pk}/"))
    freeze_on()
    page = text_of(ng_inside.get(f"freeze-lists/{run.pk}/"))
    assert "Frozen by this list: 2. Still to come: 0." in page
    assert {record.actor for record in AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN)} == {ng}
    again = text_of(ng_inside.post(f"freeze-lists/{run.pk}/", {**form, "typed": run.reference}))
    assert "confirmed already" in again


def test_a_large_file_is_read_and_a_larger_one_refused(people: People, ng_inside: Desk) -> None:
    assert policy.FREEZE_RUN_UPLOAD in settings.UPLOADS.values()
    wide = b"400000\n" + b"000001\n" * 99_999
    assert upload(ng_inside, wide).status_code == 302
    assert counts(FreezeRun.objects.get()) == {"rows": 100_000, "open": 1, "unknown": 1, "repeated": 99_998}
    longer = b"400000\n" * 100_001
    assert "more than 100000 lines" in text_of(upload(ng_inside, longer))
    larger = b"400000" + b" " * (2 * 1024 * 1024)
    assert "larger than 2 MB" in text_of(upload(ng_inside, larger))
    assert upload(ng_inside, b"x" * (3 * 1024 * 1024)).status_code == 413
    assert FreezeRun.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0", b"PK\x03\x04" + bytes(range(256))])
def test_a_file_of_another_kind_is_refused_with_a_word(content: bytes, people: People, ng_inside: Desk) -> None:
    answer = upload(ng_inside, content)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not FreezeRun.objects.exists()


def test_a_list_that_names_nobody_is_not_confirmed(people: People, ng_inside: Desk) -> None:
    upload(ng_inside, b"999999\n" + b"\x00" * 100)
    run = FreezeRun.objects.get()
    answer = ng_inside.post(f"freeze-lists/{run.pk}/", {"reason": "because", "typed": run.reference})
    assert "names no account to freeze" in text_of(answer)
    run.refresh_from_db()
    assert run.state == RunState.CHECKED


def test_other_addresses_take_no_large_body(ng_inside: Desk) -> None:
    for path in ("", "accounts/customer/", "freeze-lists/1/", "freeze-lists/x", "emergency/"):
        big = {"file": SimpleUploadedFile("numbers.csv", b"4" * 70_000)}
        assert ng_inside.post(path, big).status_code == 413, path


def test_a_list_leaves_the_officers_own_accounts_out(people: People, ng: Customer, ng_inside: Desk) -> None:
    """A1"""
    set_own_clients(ng, ["400001"])
    upload(ng_inside, listed("400000", "400001"))
    run = FreezeRun.objects.get()
    assert counts(run) == {"rows": 2, "open": 1, "refused": 1}
    assert "2 an account of your own" in text_of(ng_inside.get(f"freeze-lists/{run.pk}/"))


def test_a_strangers_file_is_not_looked_at(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """L2"""
    monkeypatch.setattr(freeze_runs, "check", None)
    answer = upload(Desk(), b"400000\n" * 1000)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/staff/login/")


@pytest.mark.parametrize("role", ["clerk", "supervisor"])
def test_lists_are_the_officers(role: str, people: People, make_staff: Callable[..., Customer]) -> None:
    """A1"""
    staff = make_staff("other", role)
    desk = Desk()
    desk.log_in("other")
    assert upload(desk, b"400000\n").status_code == 403
    assert desk.get("freeze-lists/").status_code == 403
    run = check(listed("400000"))
    assert desk.post(f"freeze-lists/{run.pk}/", {"reason": "because", "typed": run.reference}).status_code == 403
    with pytest.raises(NotAllowedError):
        freeze_runs.check(io.BytesIO(b"400000\n"), cause=FreezeCause.FRAUD, staff=staff, now=timezone.now())
    with pytest.raises(NotAllowedError):
        freeze_runs.confirm(run, staff=staff, reason="because", now=timezone.now())


# --- The command ---------------------------------------------------------------------------------------


def command(file: Path, **options: object) -> str:
    out = io.StringIO()
    call_command("freeze_accounts", file, stdout=out, **options)
    return out.getvalue()


def test_the_operator_freezes_a_list_after_a_dry_run(people: People, tmp_path: Path) -> None:
    """L9"""
    file = tmp_path / "numbers.csv"
    file.write_bytes(listed("number", "400000", "400001", "999999", "x"))
    told = command(file, dry_run=True)
    assert "4 lines: 2 accounts to freeze, 0 frozen already, 0 closed, 1 unknown numbers" in told
    assert "line 5: not an account number of six digits" in told
    assert "Dry run: nothing was frozen." in told
    assert frozen_now() == set()

    told = command(file, reason="Numbers found on a forum")
    assert "2 frozen, 0 were frozen already." in told
    assert frozen_now() == {"400000", "400001"}
    assert "0 accounts to freeze, 2 frozen already" in command(file, dry_run=True)
    assert "0 frozen, 2 were frozen already." in command(file, reason="Once more")
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN).count() == 2


def test_the_command_says_in_a_sentence_what_is_wrong(people: People, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    with pytest.raises(CommandError, match="cannot be read"):
        command(file, reason="because")
    file.write_bytes(b"")
    with pytest.raises(CommandError, match="empty"):
        command(file, reason="because")
    file.write_bytes(b"400000\n")
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(CommandError, match="Give a reason"):
            command(file, reason=reason)
    assert frozen_now() == set()
