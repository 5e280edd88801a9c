"""The pages of a change of contact details, in every state that is worth seeing."""

from collections.abc import Iterator
from datetime import timedelta

import time_machine
from django.http import HttpResponse

from accounts.models import Customer
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, wrong
from tests.contacts.steps import ask, code_by_email, confirm, save
from tests.twofactor.switches import A_MINUTE, prove_by_sms

Pages = Iterator[tuple[str, HttpResponse]]
_PAGE, _CODE, _NEW = "service/contact/", "service/contact/confirm/", "new@example.org"


def contact_pages(language: str, client: Customer, handset: Handset, clock: time_machine.Traveller) -> Pages:
    """A mobile number up to its code, and an e-mail address the whole way."""
    visitor = Visitor(language, "192.0.2.82")
    visitor.log_in(handset, client)
    clock.shift(A_MINUTE)
    yield "contacts", visitor.get(_PAGE)
    for contact in ("mobile", "email", "postal_address"):
        yield f"new {contact}", visitor.get(f"service/contact/edit/{contact}/")
        yield f"{contact} refused", ask(visitor, contact, "\u202e")
    ask(visitor, "mobile", "+85292000017")
    yield "prove for a contact", visitor.get("service/prove/")
    yield "contact change begun", visitor.get(_PAGE)
    prove_by_sms(visitor, handset, client)
    yield "code to the new number", visitor.get(_CODE)
    clock.shift(A_MINUTE)
    Message.objects.filter(customer=client).update(is_code=False)  # so many codes in one hour are above the cap
    ask(visitor, "email", _NEW)
    prove_by_sms(visitor, handset, client)
    yield "code to the new address", visitor.get(_CODE)
    code = code_by_email(_NEW)
    yield "e-mail sent", visitor.get(_CODE)
    confirm(visitor, wrong(code))
    yield "code to the new address wrong", visitor.get(_CODE)
    clock.shift(timedelta(minutes=10, seconds=1))
    yield "code to the new address expired", visitor.get(_CODE)
    visitor.post("service/contact/confirm/resend/")
    yield "code to the new address resent", visitor.get(_CODE)
    confirm(visitor, code_by_email(_NEW))
    yield "contact proven", visitor.get(_PAGE)
    yield "contact review", visitor.get("service/contact/review/")
    save(visitor)
    yield "contact changed", visitor.get("service/contact/done/")
    yield "contacts held", visitor.get(_PAGE)
    save(visitor)
    visitor.post("service/contact/stop/")
    visitor.post("logout/")
