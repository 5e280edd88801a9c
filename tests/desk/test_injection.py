"""Whatever a client or a file brings along stands on the desk as text: it adds no element and no attribute."""

from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, Finding, FindingClient, FindingKind, FreezeRun, SignIn, SurveillanceReport
from portal.audit.events import Event
from portal.audit.trail import record
from portal.messaging.models import Message
from tests.approvals.steps import propose
from tests.desk.steps import Desk, frozen
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


@pytest.fixture
def officer(make_staff: Callable[..., Customer]) -> Desk:
    """An officer opens every page of these."""
    make_staff("ng", "officer")
    desk = Desk("198.51.100.33")
    desk.log_in("ng")
    return desk


def write(client: Customer, text: str) -> None:
    """Put a text into every field that a client, a carrier or a colleague can fill."""
    Customer.objects.filter(pk=client.pk).update(name=text, postal_address=text)
    client.sign_ins.update(number=text[:32], user_agent=text, method=text[:16], platform=text[:16])
    client.soft_tokens.update(name=text)
    client.messages.update(to_masked=text, problem=text, gateway=text[:20], gateway_reference=text, kind=text)
    Finding.objects.update(key=text)
    client.proposals.update(reason=text, decision_reason="")
    record(Event.STAFF_REVEALED, subject=client, facts={"reason": text})


@pytest.fixture
def pages(amy: Customer, no_mobile: Customer, mak: Customer, chan: Customer) -> list[str]:
    """Every page that says something of a client."""
    give_phone(amy)
    SignIn.objects.create(customer=amy, number=amy.login, address="203.0.113.7", verification="a")
    Message.objects.create(
        channel="sms", kind="code.login", customer=amy, to_masked="x", expires_at=timezone.now(), problem="x"
    )
    now = timezone.now()
    report = SurveillanceReport.objects.create(
        day=date(2035, 11, 18), claimed_until=now, made_at=now, totals={FindingKind.ACCOUNTS_OF_ADDRESS: 1}
    )
    finding = Finding.objects.create(report=report, kind=FindingKind.ACCOUNTS_OF_ADDRESS, place=1, key="x", measure=9)
    FindingClient.objects.create(finding=finding, customer=amy, place=1)
    frozen(amy, "fraud")
    made = propose(amy, mak)
    actions = ("", "unfreeze/", "freeze/", "end-sessions/", "contacts/", "test-notice/", "propose-unfreeze/",
               "withdraw-method/", "timeline/", "codes/")  # fmt: skip
    of_client = [f"accounts/customer/{amy.pk}/{action}" for action in actions]
    return [*of_client, "surveillance/2035-11-18/", "queue/", f"queue/{made.pk}/"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_clients_and_carriers_fill_in_shows_as_text(
    text: str, amy: Customer, pages: list[str], officer: Desk
) -> None:
    """A2, A3"""
    write(amy, MEEK)
    meek = {path: set(outline(officer.get(path))) for path in pages}  # looking itself adds lines to the timeline
    write(amy, text)
    for path in pages:
        assert set(outline(officer.get(path))) == meek[path], path


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
