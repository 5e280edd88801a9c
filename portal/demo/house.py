"""The folder that the embedded portal lives in: what stands there, who holds it, and what is refused.

Nothing but what is named here is ever removed: DATA_DIR may be any folder, also one with other things in it.
"""

import base64
import errno
import fcntl
import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from portal.demo.handset import FILE_NAME as HANDSET

LEAST_FREE = 100 * 1024 * 1024  # bytes; below, SQLite and Valkey would soon fail one after the other
LARGEST_LOG = 10 * 1024 * 1024  # bytes
LONGEST_SOCKET = 107  # bytes that fit into a unix socket's address
_LATER = {"AUDIT_KEYS"}  # what earlier releases did not have is made when it is missing


class Refusal(Exception):
    """Why the portal does not start, in one sentence for whoever typed the command."""


class House:
    """DATA_DIR, and the places in it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.lock = self.root / "lock"
        self.secrets = self.root / "secrets.env"
        self.people = self.root / "demo.json"
        self.database = self.root / "portal.sqlite3"
        self.handset = self.root / HANDSET
        self.logs = self.root / "log"
        self.metrics = self.root / "metrics"
        self.audit_heads = self.root / "audit-heads"
        self.static = self.root / "static"
        self.valkey = self.root / "valkey"
        self.socket = self.valkey / "valkey.sock"
        self._held: int | None = None

    def take(self) -> None:
        """Make the folder and hold it until this process ends; raises `Refusal`."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise Refusal(f"DATA_DIR is {self.root}, which is a file: name a folder.") from None
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(held, 20, 0).decode(errors="replace").strip()
            raise Refusal(
                f"The portal is already running on {self.root} (process {owner or 'unknown'}): stop it first."
            ) from None
        if shutil.disk_usage(self.root).free < LEAST_FREE:
            raise Refusal(f"The disk of {self.root} is full: at least {LEAST_FREE // 1024**2} MB must be free there.")
        try:
            os.ftruncate(held, 0)
            os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
            for folder in (self.logs, self.metrics, self.audit_heads, self.valkey):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET:
            raise Refusal(f"The path {self.root} is too long for a socket in it: name a shorter DATA_DIR.")
        self._held = held

    def tidy(self) -> None:
        """Put aside long logs, and forget the figures of processes that are gone."""
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LARGEST_LOG:
                log.replace(log.with_suffix(".log.1"))
        for figures in self.metrics.glob("*.db"):
            figures.unlink()

    def reset(self) -> None:
        """Remove what earlier runs made here, and only that."""
        for file in (self.secrets, self.people, self.database, self.handset):
            for suffix in ("", "-wal", "-shm", "-journal"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
        for folder, pattern in (
            (self.logs, "*.log*"),
            (self.metrics, "*.db"),
            (self.audit_heads, "*.txt"),
            (self.root / "evidence", "[0-9a-f][0-9a-f]/*"),
            (self.valkey, "*.rdb"),
            (self.valkey / "appendonlydir", "appendonly.aof.*"),
        ):
            for file in folder.glob(pattern):
                file.unlink()
        if (self.static / "staticfiles.json").exists():  # collectstatic's own mark
            shutil.rmtree(self.static)

    def check(self) -> None:
        """Look at what earlier runs left; raises `Refusal` for what cannot be used."""
        for file in (self.database, self.handset):
            if not file.exists():
                continue
            try:
                with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as connection:
                    # Our constraints call a function of Django's, which a bare connection does not have.
                    connection.execute("PRAGMA ignore_check_constraints = ON")
                    sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            except sqlite3.Error:
                sound = False
            if not sound:
                raise Refusal(f"{file} is broken: RESET=1 makes new demo data, or put back a copy of it.")
        if self.database.exists() and not self.secrets.exists():
            raise Refusal(
                f"{self.secrets} with the keys of {self.database.name} is gone: "
                "put it back, or RESET=1 makes new demo data."
            )

    def keys(self) -> dict[str, str]:
        """The secrets of this installation, made at the first start and never shown."""
        if not self.secrets.exists():
            self._write(_new_keys())
        try:
            lines = self.secrets.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            lines = []
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        missing = _new_keys().keys() - found.keys()
        if missing - _LATER:
            raise Refusal(f"{self.secrets} is broken: put back a copy of it, or RESET=1 makes new demo data.")
        if missing:
            self._write({**found, **{name: _new_keys()[name] for name in missing}})
            return self.keys()
        return found

    def _write(self, secrets_by_name: dict[str, str]) -> None:
        unfinished = self.secrets.with_suffix(".new")
        try:
            unfinished.touch(mode=0o600)
            unfinished.write_text("".join(f"{name}={value}\n" for name, value in secrets_by_name.items()), "ascii")
            unfinished.replace(self.secrets)  # whole or not at all
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> Refusal:
        if error.errno == errno.ENOSPC:
            return Refusal(f"The disk of {self.root} is full.")
        return Refusal(f"DATA_DIR {self.root} cannot be written: {error.strerror}.")


def _new_keys() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SEALING_KEYS": f"demo:{_key()}",
        "INDEX_KEY": _key(),
        "AUDIT_KEYS": f"demo:{_key()}",
        "SMS_HTTP_TOKEN": secrets.token_urlsafe(32),
        "SMS_RECEIPT_SECRET": secrets.token_urlsafe(32),
    }


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
