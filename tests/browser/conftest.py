"""The whole portal as `make run` starts it, and a real Chromium in front of it."""

import base64
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import pytest
from django.db.backends.sqlite3._functions import register as register_functions
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests import loopback
from tests.actors import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No page may ask a third party for anything: nothing but this machine has a name.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
_LOCALES = {"zh-hant": "zh-HK", "zh-hans": "zh-CN", "en": "en-GB"}


@dataclass
class Portal:
    """The running portal: its address, its folder, and what arrived at the handset."""

    origin: str
    folder: Path

    def arrived(self, to: str, channel: str = "sms") -> list[str]:
        """The texts that arrived at one number or address, the newest first."""
        everything = loopback.get(f"{self.origin}/demo/handset.json").json()
        return [each["text"] for each in everything if each["to"] == to and each["channel"] == channel]

    def wait_for(self, count: int, to: str, channel: str = "sms") -> list[str]:
        """The texts that arrived, once there are so many: a notice leaves with the sweep, every ten seconds."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            texts = self.arrived(to, channel)
            if len(texts) >= count:
                return texts
            time.sleep(0.1)
        raise AssertionError(f"{count} messages did not arrive")

    def next_code(self, to: str, known: int) -> str:
        """The code of the first text beyond the `known` ones; waits for it."""
        return self.wait_for(known + 1, to)[0][:6]

    def new_client(self, number: str, **facts: object) -> str:
        """A client like Amy with an own number and mobile, so that no wait of another test is in the way."""
        mobile = f"+8526{number}0"
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as database, database:
            database.row_factory = sqlite3.Row
            register_functions(database)  # the table's constraints use Django's REGEXP
            amy = dict(database.execute("SELECT * FROM accounts_customer WHERE login = '100001'").fetchone())
            amy.pop("id")
            amy |= {"login": number, "mobile": mobile, "email": f"c{number}@example.com", **facts}
            names, marks = ", ".join(amy), ", ".join("?" * len(amy))
            database.execute(f"INSERT INTO accounts_customer ({names}) VALUES ({marks})", list(amy.values()))
        return mobile

    def forget_waits(self) -> None:
        """Move every message that was sent a minute into the past."""
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as database, database:
            database.execute("UPDATE messaging_message SET created_at = datetime(created_at, '-61 seconds')")

    def forget_steps(self) -> None:
        """Let the code that a phone shows now work again, as if it had never been typed."""
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as database, database:
            database.execute("UPDATE twofactor_softtoken SET last_step = -1")

    def forget_client(self, number: str) -> None:
        """Move the last sign of life of this client's sessions sixteen minutes into the past."""
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as database, database:
            database.execute(
                "UPDATE accounts_signin SET last_seen_at = datetime(last_seen_at, '-16 minutes') WHERE number = ?",
                [number],
            )

    def secrets(self) -> dict[str, str]:
        """The keys that the portal made for itself."""
        lines = (self.folder / "secrets.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def sealing_keys(self) -> dict[str, bytes]:
        """The ring of keys, as the settings hold it."""
        entries = (entry.split(":", 1) for entry in self.secrets()["SEALING_KEYS"].strip("'\"").split(","))
        return {name: base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)) for name, key in entries}


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The embedded portal on a free port."""
    folder = tmp_path_factory.mktemp("portal")
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.embedded"],
        cwd=ROOT,
        env={**environment, "PORT": str(port), "DATA_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    running = Portal(f"http://localhost:{port}", folder)
    try:
        _wait_for(running, process)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait_for(running: Portal, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(process.stderr.read().decode() if process.stderr else "stopped")
        try:
            if all(loopback.get(f"{running.origin}/health/ready").json().values()):
                return
        except (httpx.HTTPError, json.JSONDecodeError):
            pass
        time.sleep(0.2)
    raise AssertionError("the portal was not ready within a minute")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without the parts that nobody sees: it costs a third of the whole browser."""
    path = which("chromium-headless-shell")
    assert path, "Chromium is missing: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Its loop runs in the thread of the tests, those with a database included that come after in this process.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, portal: Portal) -> Iterator[OpenPage]:
    """Open a fresh browser; complains about any request that leaves this machine and any error of a script."""
    contexts: list[BrowserContext] = []
    strangers: list[str] = []
    errors: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((portal.origin, "data:", "blob:")):
            strangers.append(request.url)

    def open_one(
        language: str = "zh-hant", *, width: int = 1280, dark: bool = False, scripts: bool = True, **more: Any
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 720},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale=_LOCALES[language],
            base_url=f"{portal.origin}/{language}/",
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Security Policy" in message.text else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert strangers == []
    assert errors == []


def fill_login(page: Page, number: str, password: str = PASSWORD) -> None:
    """Type number and password into the login page, which is opened first."""
    page.goto("login/")
    page.fill("#id_number", number)
    page.fill("#id_password", password)


def press(page: Page, text: str = "form.card button.primary") -> None:
    """Press a button and wait for the page that follows."""
    page.click(text)
    page.wait_for_load_state()


def log_in(page: Page, portal: Portal, number: str, mobile: str) -> None:
    """The whole login of a client, up to the menu."""
    known = len(portal.arrived(mobile))
    fill_login(page, number)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.fill("#id_code", portal.next_code(mobile, known))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
