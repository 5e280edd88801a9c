"""Letters as the printer leaves them, and the steps of a client who has one, over HTTP."""

import re
from datetime import datetime
from html import unescape

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer
from portal.letters import codes, letters, policy
from portal.letters.models import Kind, Letter, PrintRun, RunState, State
from portal.lib.references import new_reference
from tests.actors import PASSWORD, Visitor
from tests.twofactor.phone import Phone, give_phone, suspend
from tests.twofactor.switches import app_code, key_on

CODE, OTHER_CODE, NO_CODE = "K7QM4TXB92HD", "ZZZZ0000YYYY", "AAAABBBBCCCC"
START, PHONE, LAST = "login/rebind/", "login/rebind/phone/", "login/rebind/code/"


def staff(name: str) -> Customer:
    """A colleague, who is there as soon as asked for."""
    found = Customer.objects.filter(login=name).first()
    return found or Customer.objects.create_staff(name, name=name.title())


def made(customer: Customer, *, at: datetime | None = None) -> Letter:
    """A letter that a second person has approved."""
    maker, checker, now = staff("maker"), staff("checker"), at or timezone.now()
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        return letters.make(
            Kind.REBINDING, customer=locked, maker=maker, checker=checker, proposal=new_reference("P"), now=now
        )


def printed(customer: Customer, code: str = CODE, *, at: datetime | None = None) -> Letter:
    """A letter that came out of the printer with this code."""
    now, letter = at or timezone.now(), made(customer, at=at)
    letter.run = PrintRun.objects.create(
        reference=new_reference("D"),
        printer=staff("printer"),
        letters_count=1,
        state=RunState.GOOD,
        started_at=now,
        ended_at=now,
    )
    letter.printer, letter.printed_at, letter.state = letter.run.printer, now, State.PRINTED
    letter.code_digest = codes.digest(str(letter.pk), customer.pk, Kind.REBINDING, code)
    letter.save()
    return letter


def posted(customer: Customer, code: str = CODE, *, at: datetime | None = None) -> Letter:
    """A letter on its way, with this code in it."""
    now, letter = at or timezone.now(), printed(customer, code, at=at)
    letter.state, letter.posted_at, letter.lapses_at = State.POSTED, now, now + policy.LIFETIME
    letter.save()
    return letter


def lose_phone(customer: Customer) -> Phone:
    """A phone that was bound, and then reported lost."""
    phone = give_phone(customer, name="Lost phone")
    suspend(customer)
    return phone


def at_the_letter(customer: Customer, language: str = "en", address: str = "203.0.113.7") -> Visitor:
    """A browser in which the password was right."""
    visitor = Visitor(language, address)
    visitor.password_step(customer.login, PASSWORD)
    return visitor


def type_letter(visitor: Visitor, code: str = CODE) -> HttpResponse:
    """Send the code of the letter."""
    return visitor.post(START, {"letter": code})


def earlier_key(visitor: Visitor) -> str:
    """What the form for a key carries: the key that it comes after."""
    found = re.search(r'name="after" value="([^"]*)"', visitor.get(PHONE).content.decode())
    return unescape(found[1]) if found else ""


def show_key(visitor: Visitor, name: str = "New phone") -> HttpResponse:
    """Name the phone and have the key shown."""
    return visitor.post(PHONE, {"name": name, "after": earlier_key(visitor)})


def to_key(visitor: Visitor, code: str = CODE) -> bytes:
    """From the letter to the key on the page."""
    assert type_letter(visitor, code).headers["Location"].endswith("/login/rebind/phone/")
    return key_on(show_key(visitor))


def type_app(visitor: Visitor, code: str) -> HttpResponse:
    """Send the first code of the app."""
    return visitor.post(LAST, {"code": code})


def rebind(visitor: Visitor, code: str = CODE) -> bytes:
    """The whole way with a letter; the key of the new phone."""
    seed = to_key(visitor, code)
    answer = type_app(visitor, app_code(seed))
    assert answer.headers["Location"].endswith("/home/"), answer.headers["Location"]
    return seed


def letter_state(letter: Letter) -> tuple[State, int]:
    """Where the letter stands, and how many tries it cost."""
    letter.refresh_from_db()
    return State(letter.state), letter.tries
