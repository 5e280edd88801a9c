"""Letters in every state of their life, and what the file of a run says."""

import re
from io import BytesIO
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import Customer
from portal.letters import letters, posting, printing
from portal.letters.models import Kind, Letter, PrintRun
from portal.letters.printing import Started
from portal.lib.references import new_reference

ADDRESS = "Flat 12B, 3/F Harbour House\n9 Nathan Road\nTsim Sha Tsui\nKowloon"
REASON = "Caller lost the phone abroad"
_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")


def staff(login: str, role: str) -> Customer:
    """A member of staff with a role, made if there is none."""
    person = Customer.objects.filter(login=login).first() or Customer.objects.create_staff(login, name=login.title())
    person.groups.add(Group.objects.get(name=role))
    return person


def settled(client: Customer, address: str = ADDRESS) -> Customer:
    """The client, with an address that has long been on file."""
    Customer.objects.filter(pk=client.pk).update(postal_address=address)
    client.refresh_from_db()
    return client


def make_letter(client: Customer, kind: Kind = Kind.REBINDING, **changes: Any) -> Letter:
    """A letter that waits to be printed, asked for by a clerk and approved by a supervisor unless said otherwise."""
    facts = {
        "maker": changes.get("maker") or staff("letter.mak", "clerk"),
        "checker": changes.get("checker") or staff("letter.chan", "supervisor"),
        "proposal": new_reference("P"),
        "now": timezone.now(),
        **changes,
    }
    return letters.make(kind, customer=client, **facts)


def printed(printer: Customer) -> Started:
    """A run of what waits."""
    started = printing.start(printer, now=timezone.now())
    assert started is not None, "nothing could be printed"
    return started


def good(run: PrintRun, who: Customer) -> None:
    """The run came out well."""
    assert printing.confirm(run, staff=who, now=timezone.now())


def posted(letter: Letter, printer: Customer) -> str:
    """Print, confirm and post everything that waits; the code of this letter."""
    started = printed(printer)
    good(started.run, printer)
    posting.post({each.pk: "" for each in started.run.letters.all()}, staff=printer, now=timezone.now())
    letter.refresh_from_db()
    return code_of(letter, started.pdf)


def pages(pdf: bytes) -> list[str]:
    """What stands on each page of a file."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def codes_in(text: str) -> list[str]:
    """The codes in a text, as they are stored in no place."""
    return [found.replace("-", "") for found in _CODE.findall(text)]


def code_of(letter: Letter, pdf: bytes) -> str:
    """The code on the page with this letter's reference."""
    (page,) = [page for page in pages(pdf) if letter.reference in page]
    (code,) = codes_in(page)
    return code
