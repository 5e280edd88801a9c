"""One test message through one gateway, step by step, for whoever sets the gateway up."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import monotonic, sleep
from uuid import uuid4

from django.utils import timezone

from portal import brand
from portal.lib import crypto
from portal.lib.masking import mask_mobile
from portal.lib.phone import E164
from portal.messaging import code_texts, policy, receipts, routing, texts
from portal.messaging.gateways.base import Asking, Binding, Envelope, Gateway, Refused, Unavailable
from portal.messaging.models import Attempt, Channel, Message, State

KIND = "test"
_LOOK_EVERY = 0.5  # seconds between two looks at the row
_FINAL = {State.DELIVERED, State.FAILED}


@dataclass(frozen=True, slots=True)
class Step:
    """What was done and what came of it; `wrong` ends the probe."""

    name: str
    said: str
    wrong: bool = False


def probe(number: E164, gateway: str, *, language: str, wait: float) -> Iterator[Step]:
    """Send one text by this gateway alone and wait for its receipt, `wait` seconds at most.

    It has a row like any other message, so that receipts are judged as always; no relay takes it, whatever becomes of
    this process. Raises KeyError for an unknown gateway or language.
    """
    way = routing.GATEWAYS[gateway]
    text = code_texts.trial_text(secrets.token_hex(2).upper(), language)
    segments, alphabet = texts.segments(text), "GSM-7" if texts.is_gsm(text) else "UCS-2"
    yield Step("text", f"{alphabet}, {segments} segment{'s' if segments > 1 else ''}", wrong=segments > 1)
    yield Step("sender", brand.current().sms_sender or "none in the brand: the carrier chooses")
    if isinstance(way, Binding):
        yield _bind(way)
    message = _row(number)
    yield Step("message", str(message.pk))
    try:
        yield _send(way, message, number, text)
    finally:
        # Given up, by whatever way: what has no gateway by now will get none.
        Message.objects.filter(pk=message.pk, state=State.SENDING).update(
            state=State.EXPIRED, claim=None, settled_at=timezone.now()
        )
    message.refresh_from_db()
    if message.state != State.FAILED or message.sent_at is not None:
        yield from _receipts(way, message, wait)


def _bind(way: Binding) -> Step:
    try:
        binds = way.binds(policy.ASK_TIMEOUT)
    except Unavailable as away:
        return Step("bind", f"{away}: start it on this host", wrong=True)
    said = ", ".join(f"{bind}: {condition}" for bind, condition in binds.items())
    return Step("bind", said, wrong=set(binds.values()) != {"bound"})


def _row(number: E164) -> Message:
    now = timezone.now()
    end = now + policy.RECEIPT_WAIT
    return Message.objects.create(
        channel=Channel.SMS,
        kind=KIND,
        to_index=crypto.blind_index("destination", number),
        to_masked=mask_mobile(number).shown,
        state=State.SENDING,
        claim=uuid4(),
        tries=1,
        created_at=now,
        due_at=end,  # not before it is too late to be sent: a relay lets it be
        expires_at=end,
    )


def _send(way: Gateway, message: Message, number: E164, text: str) -> Step:
    envelope = Envelope(str(message.pk), number, text, validity=int(policy.RECEIPT_WAIT.total_seconds()))
    start = monotonic()
    facts: dict[str, object] = {"gateway": way.name, "settled_at": timezone.now(), "claim": None}
    try:
        reference = way.send(envelope, policy.GATEWAY_TIMEOUT)
    except Refused as error:
        result, said, wrong = f"refused: {error}", f"refused for good: {error}", True
        facts |= {"state": State.FAILED, "problem": str(error)[:80]}
    except Unavailable as error:
        result, said, wrong = f"unavailable: {error}", f"not taken, for now: {error}", True
        facts |= {"state": State.FAILED, "problem": str(error)[:80]}
    else:
        result, said, wrong = "accepted", f"accepted, the carrier's reference: {reference or 'none'}", False
        facts |= {"state": State.SENT, "gateway_reference": reference, "sent_at": timezone.now()}
    spent = int((monotonic() - start) * 1000)
    Attempt.objects.create(message=message, gateway=way.name, milliseconds=spent, result=result[:80])
    # A receipt that was faster than we are stays.
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(**facts)
    return Step("send", f"{said} ({spent} ms)", wrong)


def _receipts(way: Gateway, message: Message, wait: float) -> Iterator[Step]:
    start = monotonic()
    shown = ""
    while True:
        message.refresh_from_db()
        state = "delayed" if message.state == State.SENT and message.delayed_at else message.state
        if state not in (shown, State.SENT):
            shown = state
            yield Step("receipt", f"{state} {message.problem}".strip(), wrong=message.state == State.FAILED)
        if message.state in _FINAL:
            return
        if monotonic() - start >= wait:
            break
        sleep(_LOOK_EVERY)
    yield from _asked(way, message)


def _asked(way: Gateway, message: Message) -> Iterator[Step]:
    if not (isinstance(way, Asking) and message.gateway_reference):
        over_bind = "does the carrier send receipts to this system id?"
        at_door = "can the carrier reach /receipts/sms/ of PUBLIC_ORIGIN?"
        yield Step("receipt", f"none came: {over_bind if isinstance(way, Binding) else at_door}", wrong=True)
        return
    try:
        found = way.ask(message.gateway_reference, policy.ASK_TIMEOUT)
    except Unavailable as trouble:
        yield Step("receipt", f"none came, and the carrier cannot be asked: {trouble}", wrong=True)
        return
    for one in found:
        receipts.take(way.name, replace(one, reference=str(message.pk)))
    message.refresh_from_db()
    yield Step("receipt", f"none came; asked, the carrier says: {message.state} {message.problem}".strip(), wrong=True)
