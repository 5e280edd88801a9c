"""Telling clients what happened on their account, and staff what needs their eyes."""

from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils import timezone

from portal.messaging import outbox, policy
from portal.messaging.models import Channel, Message
from portal.messaging.texts import Detail, Notice, notice_email, notice_sms

#: Told by e-mail and by text message both: whoever has taken over one of the two must not hide it. A test tries both.
_TO_BOTH = {
    Notice.METHOD_CHANGED,
    Notice.METHOD_WITHDRAWN,
    Notice.LETTER_SPOILT,
    Notice.PHONE_LOST,
    Notice.PASSWORD_RESET,
    Notice.PASSWORD_VOIDED,
    Notice.MOBILE_CHANGED,
    Notice.EMAIL_CHANGED,
    Notice.ADDRESS_CHANGED,
    Notice.PASSWORD_LETTER_POSTED,
    Notice.REBINDING_LETTER_POSTED,
    Notice.TEST,
}
#: What also whoever was on file a while ago is told: a thief may have put own contacts there before.
_TO_FORMER = _TO_BOTH - {Notice.TEST}
#: Told along with the change of method; a second text message would say nothing new. And what strangers bring about by
#: naming an account number, which must cost no text message.
_BY_EMAIL_ONLY = {Notice.TOKEN_BOUND, Notice.TOKEN_REMOVED, Notice.FROZEN_RESET}


class Recipient(Protocol):
    """What `tell` needs to know of a client."""

    pk: int
    login: str
    name: str
    email: str
    mobile: str
    method: str
    language: str

    def former_contacts(self, since: datetime) -> list[tuple[str, str]]:
        """What was replaced since then: "email" or "mobile", and where it led."""


def has_channel(recipient: Recipient) -> bool:
    """Whether notices reach this client by a channel other than the one that the login uses."""
    return bool(recipient.email) or _by_other_means_than_texts(recipient)


def tell(recipient: Recipient, notice: Notice, *, now: datetime, detail: Detail | None = None) -> list[Message]:
    """Put one notice into the outbox, in the client's language; empty when there is no channel to use.

    It goes by e-mail. Without an e-mail address it goes by text message, if the login uses none. What changes how the
    client logs in or is reached is told by both, also where they led within the last `policy.TELL_FORMER`; a test goes
    by both. There is no opting out.
    """
    told, detail = [], detail or Detail()
    if recipient.email:
        told.append(_email(recipient, notice, recipient.email, now=now, detail=detail))
    instead = not recipient.email and notice not in _BY_EMAIL_ONLY and _by_other_means_than_texts(recipient)
    if recipient.mobile and (notice in _TO_BOTH or instead):
        told.append(_sms(recipient, notice, recipient.mobile, now=now, detail=detail))
    if notice in _TO_FORMER:
        told += _tell_former(recipient, notice, now=now, detail=detail)
    return told


def _tell_former(recipient: Recipient, notice: Notice, *, now: datetime, detail: Detail) -> list[Message]:
    """To each contact that was replaced lately and is not back on file, once."""
    former = dict.fromkeys(recipient.former_contacts(now - policy.TELL_FORMER))
    told = []
    for contact, to in former:
        if contact == "email" and to != recipient.email:
            told.append(_email(recipient, notice, to, now=now, detail=detail))
        elif contact == "mobile" and to != recipient.mobile:
            told.append(_sms(recipient, notice, to, now=now, detail=detail))
    return told


def _by_other_means_than_texts(recipient: Recipient) -> bool:
    """Whether this client logs in without text messages, which then are free to tell of it."""
    return bool(recipient.mobile) and recipient.method != Channel.SMS


def _email(recipient: Recipient, notice: Notice, to: str, *, now: datetime, detail: Detail) -> Message:
    subject, text = notice_email(
        notice,
        language=recipient.language,
        customer=recipient.name,
        tail=recipient.login[-2:],
        when=_when(now, recipient.language),
        detail=detail,
    )
    return outbox.put(
        channel=Channel.EMAIL,
        kind=f"notice.{notice}",
        to=to,
        subject=subject,
        text=text,
        customer=recipient,  # type: ignore[arg-type]  # a customer is one; this app does not know the class
        reference=detail.reference,
        expires_at=now + policy.NOTICE_LIFETIME,
        now=now,
    )


def _sms(recipient: Recipient, notice: Notice, to: str, *, now: datetime, detail: Detail) -> Message:
    return outbox.put(
        channel=Channel.SMS,
        kind=f"notice.{notice}",
        to=to,
        text=notice_sms(notice, language=recipient.language, tail=recipient.login[-2:]),
        customer=recipient,  # type: ignore[arg-type]
        reference=detail.reference,
        expires_at=now + policy.NOTICE_LIFETIME,
        now=now,
    )


def told_lately(recipient: Recipient, notice: Notice, *, now: datetime) -> bool:
    """Whether this client was told the same within `policy.REPEATED_NOTICE_EVERY`."""
    since = now - policy.REPEATED_NOTICE_EVERY
    return Message.objects.filter(customer_id=recipient.pk, kind=f"notice.{notice}", created_at__gt=since).exists()


def alarm(subject: str, text: str, *, now: datetime) -> Message | None:
    """Write to the security mailbox. Production does not start without one."""
    if not settings.SECURITY_MAILBOX:
        return None
    return outbox.put(
        channel=Channel.EMAIL,
        kind="alarm",
        to=settings.SECURITY_MAILBOX,
        subject=subject,
        text=text,
        expires_at=now + policy.NOTICE_LIFETIME,
        now=now,
    )


def to_auditor(subject: str, text: str, *, now: datetime) -> Message | None:
    """Write to whoever keeps the heads of the audit trail. Production does not start without one."""
    if not settings.AUDITOR_MAILBOX:
        return None
    return outbox.put(
        channel=Channel.EMAIL,
        kind="audit.head",
        to=settings.AUDITOR_MAILBOX,
        subject=subject,
        text=text,
        expires_at=now + policy.NOTICE_LIFETIME,
        now=now,
    )


def _when(now: datetime, language: str) -> str:
    local = timezone.localtime(now)
    if language == "en":
        return f"{local.day} {local:%b %Y, %H:%M}"
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
