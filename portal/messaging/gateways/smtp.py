"""E-mail over SMTP, through Django's mail backend."""

import smtplib
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from portal.messaging.gateways.base import Envelope, Forged, Receipt, ReceiptRequest, Refused, Unavailable, within

#: RFC 5321: a reply of 500 or above is final, 400 to 499 asks to try again.
_PERMANENT = 500


def _send(envelope: Envelope, message_id: str, timeout: float) -> None:
    with get_connection(timeout=timeout) as connection:
        EmailMessage(
            subject=envelope.subject,
            body=envelope.text,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[envelope.to],
            headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
            connection=connection,
        ).send()


class SmtpGateway:
    """The mail server of the settings. Its replies are the only receipt there is."""

    name = "smtp"

    def send(self, envelope: Envelope, timeout: float) -> str:
        message_id = make_msgid(envelope.reference, domain="portal.invalid")
        try:
            within(timeout, lambda: _send(envelope, message_id, timeout))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (Refused if min(codes, default=0) >= _PERMANENT else Unavailable)("recipient") from None
        except smtplib.SMTPResponseException as error:
            raise (Refused if error.smtp_code >= _PERMANENT else Unavailable)(f"SMTP {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(type(error).__name__) from None
        except ValueError:  # a header or an address that no mail can have
            raise Refused("cannot be written as a mail") from None
        return message_id[:80]

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        raise Forged("e-mail has no receipts")
