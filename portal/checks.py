"""Checks that refuse an unsafe start, one clear sentence each: `manage.py check --deploy`."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from portal import brand
from portal.messaging import texts

_KNOWN_KEYS = {base64.urlsafe_b64decode("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="), bytes(32)}
#: As long as a code and a reference can be.
_CODE, _REFERENCE = "000000", "WWW"


@register(Tags.security, deploy=True)
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What must not be so where real clients log in."""
    refused = {
        "E001": (settings.DEMO, "PORTAL_DEMO is on: demo clients and the handset page must not exist in production."),
        "E002": (settings.SMS_GATEWAY == "console", "SMS_GATEWAY=console prints codes: choose a real gateway."),
        "E003": (
            settings.SMS_GATEWAY == "http" and not (settings.SMS_HTTP_URL and settings.SMS_HTTP_TOKEN),
            "Set SMS_HTTP_URL and SMS_HTTP_TOKEN: without them no code leaves.",
        ),
        "E004": (
            settings.SMS_GATEWAY == "http" and not settings.SMS_RECEIPT_SECRET,
            "Set SMS_RECEIPT_SECRET: without it no delivery receipt can be believed.",
        ),
        "E005": (not settings.SECURITY_MAILBOX, "Set SECURITY_MAILBOX: alarms need somebody who reads them."),
        "E006": (
            not settings.PUBLIC_ORIGIN.startswith("https://"),
            "PUBLIC_ORIGIN must start with https://.",
        ),
        "E007": (
            settings.TRUSTED_PROXY_COUNT == 0,
            "TRUSTED_PROXY_COUNT is 0: TLS ends at a proxy, so say how many of ours stand in front (1 to 5).",
        ),
        "E008": (
            urlsplit(settings.PUBLIC_ORIGIN).hostname not in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS must name the host of PUBLIC_ORIGIN.",
        ),
        "E009": (
            not _KNOWN_KEYS.isdisjoint(
                [settings.INDEX_KEY, *settings.SEALING_KEYS.values(), *settings.AUDIT_KEYS.values()]
            ),
            "SEALING_KEYS, INDEX_KEY or AUDIT_KEYS holds a key from an example: make your own.",
        ),
        "E010": (
            str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3"),
            "DATABASE_URL names SQLite: production needs PostgreSQL.",
        ),
        "E011": (
            settings.DEFAULT_FROM_EMAIL.endswith(".invalid"),
            "Set EMAIL_FROM: notices need a sender that exists.",
        ),
        "E012": ("*" in settings.ALLOWED_HOSTS, "ALLOWED_HOSTS must not contain '*'."),
        "E013": (
            settings.TOKEN_APP_HOST in {urlsplit(settings.PUBLIC_ORIGIN).hostname} - {""},
            "TOKEN_APP_HOST must not be the host of PUBLIC_ORIGIN: the token app needs a host name of its own.",
        ),
        "E014": (
            settings.TOKEN_APP_HOST not in ("", *settings.ALLOWED_HOSTS),
            "ALLOWED_HOSTS must name TOKEN_APP_HOST, which is a host name without https:// and without a port.",
        ),
        "E015": (
            not settings.AUDITOR_MAILBOX,
            "Set AUDITOR_MAILBOX: the daily head of the audit trail needs somebody who keeps it.",
        ),
        "E016": (
            not PurePath(settings.AUDIT_HEAD_DIRECTORY).is_absolute(),
            "Set AUDIT_HEAD_DIRECTORY: the heads of the audit trail go to a folder off this box, by its whole path.",
        ),
        "E017": (
            not {settings.INDEX_KEY, *settings.SEALING_KEYS.values()}.isdisjoint(settings.AUDIT_KEYS.values()),
            "AUDIT_KEYS holds a key of SEALING_KEYS or INDEX_KEY: the audit trail needs keys of its own.",
        ),
        "E018": (
            settings.AUDITOR_MAILBOX == settings.SECURITY_MAILBOX != "",
            "AUDITOR_MAILBOX is SECURITY_MAILBOX: the heads must reach somebody who does not run the portal.",
        ),
        "E019": (
            not _keeps_evidence(settings.EVIDENCE_DIRECTORY),
            "Set EVIDENCE_DIRECTORY: evidence goes to a writable folder, by its whole path, not below DATA_DIR/static.",
        ),
    }
    return [Error(sentence, id=f"portal.{number}") for number, (wrong, sentence) in refused.items() if wrong]


def _keeps_evidence(directory: str) -> bool:
    """Whether the folder is there for us, and not where collected files are shown from."""
    folder = Path(directory)
    if not directory or not folder.is_absolute() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return False
    return folder.is_dir() and not folder.resolve().is_relative_to(Path(settings.STATIC_ROOT).resolve())


@register()
def brand_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The brand file is there and whole, and every text message fits one segment."""
    try:
        brand.current()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="portal.E020")]
    return [*_texts_that_do_not_fit(), *_alerts_that_do_not_fit()]


def _texts_that_do_not_fit() -> Iterator[CheckMessage]:
    origin = urlsplit(settings.PUBLIC_ORIGIN).hostname or "" if settings.SMS_ORIGIN_BOUND else ""
    for purpose in texts.code_purposes():
        for language, _ in settings.LANGUAGES:
            text = texts.code_text(purpose, code=_CODE, reference=_REFERENCE, language=language, origin=origin)
            if texts.segments(text) > 1:
                hint = " Switch SMS_ORIGIN_BOUND off, or shorten sms_name." if origin else " Shorten sms_name."
                yield Error(
                    f"The text message for {purpose} in {language} does not fit one segment.{hint}", id="portal.E021"
                )


def _alerts_that_do_not_fit() -> Iterator[CheckMessage]:
    for notice in texts.Notice:
        for language, _ in settings.LANGUAGES:
            if texts.segments(texts.notice_sms(notice, language=language, tail="00")) > 1:
                sentence = f"The text message that tells of {notice} in {language} does not fit one segment."
                yield Error(f"{sentence} Shorten sms_name.", id="portal.E022")
