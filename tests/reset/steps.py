"""Steps of a forgotten password, as a client takes them over HTTP."""

import re
from datetime import datetime
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, PasswordReset
from portal.letters import codes, letters, policy
from portal.letters.models import Kind, Letter, PrintRun, RunState, State
from tests.actors import Handset, Visitor, emails, solve
from tests.twofactor.switches import sms_code
from twofactor.services.reset import answer_asked

START = "login/reset/"
NEW = "Quiet-Lantern-77"


def begin(visitor: Visitor, number: str = "100001", way: str = "email") -> HttpResponse:
    """Name the account number, with a solved verification."""
    page = visitor.get(START).content.decode()
    return visitor.post(START, {"number": number, "way": way, "altcha": solve(page)})


def worker() -> int:
    """What a worker does every few seconds; how many codes it sent."""
    return answer_asked()


def place(response: HttpResponse) -> str:
    """Where an answer leads, below the language and the journey."""
    return response.headers["Location"].split("/login/reset/", 1)[-1]


def type_email_code(visitor: Visitor, code: str) -> HttpResponse:
    """Type a code on the page that asks for the one out of the e-mail."""
    return visitor.post(f"{START}email/", {"code": code})


def type_letter_code(visitor: Visitor, code: str) -> HttpResponse:
    """Type a code on the page that asks for the one out of the letter."""
    return visitor.post(f"{START}letter/", {"letter": code})


def type_code(visitor: Visitor, code: str) -> HttpResponse:
    """Type a code of the method in use."""
    return visitor.post(f"{START}code/", {"code": code})


def choose(visitor: Visitor, password: str = NEW, repeat: str = "") -> HttpResponse:
    """Send a new password, twice the same unless said otherwise."""
    return visitor.post(f"{START}password/", {"new_password": password, "repeat_password": repeat or password})


def code_by_email(to: str) -> str:
    """The code in the newest e-mail to an address that holds one."""
    return [str(mail.body)[:6] for mail in emails(to) if re.match(r"\d{6}\b", str(mail.body))][-1]


def to_email(visitor: Visitor, customer: Customer) -> str:
    """Up to the page that asks for the code out of the e-mail; the code."""
    assert place(begin(visitor, customer.login)) == "email/"
    assert worker() == 1
    return code_by_email(customer.email)


def to_code(visitor: Visitor, customer: Customer) -> None:
    """Up to the page that asks for the method in use, by the code out of the e-mail."""
    assert place(type_email_code(visitor, to_email(visitor, customer))) == "code/"


def to_password(visitor: Visitor, handset: Handset, customer: Customer) -> None:
    """Up to the page that asks for the new password."""
    to_code(visitor, customer)
    assert place(type_code(visitor, sms_code(handset, customer))) == "password/"


def replace(visitor: Visitor, handset: Handset, customer: Customer, password: str = NEW) -> None:
    """The whole way."""
    to_password(visitor, handset, customer)
    assert place(choose(visitor, password)) == "done/"


def reset_of(customer: Customer) -> PasswordReset:
    """The newest journey of this account."""
    return PasswordReset.objects.filter(sign_in__customer=customer).latest("created_at")


def staff(login: str) -> Customer:
    """Somebody who has to do with letters."""
    unused = make_password(None)
    return Customer.objects.get_or_create(login=login, defaults={"is_staff": True, "password": unused})[0]


def letter(customer: Customer, kind: Kind = Kind.PASSWORD, *, at: datetime | None = None) -> tuple[Letter, str]:
    """A letter that was asked for, approved and printed, and the code that stands in it."""
    now, code = at or timezone.now(), codes.new_code()
    made = letters.make(
        kind, customer=customer, maker=staff("maker"), checker=staff("checker"), proposal="PABCDEFG", now=now
    )
    run = PrintRun.objects.create(
        reference=f"R{uuid4().hex[:7]}", printer=staff("printer"), letters_count=1, state=RunState.GOOD, ended_at=now
    )
    made.run, made.printer, made.printed_at, made.state = run, run.printer, now, State.PRINTED
    made.code_digest = codes.digest(str(made.pk), customer.pk, made.kind, code)
    made.save()
    return made, code


def posted(customer: Customer, kind: Kind = Kind.PASSWORD, *, at: datetime | None = None) -> tuple[Letter, str]:
    """A letter that is on its way or has arrived, and its code."""
    made, code = letter(customer, kind, at=at)
    now = at or timezone.now()
    made.state, made.posted_at, made.lapses_at = State.POSTED, now, now + policy.LIFETIME
    made.save()
    return made, code
