"""Checks that refuse an unsafe start, one clear sentence each: `manage.py check --deploy`."""

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from portal import brand, carriers
from portal.messaging import code_texts, texts

_KNOWN_KEYS = {base64.urlsafe_b64decode("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="), bytes(32)}
#: As long as a code and a reference can be.
_CODE, _REFERENCE = "000000", "WWW"
#: A sender as networks show it: a number, or a name of the letters that all of them know (3GPP TS 23.038, 23.040).
_SENDER = re.compile(r"\+?[0-9]{3,15}|[#A-Za-z0-9 _&+.-]{1,11}")


@register(Tags.security, deploy=True)
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What must not be so where real clients log in."""
    refused = {
        "E001": (settings.DEMO, "PORTAL_DEMO is on: demo clients and the handset page must not exist in production."),
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
            not _may_write_into(settings.AUDIT_HEAD_DIRECTORY),
            "Set AUDIT_HEAD_DIRECTORY: the heads of the trail go to a writable folder off this box, by its whole path.",
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
            not _may_write_into(settings.EVIDENCE_DIRECTORY) or _is_shown(settings.EVIDENCE_DIRECTORY),
            "Set EVIDENCE_DIRECTORY: evidence goes to a writable folder, by its whole path, not below DATA_DIR/static.",
        ),
        "E025": (
            max(settings.RETENTION_SIGN_INS, settings.RETENTION_EVIDENCE, settings.RETENTION_LETTERS)
            > settings.RETENTION_AUDIT,
            "RETENTION_AUDIT_DAYS is less than that of sign-ins, evidence or letters: the trail must outlive them.",
        ),
    }
    return [
        *[Error(sentence, id=f"portal.{number}") for number, (wrong, sentence) in refused.items() if wrong],
        *_carriers_that_cannot_work(),
    ]


def _used() -> set[str]:
    """The gateways that messages take."""
    return {settings.SMS_GATEWAY, *(name for route in settings.SMS_ROUTES.values() for name in route)}


def why_not_to_start() -> list[str]:
    """What every process of production refuses at its own start, because nobody may have run the checks: a carrier with
    which no code would leave, or be printed. One sentence each."""
    return [] if settings.DEMO else [error.msg for error in _carriers_that_cannot_work()]


def _carriers_that_cannot_work() -> Iterator[CheckMessage]:
    """The gateway in use, and any other that is set up by half: it would fail on the day it is needed."""
    twilio = settings.SMS_TWILIO
    if "console" in _used():
        sentence = "SMS_GATEWAY or SMS_ROUTES names console, which prints codes: choose a real gateway."
        yield Error(sentence, id="portal.E002")
    for name, carrier in carriers.by_name().items():
        missing = carrier.missing()
        if missing and (name in _used() or carrier.begun):
            yield Error(missing, id="portal.E003")
    if twilio.begun and not (twilio.service or twilio.sender or brand.current().sms_sender):
        yield Error("Set SMS_TWILIO_FROM or SMS_TWILIO_SERVICE: the brand has no sms_sender.", id="portal.E004")


def _may_write_into(directory: str) -> bool:
    """Whether the folder is there for us, by its whole path."""
    folder = Path(directory)
    return folder.is_absolute() and folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _is_shown(directory: str) -> bool:
    """Whether the folder lies where collected files are shown from."""
    return Path(directory).resolve().is_relative_to(Path(settings.STATIC_ROOT).resolve())


@register()
def brand_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The brand file is there and whole, and every text message fits one segment."""
    try:
        brand.current()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="portal.E020")]
    return [*_names_that_no_text_can_hold(), *_texts_that_do_not_fit(), *_alerts_that_do_not_fit()]


def _names_that_no_text_can_hold() -> Iterator[CheckMessage]:
    """What networks cut, replace or refuse without a word to anybody."""
    words = brand.current()
    if words.sms_sender and not _SENDER.fullmatch(words.sms_sender):
        sentence = f"sms_sender of the brand {settings.BRAND} must be at most 11 plain letters and digits, or a number."
        yield Error(sentence, id="portal.E023")
    for language, _ in settings.LANGUAGES:
        if not texts.every_phone_shows(words.sms_name.in_language(language)):
            sentence = f"sms_name of the brand {settings.BRAND} must hold no emoji and no sign such as € in {language}."
            yield Error(sentence, id="portal.E024")


def _texts_that_do_not_fit() -> Iterator[CheckMessage]:
    origin = urlsplit(settings.PUBLIC_ORIGIN).hostname or "" if settings.SMS_ORIGIN_BOUND else ""
    for purpose in code_texts.code_purposes():
        for language, _ in settings.LANGUAGES:
            text = code_texts.code_text(purpose, code=_CODE, reference=_REFERENCE, language=language, origin=origin)
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
