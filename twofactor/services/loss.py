"""Reporting a phone as lost, with nothing but the password: it can only take rights away."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts import policy as accounts_policy
from accounts.models import Customer, EndReason, Method, Result, SignIn
from accounts.services import login as accounts_login
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.references import new_reference
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice
from twofactor.services import tokens


class Report(Enum):
    """What became of a loss report."""

    DONE = auto()
    TOO_OFTEN = auto()
    GONE = auto()  # the login or the token is no longer what it was


@dataclass(frozen=True, slots=True)
class Reported:
    """The outcome, with the reference that staff will ask for."""

    report: Report
    reference: str = ""


@transaction.atomic(durable=True)
def report_lost(sign_in: SignIn) -> Reported:
    """Stop the token of a pending login's account, for good, and end every session and login of it.

    From a browser that the account does not know this works once a day, and the password has to be changed: whoever
    reports has it, and need not be the owner.
    """
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    if not _still_pending(customer, sign_in):
        return Reported(Report.GONE)
    if not sign_in.known_browser and _reported_lately(customer, now):
        return Reported(Report.TOO_OFTEN)
    if not tokens.suspend(customer, now=now):
        return Reported(Report.GONE)
    customer.must_change_password = customer.must_change_password or not sign_in.known_browser
    customer.last_security_change_at = now
    sign_ins.end_all(customer)
    customer.save(update_fields=["must_change_password", "last_security_change_at", "security_epoch"])
    reference = new_reference("L")
    accounts_login.record(sign_in, customer, Result.PHONE_LOST)
    sign_ins.end(sign_in, EndReason.ELSEWHERE, now=now)
    SignIn.objects.filter(pk=sign_in.pk).update(reported_at=now)  # what it came to is told below
    _tell(customer, reference, known_browser=sign_in.known_browser, now=now)
    return Reported(Report.DONE, reference)


def _still_pending(customer: Customer, sign_in: SignIn) -> bool:
    if not customer.open or customer.security_epoch != sign_in.epoch or customer.method != Method.SOFT_TOKEN:
        return False
    pending = SignIn.objects.filter(pk=sign_in.pk, result=Result.PASSWORD_RIGHT, ended_at__isnull=True)
    return pending.exists()


def _reported_lately(customer: Customer, now: datetime) -> bool:
    since = now - accounts_policy.LOSS_REPORT_EVERY
    reports = AuditRecord.objects.filter(subject=customer, event=Event.PHONE_REPORTED_LOST, at__gt=since)
    return any(not kept.facts.get("known_browser") for kept in reports)


def _tell(customer: Customer, reference: str, *, known_browser: bool, now: datetime) -> None:
    facts: dict[str, str | bool] = {"reference": reference, "known_browser": known_browser}
    record(Event.PHONE_REPORTED_LOST, actor=customer, subject=customer, facts=facts)
    notices.tell(customer, Notice.PHONE_LOST, now=now, detail=Detail(reference=reference))
    browser = "a browser that the account knows" if known_browser else "a browser that the account does not know"
    notices.alarm(
        f"Client reports a lost phone: {reference}",
        f"A client reported the phone with the mobile security code as lost (reference {reference}), from {browser}.\n"
        f"Account ending {customer.login[-2:]}. Code and sessions were ended. Call the client back.\n",
        now=now,
    )
