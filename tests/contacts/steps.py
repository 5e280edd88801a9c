"""Steps of a change of contact details, as a client takes them over HTTP."""

import re

from django.core import mail
from django.http import HttpResponse

from accounts.models import Customer
from tests.actors import Handset, Visitor, run_relay
from tests.twofactor.switches import prove_by_sms

START = "/en/service/contact/"
NEW_MOBILE, NEW_EMAIL, NEW_ADDRESS = "+85298765432", "amy.new@example.org", "2/F, 9 Nathan Road\nKowloon"
NEW = {"mobile": NEW_MOBILE, "email": NEW_EMAIL, "postal_address": NEW_ADDRESS}


def place(response: HttpResponse) -> str:
    """Where an answer leads, below the language and the menu."""
    return response.headers["Location"].removeprefix("/en/service/")


def ask(visitor: Visitor, contact: str, new: str = "") -> HttpResponse:
    """Say what a contact shall be."""
    return visitor.post(f"service/contact/edit/{contact}/", {contact: new or NEW[contact]})


def code_by_email(to: str) -> str:
    """The code in the newest e-mail to an address."""
    run_relay()
    bodies = [str(message.body) for message in mail.outbox if to in message.to]
    found = re.match(r"(\d{6})\b", bodies[-1])
    assert found, bodies[-1]
    return found[1]


def code_to(contact: str, handset: Handset, new: str = "") -> str:
    """The code that was sent to the new contact."""
    to = new or NEW[contact]
    return handset.code(to) if contact == "mobile" else code_by_email(to)


def to_code(visitor: Visitor, handset: Handset, customer: Customer, contact: str, new: str = "") -> None:
    """Up to the page that asks for the code sent to the new contact, or to the review of an address."""
    assert place(ask(visitor, contact, new)) == "prove/"
    onward = "contact/review/" if contact == "postal_address" else "contact/confirm/"
    assert place(prove_by_sms(visitor, handset, customer)) == onward


def confirm(visitor: Visitor, code: str) -> HttpResponse:
    """Type the code that came to the new contact."""
    return visitor.post("service/contact/confirm/", {"code": code})


def to_review(visitor: Visitor, handset: Handset, customer: Customer, contact: str, new: str = "") -> None:
    """Up to the last look."""
    to_code(visitor, handset, customer, contact, new)
    if contact != "postal_address":
        assert place(confirm(visitor, code_to(contact, handset, new))) == "contact/review/"


def save(visitor: Visitor) -> HttpResponse:
    """Press the last button."""
    return visitor.post("service/contact/review/")


def change(visitor: Visitor, handset: Handset, customer: Customer, contact: str, new: str = "") -> None:
    """The whole way."""
    to_review(visitor, handset, customer, contact, new)
    assert place(save(visitor)) == "contact/done/"
