"""A colleague is disabled before an action, or in the middle of it: nothing of it happens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts.models import ContactChange, Customer, Emergency, FreezeCause, FreezeRun, FreezeRunItem
from accounts.services import freeze_runs
from portal.approvals.models import Evidence, Proposal
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters.models import Letter, PrintRun
from portal.messaging.models import Message
from tests.approvals.steps import picture, propose, suspect
from tests.desk.steps import Desk, frozen
from tests.letters.steps import make_letter, settled
from tests.twofactor.phone import give_phone
from twofactor.models import StaffEnrolment

pytestmark = pytest.mark.django_db

CLIENT = "accounts/customer/{client}/"
WHY = {"reason": "The caller asked for it"}
ASKED = {"questions": ["full name", "recent trade"], "passed": "on", **WHY}
VERDICT = {"revision": 1, **WHY}


@dataclass(frozen=True)
class Act:
    """A form that is right: who sends it, where, and of which client it is."""

    role: str
    path: str
    form: dict[str, Any] = field(default_factory=dict)
    client: str = "active"
    file: bytes = b""
    name: str = "file"


ACTS = {
    "unfreeze": Act("clerk", CLIENT + "unfreeze/", ASKED, "locked out"),
    "freeze": Act("clerk", CLIENT + "freeze/", {"cause": "staff", "checklist": ["account", "told"], **WHY}),
    "end sessions": Act("clerk", CLIENT + "end-sessions/", {"checklist": ["account", "told"], **WHY}),
    "show contacts": Act("clerk", CLIENT + "contacts/", {"contacts": ["mobile"], **WHY}),
    "test notice": Act("clerk", CLIENT + "test-notice/", {"checklist": ["contacts", "told"], **WHY}),
    "propose to unfreeze": Act("clerk", CLIENT + "propose-unfreeze/", ASKED, "suspect"),
    "propose to withdraw": Act("clerk", CLIENT + "withdraw-method/", ASKED, "with a phone"),
    "record a form": Act(
        "clerk",
        CLIENT + "amend-contacts/",
        {"mobile": "98765432", "channel": "post", "checklist": ["signature", "document", "call_back"], **WHY},
        file=picture(),
        name="scan",
    ),
    "take back": Act("clerk", CLIENT + "restore-contact/", {"change": "{change}", **ASKED}, "changed"),
    "propose for many": Act(
        "clerk", "queue/bulk-unfreeze/", {"accounts": "{suspect}", "checklist": ["over", "list"], **WHY}
    ),
    "propose for a list": Act("clerk", "queue/list-unfreeze/{list}/", {"checklist": ["over", "list"], **WHY}),
    "withdraw": Act("clerk", "queue/{mine}/", {"verdict": "withdraw"}),
    "add evidence": Act("clerk", "queue/{mine}/evidence/", file=picture()),
    "mend": Act("clerk", "queue/{returned}/mend/", {**ASKED, "revision": 1}),
    "approve": Act("supervisor", "queue/{theirs}/", {"verdict": "approve", **VERDICT}),
    "return": Act("supervisor", "queue/{theirs}/", {"verdict": "return", **VERDICT}),
    "reject": Act("supervisor", "queue/{theirs}/", {"verdict": "reject", **VERDICT}),
    "new colleague": Act("supervisor", "colleagues/new/", {"login": "lam", "name": "Lam", "role": "clerk", **WHY}),
    "reset a password": Act("supervisor", "colleagues/{colleague}/", {"deed": "password", **WHY}),
    "issue a code": Act("supervisor", "colleagues/{colleague}/", {"deed": "enrolment", **WHY}),
    "disable": Act("supervisor", "colleagues/{colleague}/", {"deed": "leave", **WHY}),
    "own accounts": Act(
        "supervisor",
        "colleagues/{colleague}/",
        {"deed": "accounts", "own-accounts": "{suspect}", "own-reason": "Told so"},
    ),
    "lift a hold": Act("officer", CLIENT + "lift-hold/", {"checklist": ["identity", "cause"], **WHY}, "changed"),
    "propose a letter": Act("clerk", CLIENT + "password-letter/", ASKED, "reachable"),
    "void a password": Act("clerk", CLIENT + "reset-password/", ASKED),
    "print": Act("supervisor", "letters/print/", {}),
    "judge a run": Act("supervisor", "letters/runs/{run}/", {"verdict": "good"}),
    "post": Act("supervisor", "letters/post/", {"letter": "{printed}"}),
    "take a letter back": Act("supervisor", "letters/{printed}/", WHY),
    "freeze for fraud": Act("officer", CLIENT + "freeze/", {"cause": "fraud", "checklist": ["account", "told"], **WHY}),
    "freeze everybody": Act("officer", "emergency/", {"typed": "FREEZE ALL", **WHY}),
    "read a list": Act("officer", "freeze-lists/", {"cause": "fraud"}, file=b"100001\n"),
    "confirm a list": Act("officer", "freeze-lists/{checked}/", {"typed": "{word}", **WHY}),
}

#: Looks, which are written down and change nothing.
_LOOKS = {Event.STAFF_VIEWED_CLIENT, Event.PROPOSAL_READ, Event.STAFF_LOGGED_IN}


@pytest.fixture
def world(
    amy: Customer, make_client: Callable[..., Customer], make_staff: Callable[..., Customer],
    settings: SettingsWrapper, tmp_path: Path,
) -> dict[str, str]:  # fmt: skip
    """Clients in every state, and what colleagues have begun; what stands in the places of a path or a form."""
    settings.EVIDENCE_DIRECTORY = str(tmp_path)
    for role in ("clerk", "supervisor", "officer"):
        make_staff(f"the.{role}", role)
    kwok, yau = make_staff("kwok", "supervisor"), make_staff("yau", "clerk")
    clerk = Customer.objects.get(login="the.clerk")
    now = timezone.now()
    locked, suspected, phone, changed, listed, mine, theirs, back = (
        make_client(f"40000{number}", mobile=f"+8526123456{number}") for number in range(8)
    )
    frozen(locked, FreezeCause.WRONG_CODES, freeze_reference="FAB2CD41")
    for number, client in enumerate((suspected, mine, theirs, back)):
        suspect(client, f"FAB2CD5{number + 2}")
    give_phone(phone)
    change = ContactChange(customer=changed, epoch=0, contact="email", state="done", reference="CAB2CD3E")
    change.proven_at = change.confirmed_at = change.ended_at = now
    change.seal(old="before@example.com", new=changed.email)
    change.save()
    Customer.objects.filter(pk=changed.pk).update(method_held_from=now, contact_held_from=now)
    done, checked = (
        freeze_runs.check(BytesIO(each.login.encode()), cause=FreezeCause.STAFF, staff=None, now=now)
        for each in (listed, amy)
    )
    freeze_runs.confirm(done, staff=None, reason="leak", now=now)
    while freeze_runs.work_off():
        pass
    own, other, returned = propose(mine, clerk), propose(theirs, yau), propose(back, clerk)
    Proposal.objects.filter(pk=returned.pk).update(
        state="returned", checker=kwok, decided_at=now, decision_reason="Say more"
    )
    _waiting, at_printer, good = (
        make_letter(settled(client), checker=kwok, maker=clerk) for client in (locked, suspected, phone)
    )
    runs = [
        PrintRun.objects.create(reference=f"LAB2CD3{each}", printer=kwok, letters_count=1, **ended)
        for each, ended in (("E", {}), ("F", {"state": "good", "ended_at": now}))
    ]
    for letter, run in zip((at_printer, good), runs, strict=True):
        Letter.objects.filter(pk=letter.pk).update(
            state="printed", run=run, printer=kwok, code_digest="x", printed_at=now, lapses_at=now + timedelta(days=30)
        )
    settled(changed)
    return {
        "{run}": str(runs[0].pk),
        "{printed}": str(good.pk),
        "reachable": str(settled(listed).pk),
        "active": str(amy.pk),
        "locked out": str(locked.pk),
        "suspect": str(suspected.pk),
        "with a phone": str(phone.pk),
        "changed": str(changed.pk),
        "{change}": str(change.pk),
        "{suspect}": suspected.login,
        "{list}": str(done.pk),
        "{checked}": str(checked.pk),
        "{word}": checked.reference,
        "{mine}": str(own.pk),
        "{theirs}": str(other.pk),
        "{returned}": str(returned.pk),
        "{colleague}": str(yau.pk),
    }


def everything() -> list[object]:
    """Whatever an action could leave behind; not what the act of disabling itself changes."""
    ours = Customer.objects.exclude(login__startswith="the.").order_by("pk")
    tables = (ours, *(model._base_manager.order_by("pk") for model in (
        Proposal, Evidence, FreezeRun, FreezeRunItem, Emergency, StaffEnrolment, ContactChange, Letter, PrintRun
    )))  # fmt: skip
    return [
        *(list(rows.values()) for rows in tables),
        Message.objects.count(),
        list(AuditRecord.objects.exclude(event__in=_LOOKS).values_list("pk", flat=True)),
    ]


def send(desk: Desk, act: Act, world: dict[str, str]) -> int:
    """Send the form; the status of the answer."""
    path = act.path.replace("{client}", world[act.client])
    form = {**act.form}
    for place, value in world.items():
        path = path.replace(place, value) if place.startswith("{") else path
        form = {name: value if each == place else each for name, each in form.items()}
    if act.file:
        form[act.name] = SimpleUploadedFile("file.png", act.file)
    return desk.post(path, form).status_code


def disable(staff: Customer) -> None:
    """What a colleague does elsewhere at this moment."""
    Customer.objects.filter(pk=staff.pk).update(is_active=False)
    staff.groups.clear()


def enable(staff: Customer, role: str) -> None:
    Customer.objects.filter(pk=staff.pk).update(is_active=True)
    staff.groups.add(Group.objects.get(name=role))


@pytest.mark.parametrize("name", list(ACTS))
def test_whoever_is_disabled_meanwhile_does_nothing(
    name: str, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1: before the request, after the page let them in, and, to see that the form is right, not at all"""
    act = ACTS[name]
    staff = Customer.objects.get(login=f"the.{act.role}")
    desk = Desk("198.51.100.61")
    desk.log_in(staff.login)
    before = everything()

    disable(staff)
    assert send(desk, act, world) in (302, 403)
    assert everything() == before

    enable(staff, act.role)
    let_in = Customer.has_perm
    disabled: list[Customer] = []

    def let_in_and_disable(person: Customer, *arguments: Any) -> bool:
        """The page lets somebody in who was just about to be disabled."""
        answer = let_in(person, *arguments)
        if person.login == staff.login and not disabled:
            disabled.append(person)
            disable(staff)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Customer, "has_perm", let_in_and_disable)
        assert send(desk, act, world) in (200, 302, 403)
    assert disabled
    assert everything() == before

    enable(staff, act.role)
    assert send(desk, act, world) in (200, 302)
    assert everything() != before
