"""The moment of a change of method: method, token, sessions, record and notices together, and what is told of it.

The caller holds the account's lock and has proven both methods; its transaction commits all of this or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Customer, Method, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.references import new_reference
from portal.messaging import notices
from portal.messaging.models import Message
from portal.messaging.texts import Detail, Notice
from twofactor.models import MethodSwitch, SwitchState
from twofactor.services import tokens


@dataclass(frozen=True, slots=True)
class Completed:
    """A change that is done: when, under which reference, and where the notices went."""

    at: datetime
    reference: str
    told: list[Message]


def swap(customer: Customer, sign_in: SignIn, switch: MethodSwitch, *, now: datetime) -> str:
    """Make the change; every other session ends. The session's new key."""
    reference = new_reference("M")
    had_token = tokens.live(customer) is not None
    if switch.to_method == Method.SOFT_TOKEN and switch.token:
        tokens.bind(customer, switch.token, now=now)
    else:
        tokens.remove(customer, now=now)
    take_effect(customer, switch.to_method, now=now)
    close(switch, SwitchState.DONE, now)
    # The browser is named and not the phone, whose name is free text that no notice should carry.
    detail = Detail(method=switch.to_method, device=sign_in.device_label, reference=reference)
    facts = {"switch": str(switch.pk), "reference": reference}
    tell(customer, switch.from_method, detail, facts=facts, had_token=had_token, now=now)
    return sign_ins.keep(sign_in, customer)


def take_effect(customer: Customer, method: str, *, now: datetime) -> None:
    """The client has chosen this method; every session ends, and the contacts stay as they are for a while."""
    customer.method = method
    customer.method_chosen_at = customer.last_security_change_at = customer.contact_held_from = now
    sign_ins.end_all(customer)
    customer.save(
        update_fields=["method", "method_chosen_at", "last_security_change_at", "contact_held_from", "security_epoch"]
    )


def tell(
    customer: Customer,
    from_method: str,
    detail: Detail,
    *,
    facts: Mapping[str, str],
    had_token: bool,
    now: datetime,
) -> None:
    """Write down a change that took effect, and tell the owner: which method came, and which token went or came."""
    moved = {**facts, "from": from_method, "to": detail.method}
    record(Event.METHOD_CHANGED, actor=customer, subject=customer, facts=moved)
    notices.tell(customer, Notice.METHOD_CHANGED, now=now, detail=detail)
    if had_token:
        record(Event.TOKEN_REMOVED, actor=customer, subject=customer, facts=facts)
        notices.tell(customer, Notice.TOKEN_REMOVED, now=now, detail=detail)
    if detail.method == Method.SOFT_TOKEN:
        record(Event.TOKEN_BOUND, actor=customer, subject=customer, facts=facts)
        notices.tell(customer, Notice.TOKEN_BOUND, now=now, detail=detail)


def completed(sign_in: SignIn) -> Completed | None:
    """The latest change that this session has made."""
    done = MethodSwitch.objects.filter(sign_in=sign_in, state=SwitchState.DONE).order_by("-ended_at").first()
    if done is None or done.ended_at is None:
        return None
    account, at = done.customer_id, done.ended_at
    changes = AuditRecord.objects.filter(event=Event.METHOD_CHANGED, subject_id=account)
    kept = changes.filter(facts__switch=str(done.pk)).first()
    told = Message.objects.filter(customer_id=account, kind=f"notice.{Notice.METHOD_CHANGED}", created_at=at)
    return Completed(at, str(kept.facts["reference"]) if kept else "", list(told.order_by("channel")))


def close(switch: MethodSwitch, state: SwitchState, now: datetime) -> None:
    """The change ends here, done or not; without it its key is worth nothing."""
    if state != SwitchState.DONE:
        drop_key(switch)
    switch.state, switch.ended_at = state, now
    switch.save(update_fields=["state", "ended_at"])


def drop_key(switch: MethodSwitch) -> None:
    """A key that was shown and never confirmed is worth nothing from here on."""
    if switch.token_id:
        tokens.drop(switch.token_id)
