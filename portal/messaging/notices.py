"""Telling clients what happened on their account, and staff what needs their eyes."""

from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils import timezone

from portal.messaging import outbox, policy
from portal.messaging.models import Channel, Message
from portal.messaging.texts import Detail, Notice, notice_email


class Recipient(Protocol):
    """What `tell` needs to know of a client."""

    pk: int
    login: str
    name: str
    email: str
    language: str


def has_channel(recipient: Recipient) -> bool:
    """Whether notices reach this client by a channel other than the text messages that the login uses."""
    return bool(recipient.email)


def tell(recipient: Recipient, notice: Notice, *, now: datetime, detail: Detail | None = None) -> Message | None:
    """Put one notice into the outbox, in the client's language; None when there is no other channel to use.

    The login speaks by text message, so a notice goes by e-mail. There is no opting out. A client without an
    e-mail address is asked for one on the home page.
    """
    if not has_channel(recipient):
        return None
    subject, text = notice_email(
        notice,
        language=recipient.language,
        customer=recipient.name,
        tail=recipient.login[-2:],
        when=_when(now, recipient.language),
        detail=detail or Detail(),
    )
    return outbox.put(
        channel=Channel.EMAIL,
        kind=f"notice.{notice}",
        to=recipient.email,
        subject=subject,
        text=text,
        customer=recipient,  # type: ignore[arg-type]  # a customer is one; this app does not know the class
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


def _when(now: datetime, language: str) -> str:
    local = timezone.localtime(now)
    if language == "en":
        return f"{local.day} {local:%b %Y, %H:%M}"
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
