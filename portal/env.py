"""Strict readers for settings that come from the environment.

Each reader raises `ImproperlyConfigured` with one sentence that names the variable, so that a typing
error stops the start instead of becoming a default. A secret may stand in a file: `NAME_FILE` holds
the path, and the file's content is used with surrounding white space removed.
"""

import base64
import binascii
import os
from collections.abc import Collection
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.lib.sentinel import SCHEME, Watched, parse

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str | None = None) -> str:
    """The value as it stands; without a default the variable must be set."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name}: it has no default.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int | None = None, *, low: int, high: int) -> int:
    """A whole number between `low` and `high`, both included."""
    value = os.environ.get(name)
    if value is None:
        if default is None:
            raise ImproperlyConfigured(f"Set {name}: a whole number from {low} to {high}.")
        return default
    try:
        result = int(value)
    except ValueError:
        result = low - 1
    if not low <= result <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return result


def choice(name: str, default: str, options: Collection[str]) -> str:
    """One word out of a list."""
    value = os.environ.get(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(sorted(options))}, not {value!r}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list; empty entries are dropped."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def secret(name: str, default: str | None = None) -> str:
    """A secret from NAME, or from the file that NAME_FILE points to."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return text(name, default)
    if name in os.environ:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {getattr(error, 'strerror', 'not UTF-8')}.") from None


def key(name: str) -> bytes:
    """A 32-byte key in base64url."""
    return _decode_key(name, secret(name))


def keyring(name: str) -> dict[str, bytes]:
    """Named 32-byte keys, `name:base64url` separated by commas, the one to seal with first."""
    ring: dict[str, bytes] = {}
    for entry in secret(name).split(","):
        label, colon, encoded = entry.strip().partition(":")
        if not (colon and label.isalnum() and len(label) <= 16):
            raise ImproperlyConfigured(f"{name} must read name:base64key,name:base64key with plain names.")
        if label in ring:
            raise ImproperlyConfigured(f"{name} names the key {label!r} twice.")
        ring[label] = _decode_key(name, encoded)
    return ring


def _decode_key(name: str, encoded: str) -> bytes:
    try:
        value = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != 32:
        raise ImproperlyConfigured(f"{name} must hold 32 bytes in base64url.")
    return value


def watched(name: str, url: str) -> Watched | None:
    """Redis behind Sentinels, if this is an address of Sentinels."""
    try:
        return parse(url) if url.startswith(SCHEME) else None
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name}: {problem}.") from None


def database(name: str) -> dict[str, object]:
    """Django's settings of one database from `sqlite:///path` or `postgresql://user:pw@host:port/name?host=/dir`."""
    url = urlsplit(secret(name))
    if url.scheme == "sqlite":
        if not url.path.strip("/"):
            raise ImproperlyConfigured(f"{name} must name a file: sqlite:///path/to/file.")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(url.path),
            "CONN_MAX_AGE": 60,
            # SQLite has no row locks. IMMEDIATE takes the write lock at BEGIN, so that a read followed by a
            # write inside one transaction is as safe as SELECT FOR UPDATE is elsewhere.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
            },
        }
    if url.scheme in {"postgresql", "postgres"}:
        extra = dict(parse_qsl(url.query))
        # Celery closes the connection of a thread after each task, and gunicorn's threads keep theirs.
        pool = number("DATABASE_POOL", 8, low=0, high=100)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")) or "portal",
            "USER": unquote(url.username or extra.get("user", "")),
            "PASSWORD": unquote(url.password or ""),
            "HOST": url.hostname or extra.get("host", ""),
            "PORT": str(url.port or extra.get("port", "")),
            "CONN_MAX_AGE": 0 if pool else 3600,  # seconds
            "OPTIONS": {
                **({"pool": {"min_size": 1, "max_size": pool, "timeout": 5}} if pool else {}),
                "connect_timeout": 3,
                "server_side_binding": True,
                # What comes with every login stays prepared by `portal.lib.statements`. A connection that prepared more
                # by itself would drop all of it, ours too, at each rollback.
                "prepare_threshold": None,
            },
        }
    raise ImproperlyConfigured(f"{name} must start with sqlite:/// or postgresql://.")
