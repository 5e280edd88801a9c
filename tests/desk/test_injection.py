"""Whatever a client or a file brings along stands on the desk as text: it adds no element and no attribute."""

import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import (
    ContactChange,
    Customer,
    Emergency,
    Finding,
    FindingClient,
    FindingKind,
    FreezeRun,
    SignIn,
    SurveillanceReport,
)
from portal import context
from portal.approvals.models import Proposal
from portal.approvals.proposals import add_evidence
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters.models import Letter, PrintRun
from portal.messaging.models import Attempt, Message
from tests.approvals.steps import picture, propose
from tests.desk.steps import Desk, frozen
from tests.desk.test_every_address import TABLE, filled
from tests.letters.steps import make_letter, settled
from tests.twofactor.phone import give_phone

pytestmark = pytest.mark.django_db

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></textarea><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ 7|add:7 }}{% debug %}",
    '=HYPERLINK("http://x","y")',
    "%(client)s %s {client}",
    "\u202e<b>\u2066&lt;i&gt;",
]
MEEK = "Chan Tai Man"


class Outline(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links and forms lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        targets = [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        self.found.append((tag, *sorted(name for name, _ in attrs), *targets))


def outline(answer: HttpResponse) -> list[tuple[str, ...]]:
    """What a page is built of."""
    assert answer.status_code == 200
    return Outline(answer.content.decode()).found


@pytest.fixture(autouse=True)
def banner_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The banner of an emergency is on each page from the first on, and gone with it."""
    monkeypatch.setattr(context, "_banner", context._Banner())
    monkeypatch.setattr(context, "_BANNER_SECONDS", 0)


@pytest.fixture
def officer(make_staff: Callable[..., Customer]) -> Desk:
    """An officer opens every page of these."""
    make_staff("ng", "officer")
    return logged_in("ng", "198.51.100.33")


@pytest.fixture
def supervisor(make_staff: Callable[..., Customer]) -> Desk:
    """Who opens what an officer does not."""
    make_staff("yau", "supervisor")
    return logged_in("yau", "198.51.100.34")


def logged_in(login: str, address: str) -> Desk:
    desk = Desk(address)
    desk.log_in(login)
    return desk


def write(client: Customer, text: str) -> None:
    """Put a text into every field that a client, a carrier, a stranger at the staff door or a colleague can fill."""
    Customer.objects.filter(pk=client.pk).update(name=text, postal_address=text)
    Customer.objects.filter(login="kwok").update(name=text)
    SignIn.objects.update(user_agent=text, method=text[:16], platform=text[:16])
    SignIn.objects.filter(customer__is_staff=False).update(number=text[:32])
    client.soft_tokens.update(name=text)
    client.messages.update(to_masked=text, problem=text, gateway=text[:20], gateway_reference=text, kind=text)
    Finding.objects.update(key=text)
    Attempt.objects.update(result=text, gateway=text[:20])
    Proposal.objects.update(reason=text)
    Proposal.objects.filter(state="returned").update(decision_reason=text)
    FreezeRun.objects.update(reason=text, problems=[])
    Emergency.objects.update(reason=text)
    Letter.objects.update(tracking=text, unprintable=text)
    record(Event.STAFF_REVEALED, subject=client, facts={"reason": text})


@pytest.fixture
def places(amy: Customer, no_mobile: Customer, mak: Customer, make_staff: Callable[..., Customer]) -> dict[str, str]:
    """What stands in the routes: a client of whom everything is on file, and what colleagues did about it."""
    kwok = make_staff("kwok", "supervisor")
    give_phone(amy)
    now = timezone.now()
    SignIn.objects.create(customer=amy, number=amy.login, address="203.0.113.7", verification="a")
    for who in ("ng", "yau"):  # a stranger tried the name of whoever looks
        staff = Customer.objects.filter(login=who).first()
        SignIn.objects.create(customer=staff, number=who, address="203.0.113.9", verification=who)
    sent = Message.objects.create(
        channel="sms", kind="code.login", customer=amy, to_masked="x", expires_at=now, problem="x", sent_at=now
    )
    Attempt.objects.create(message=sent, gateway="http", milliseconds=9, result="x")
    report = SurveillanceReport.objects.create(
        day=date(2035, 11, 18), claimed_until=now, made_at=now, totals={FindingKind.ACCOUNTS_OF_ADDRESS: 1}
    )
    finding = Finding.objects.create(report=report, kind=FindingKind.PLACES_OF_ACCOUNT, place=1, key="x", measure=9)
    FindingClient.objects.create(finding=finding, customer=amy, place=1)
    changed = ContactChange(customer=amy, epoch=0, contact="email", state="done", ended_at=now, reference="CAB2CD3E")
    changed.proven_at = changed.confirmed_at = now
    changed.seal(old="a@example.com", new="b@example.com")
    changed.save()
    frozen(amy, "fraud")
    made = propose(amy, mak)
    add_evidence(made.pk, BytesIO(picture()), maker=mak)
    returned = propose(frozen(no_mobile, "fraud", freeze_reference="FAB2CD4E"), kwok)
    Proposal.objects.filter(pk=returned.pk).update(
        state="returned", checker=mak, decided_at=now, decision_reason="x", maker=Customer.objects.get(login="yau")
    )
    run = FreezeRun.objects.create(
        reference="RAB2CD3E", cause="fraud", made_by=kwok, sha256="0" * 64, state="finished", confirmed_at=now,
        confirmed_by=kwok, reason="x", problems=[{"line": 1, "what": "refused"}],
    )  # fmt: skip
    Emergency.objects.create(began_at=now, began_by=kwok, reason="x")
    letter = make_letter(settled(amy))
    printing = PrintRun.objects.create(reference="LAB2CD3E", printer=kwok, letters_count=1)
    Letter.objects.filter(pk=letter.pk).update(
        state="printed", run=printing, printer=kwok, code_digest="x", printed_at=now, tracking="x"
    )
    return {
        "letters/runs/<uuid:pk>": f"letters/runs/{printing.pk}",
        "letters/<uuid:pk>": f"letters/{letter.pk}",
        "customer/<int:pk>": f"customer/{amy.pk}",
        "colleagues/<int:pk>": f"colleagues/{kwok.pk}",
        "freeze-lists/<int:pk>": f"freeze-lists/{run.pk}",
        "list-unfreeze/<int:pk>": f"list-unfreeze/{run.pk}",
        "queue/<uuid:pk>/mend/": f"queue/{returned.pk}/mend/",
        "<uuid:pk>": str(made.pk),
        "<uuid:file>": str(made.evidence.get().pk),
        "<str:day>/<int:pk>": f"2035-11-18/{finding.pk}",
        "<str:day>": "2035-11-18",
        "<path:content_type_id>/<path:object_id>": "1/1",
        "(?P<url>.*)$": "anything",
    }


Outlines = dict[str, set[tuple[str, ...]]]


def pages(officer: Desk, supervisor: Desk, places: dict[str, str]) -> Outlines:
    """Which elements every page of the desk has that one of the two may look at, by its route."""
    built = {"mend": elements(supervisor.get(filled("queue/<uuid:pk>/mend/", places)))}
    for route, (seeing, status, _sending, _sent) in TABLE.items():
        if status == 200 and "file>" not in route and not route.endswith((".csv", "login/", "jsi18n/")):
            looks = officer if "o" in seeing else supervisor
            built[route] = elements(looks.get(filled(route, places)))
    return built


def elements(answer: HttpResponse) -> set[tuple[str, ...]]:
    """The elements of a page; not the ways to older rows, which come with the looking itself."""
    return {each for each in outline(answer) if not re.search(r"[?&](before|after)=", each[-1])}


def test_what_anybody_fills_in_shows_as_text_on_every_page(
    amy: Customer, officer: Desk, supervisor: Desk, places: dict[str, str]
) -> None:
    """A2, A3: no page has an element that it has not with plain words"""
    write(amy, MEEK)
    meek = pages(officer, supervisor, places)
    assert len(meek) > 30
    for route, built in pages(officer, supervisor, places).items():
        meek[route] |= built
    for text in HOSTILE:
        write(amy, text)
        for route, built in pages(officer, supervisor, places).items():
            assert built <= meek[route], (route, text, built - meek[route])


@pytest.mark.parametrize("text", HOSTILE)
def test_hits_of_a_search_show_as_text(text: str, amy: Customer, no_mobile: Customer, officer: Desk) -> None:
    """A2"""
    Customer.objects.filter(pk=no_mobile.pk).update(mobile="+85261234567")
    found = []
    for name in (MEEK, text):
        Customer.objects.filter(pk=no_mobile.pk).update(name=name, email=f"{name[:3]}@example.com")
        found.append(outline(officer.post("accounts/customer/", {"query": "4567"})))
        assert any(entry[0] == "a" and entry[-1].endswith(f"/{no_mobile.pk}/") for entry in found[-1])
    assert found[0] == found[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_query_is_not_played_back(text: str, amy: Customer, officer: Desk) -> None:
    """A2"""
    answer = officer.post("accounts/customer/", {"query": text})
    assert text not in answer.content.decode()
    assert outline(answer) == outline(officer.post("accounts/customer/", {"query": MEEK}))


@pytest.mark.parametrize("text", HOSTILE)
def test_cells_of_a_list_show_as_text(text: str, amy: Customer, officer: Desk) -> None:
    """L9"""
    built = []
    for cell in (MEEK, text):
        content = f'number\n"{cell.replace(chr(34), chr(34) * 2)}"\n{amy.login}\n'.encode()
        officer.post("freeze-lists/", {"file": SimpleUploadedFile(f"{cell}.csv", content), "cause": "fraud"})
        run = FreezeRun.objects.latest("pk")
        assert run.refused == 1
        pages = [outline(officer.get(f"freeze-lists/{run.pk}/")), outline(officer.get("freeze-lists/"))[:20]]
        built.append(str(pages).replace(f"/{run.pk}/", "/run/"))
    assert built[0] == built[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_contacts_in_full_show_as_text(text: str, amy: Customer, officer: Desk) -> None:
    """A2"""
    built = []
    for value in (MEEK, text):
        Customer.objects.filter(pk=amy.pk).update(postal_address=value)
        asked = {"contacts": ["postal_address"], "reason": "Comparing addresses"}
        built.append(outline(officer.post(f"accounts/customer/{amy.pk}/contacts/", asked)))
    assert built[0] == built[1]
