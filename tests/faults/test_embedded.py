"""The embedded portal, started and ended for real: what `make run` promises."""

import json
import os
import signal
import smtplib
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest

from portal.demo import children, house
from portal.demo.children import Household, Plan
from portal.demo.house import House, Refusal
from tests import loopback

pytestmark = [pytest.mark.process, pytest.mark.embedded, pytest.mark.xdist_group("embedded")]

#: Seconds for a start, which takes three when nothing else runs: other tests run beside these.
_PATIENCE = 60
BASE_DIR = Path(__file__).resolve().parents[2]


class Portal:
    """One `python -m portal.demo.embedded`, and all that it started."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.origin = f"http://localhost:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.demo.embedded"],
            cwd=BASE_DIR,
            env={**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def family(self) -> list[psutil.Process]:
        """The processes below the supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def serving(self) -> bool:
        try:
            return loopback.get(f"{self.origin}/en/login/").is_success
        except httpx.HTTPError:
            return False

    def environment(self) -> dict[str, str]:
        """What the supervisor gave to its children."""
        (carrier,) = [each for each in self.family() if "portal.demo.carrier" in each.cmdline()]
        return carrier.environ()

    def handset(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = loopback.get(f"{self.origin}/demo/handset.json").json()
        return found

    def end(self) -> str:
        """Stop it whatever state it is in; what it printed."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=20)[0]


def wait_for(reached: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    running = Portal(tmp_path_factory.mktemp("var"), free_port())
    try:
        assert wait_for(running.serving, _PATIENCE), running.end()
        yield running
    finally:
        running.end()


def refusal(**environment: str) -> str:
    """What the supervisor says when it does not start: exactly one line, and exit code 1."""
    ended = subprocess.run(
        [sys.executable, "-m", "portal.demo.embedded"],
        cwd=BASE_DIR,
        env={**os.environ, "PORT": str(free_port()), **environment},
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    return ended.stderr.strip()


# --- Running ------------------------------------------------------------------------------------------------


def test_both_loopback_addresses_answer(portal: Portal) -> None:
    port = portal.origin.rpartition(":")[2]
    assert loopback.get(f"http://127.0.0.1:{port}/health/live").is_success
    if socket.has_ipv6 and Path("/proc/net/if_inet6").read_text(encoding="ascii").strip():
        assert loopback.get(f"http://[::1]:{port}/health/live").is_success


def test_it_gets_ready_with_worker_and_broker(portal: Portal) -> None:
    """O3"""
    assert wait_for(lambda: loopback.get(f"{portal.origin}/health/ready").is_success, _PATIENCE)


def test_metrics_are_served_on_an_address_of_their_own(portal: Portal) -> None:
    """O3"""
    address = portal.environment()["METRICS_ADDRESS"]
    assert address.startswith("127.0.0.1:")
    deadline = time.monotonic() + _PATIENCE  # the first figure comes with the first sweep
    while "portal_" not in loopback.get(f"http://{address}/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert loopback.get(f"{portal.origin}/metrics").status_code == httpx.codes.NOT_FOUND


def test_an_sms_arrives_once_and_stands_on_the_handset(portal: Portal) -> None:
    given = portal.environment()
    message = {
        "reference": str(uuid.uuid4()),
        "to": "+85291234567",
        "from": "#Demo",
        "text": "驗證碼 012345",
        "validity": 180,
    }
    headers = {"Authorization": f"Bearer {given['SMS_HTTP_TOKEN']}"}
    with httpx.Client(trust_env=False, headers=headers) as client:
        first = client.post(given["SMS_HTTP_URL"], json=message)
        again = client.post(given["SMS_HTTP_URL"], json=message)
        refused = client.post(given["SMS_HTTP_URL"], json={**message, "to": "+85291230000"})
        forged = client.post(given["SMS_HTTP_URL"], json=message, headers={"Authorization": "Bearer x"})
    assert [each.status_code for each in (first, again, refused, forged)] == [202, 200, 422, 401]
    assert first.json() == again.json()
    arrived = [each for each in portal.handset() if each["text"] == message["text"]]
    assert len(arrived) == 1
    assert arrived[0].items() >= {"channel": "sms", "to": "+85291234567"}.items()
    assert arrived[0]["received_at"].endswith("+00:00")


def test_an_e_mail_stands_on_the_handset_with_subject_and_body(portal: Portal) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "登入通知", "no-reply@portal.example", "amy@client.example"
    mail.set_content("今天有一次登入。\n")
    with smtplib.SMTP("127.0.0.1", int(portal.environment()["EMAIL_PORT"]), timeout=10) as server:
        server.send_message(mail)
    newest = next(each for each in portal.handset() if each["channel"] == "email")
    assert (newest["to"], newest["text"]) == ("amy@client.example", "登入通知\n\n今天有一次登入。")
    page = loopback.get(f"{portal.origin}/demo/handset/")
    assert "今天有一次登入。" in page.text
    assert "no-store" in page.headers["Cache-Control"]


def test_secrets_are_private_and_stand_in_no_log(portal: Portal) -> None:
    """T3"""
    secrets = portal.data_dir / "secrets.env"
    for private in (secrets, portal.data_dir / "demo.json", portal.data_dir / "portal.sqlite3"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE((portal.data_dir / "valkey").stat().st_mode) == 0o700
    logs = "".join(log.read_text(encoding="utf-8") for log in (portal.data_dir / "log").iterdir())
    for line in secrets.read_text(encoding="ascii").split():
        assert line.partition("=")[2] not in logs


def test_a_second_start_in_the_same_folder_is_refused(portal: Portal) -> None:
    said = refusal(DATA_DIR=str(portal.data_dir))
    assert said == (
        f"The portal is already running on {portal.data_dir} (process {portal.process.pid}): stop it first."
    )


def test_a_web_server_that_falls_is_started_again(portal: Portal) -> None:
    (web,) = [each for each in portal.family() if "gunicorn" in each.cmdline() and each.ppid() == portal.process.pid]
    web.kill()
    assert wait_for(lambda: not portal.serving(), 5)
    assert wait_for(portal.serving, _PATIENCE)


# --- Ending -------------------------------------------------------------------------------------------------


def test_a_killed_supervisor_takes_everybody_along_and_a_new_one_goes_on(tmp_path: Path) -> None:
    first = Portal(tmp_path / "var", free_port())
    try:
        assert wait_for(first.serving, _PATIENCE), first.end()
        assert wait_for(lambda: len(first.family()) >= 8, _PATIENCE)  # five and the web server with two workers
        family = first.family()
        first.process.kill()
        assert wait_for(lambda: all_gone(family), 5), [each.cmdline() for each in family if each.is_running()]
    finally:
        first.end()
    second = Portal(first.data_dir, free_port())
    try:
        assert wait_for(second.serving, _PATIENCE), second.end()
        assert wait_for(lambda: len(second.family()) >= 8, _PATIENCE)  # the last is there, and then it says so
        family = second.family()
        second.process.send_signal(signal.SIGINT)
        said, _ = second.process.communicate(timeout=10)
        assert second.process.returncode == 0
        assert all_gone(family)
    finally:
        second.end()
    assert f"{second.origin}/demo/handset/" in said
    people = json.loads((second.data_dir / "demo.json").read_text(encoding="utf-8"))
    assert all(each["seed"] in said for each in [*people["staff"], *people["clients"]])
    assert [each["login"] for each in people["clients"] if each["seed"]] == ["100002"]
    assert "100001" in said
    assert people["password"] in said
    for line in (second.data_dir / "secrets.env").read_text(encoding="ascii").split():
        assert line.partition("=")[2] not in said


def test_who_falls_five_times_at_once_ends_the_rest_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.01)
    household = Household(tmp_path)
    log = tmp_path / "web.log"
    before = set(psutil.Process().children())
    household.add(Plan("The scheduler", ("sleep", "60"), os.environ, tmp_path / "beat.log"))
    household.add(Plan("The web server", ("false",), os.environ, log))
    family = [each for each in psutil.Process().children() if each not in before]
    try:
        with pytest.raises(Refusal, match=r"^The web server stopped 5 times in a row .*web\.log says why\.$"):
            household.until(lambda: False, 20)
    finally:
        household.stop()
    assert all_gone(family)


# --- Refusing -----------------------------------------------------------------------------------------------


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refusal(DATA_DIR=str(tmp_path / "var"), PORT=str(port))
    assert said == f"Port {port} is taken by another program: stop it, or run PORT={port + 1} make run."


def test_a_port_that_is_none_is_said_in_one_sentence(tmp_path: Path) -> None:
    said = refusal(DATA_DIR=str(tmp_path / "var"), PORT="http")
    assert said == "PORT must be a number from 1 to 65535, not 'http'."


def test_a_file_for_a_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    assert "is a file: name a folder." in refusal(DATA_DIR=str(tmp_path / "var"))


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence() -> None:
    assert refusal(DATA_DIR="/proc/portal") == "DATA_DIR /proc/portal cannot be written: No such file or directory."


def test_a_broken_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "portal.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(4096))
    assert refusal(DATA_DIR=str(tmp_path)) == (
        f"{tmp_path / 'portal.sqlite3'} is broken: RESET=1 makes new demo data, or put back a copy of it."
    )


def test_a_database_without_its_keys_is_said_in_one_sentence(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "portal.sqlite3").execute("CREATE TABLE row (id)").connection.close()
    assert refusal(DATA_DIR=str(tmp_path)) == (
        f"{tmp_path / 'secrets.env'} with the keys of portal.sqlite3 is gone: "
        "put it back, or RESET=1 makes new demo data."
    )


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=house.LEAST_FREE - 1))
    with pytest.raises(Refusal, match=r"^The disk of .* is full: at least 100 MB must be free there\.$"):
        House(tmp_path).take()


def test_a_reset_leaves_alone_what_the_portal_did_not_make(tmp_path: Path) -> None:
    home = House(tmp_path)
    home.take()
    home.keys()
    ours = [home.secrets, home.database, home.handset, home.logs / "web.log", home.metrics / "counter_1.db"]
    theirs = [tmp_path / "thesis.odt", home.logs / "notes.txt", tmp_path / "static" / "poster.png"]
    (tmp_path / "static").mkdir()
    for file in ours + theirs:
        file.touch()
    home.reset()
    assert not any(file.exists() for file in ours)
    assert all(file.exists() for file in theirs)
