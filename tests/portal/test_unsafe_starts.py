"""A start that is not safe for real clients is refused, with one sentence that says what to do."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings as SettingsWrapper

from portal.checks import production_is_safe

ORIGIN = "https://portal.example.com.hk"
#: Settings as a production machine has them, as far as these checks look at them.
SAFE: dict[str, Any] = {
    "DEMO": False,
    "SMS_GATEWAY": "http",
    "SMS_ROUTES": {},
    "SMS_HTTP_URL": "https://sms.example/messages",
    "SMS_HTTP_TOKEN": "t" * 32,
    "SMS_RECEIPT_SECRET": "r" * 32,
    "PUBLIC_ORIGIN": ORIGIN,
    "ALLOWED_HOSTS": ["portal.example.com.hk"],
    "TOKEN_APP_HOST": "",
    "TRUSTED_PROXY_COUNT": 1,
    "DATABASES": {"default": {**django_settings.DATABASES["default"], "ENGINE": "django.db.backends.postgresql"}},
    "DEFAULT_FROM_EMAIL": "no-reply@portal.example.com.hk",
    "SECURITY_MAILBOX": "security@portal.example.com.hk",
    "AUDITOR_MAILBOX": "auditor@portal.example.com.hk",
    "INDEX_KEY": b"i" * 32,
    "SEALING_KEYS": {"now": b"s" * 32},
    "AUDIT_KEYS": {"now": b"a" * 32},
}


@pytest.fixture
def safe(settings: SettingsWrapper, tmp_path: Path) -> SettingsWrapper:
    """A start that nothing is to be said against."""
    for name, value in SAFE.items():
        setattr(settings, name, value)
    for name in ("heads", "evidence", "static"):
        (tmp_path / name).mkdir()
    settings.AUDIT_HEAD_DIRECTORY = str(tmp_path / "heads")
    settings.EVIDENCE_DIRECTORY = str(tmp_path / "evidence")
    settings.STATIC_ROOT = str(tmp_path / "static")
    return settings


def refused() -> set[str]:
    """The numbers of what is said."""
    return {str(each.id).removeprefix("portal.") for each in production_is_safe(None)}


def test_a_safe_start_is_not_refused(safe: SettingsWrapper) -> None:
    """O2"""
    assert refused() == set()


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [
        ("E001", "DEMO", True),
        ("E002", "SMS_GATEWAY", "console"),
        ("E002", "SMS_ROUTES", {"852": ("http", "console")}),
        ("E005", "SECURITY_MAILBOX", ""),
        ("E006", "PUBLIC_ORIGIN", "http://portal.example.com.hk"),
        ("E007", "TRUSTED_PROXY_COUNT", 0),
        ("E008", "ALLOWED_HOSTS", ["other.example"]),
        ("E009", "SEALING_KEYS", {"now": b"0123456789012345678901234567890" + b"1"}),
        ("E009", "INDEX_KEY", bytes(32)),
        ("E009", "AUDIT_KEYS", {"now": b"a" * 32, "old": bytes(32)}),
        ("E010", "DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}),
        ("E011", "DEFAULT_FROM_EMAIL", "portal@localhost.invalid"),
        ("E012", "ALLOWED_HOSTS", ["portal.example.com.hk", "*"]),
        ("E013", "TOKEN_APP_HOST", "portal.example.com.hk"),
        ("E014", "TOKEN_APP_HOST", "token.example.com.hk"),
        ("E015", "AUDITOR_MAILBOX", ""),
        ("E016", "AUDIT_HEAD_DIRECTORY", ""),
        ("E016", "AUDIT_HEAD_DIRECTORY", "heads"),
        ("E016", "AUDIT_HEAD_DIRECTORY", "/nowhere/at/all"),
        ("E016", "AUDIT_HEAD_DIRECTORY", __file__),
        ("E017", "AUDIT_KEYS", {"now": b"a" * 32, "old": b"s" * 32}),
        ("E017", "AUDIT_KEYS", {"now": b"i" * 32}),
        ("E018", "AUDITOR_MAILBOX", SAFE["SECURITY_MAILBOX"]),
        ("E019", "EVIDENCE_DIRECTORY", ""),
        ("E019", "EVIDENCE_DIRECTORY", "evidence"),
        ("E019", "EVIDENCE_DIRECTORY", "/nowhere/at/all"),
        ("E019", "EVIDENCE_DIRECTORY", __file__),
    ],
)
def test_an_unsafe_start_is_refused(number: str, name: str, value: object, safe: SettingsWrapper) -> None:
    """O2"""
    setattr(safe, name, value)
    assert refused() == {number}


def test_evidence_does_not_lie_where_files_are_shown_from(safe: SettingsWrapper) -> None:
    """O2"""
    folder = Path(safe.STATIC_ROOT) / "evidence"
    folder.mkdir()
    safe.EVIDENCE_DIRECTORY = str(folder)
    assert refused() == {"E019"}


def test_folders_that_cannot_be_written_are_refused(safe: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """O2: whatever user the tests run as"""
    monkeypatch.setattr("portal.checks.os.access", lambda _path, mode: not mode & os.W_OK)
    assert refused() == {"E016", "E019"}
