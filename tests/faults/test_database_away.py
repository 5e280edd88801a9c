"""Without its database the portal says so and lets nobody in."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.faults.browser import Browser
from tests.faults.carrier import crooked_carrier
from tests.faults.stage import ROOT, Stage, until

pytestmark = pytest.mark.process

_POSTGRES = os.environ["DATABASE_URL"].startswith("postgres")
_PAGES = ("/en/login/verify/", "/en/home/", "/zh-hant/service/activity/", "/en/login/delivery/", "/")


def nobody_gets_in(browser: Browser, stranger: Browser) -> None:
    """Every page of a session is the plain 503, and neither password nor code opens anything."""
    with ThreadPoolExecutor(4) as threads:  # a server that waits for its database takes seconds for each
        pages = [threads.submit(browser.http.get, path) for path in _PAGES]
        forms = [threads.submit(stranger.password_step), threads.submit(browser.code_step, "123456")]
    for path, done in zip(_PAGES, pages, strict=True):
        answer = done.result()
        assert answer.status_code == 503, f"{path}: {answer.status_code}"
        assert "nobody can log in" in answer.text
        assert "Traceback" not in answer.text
        assert "Retry-After" in answer.headers
    tried = [done.result() for done in forms]
    assert [answer.status_code for answer in tried] == [503, 503]
    assert not any("client" in answer.headers.get("Set-Cookie", "") for answer in tried)
    assert stranger.http.get("/health/live").status_code == 200
    assert stranger.http.get("/health/ready").status_code == 503
    assert stranger.http.get("/en/help/faq/").status_code == 200, "help stands without a database"


def no_page_breaks(browser: Browser) -> None:
    """What is answered outside a view is no crash either: a form that is too old, an address that is not there."""
    assert browser.http.get("/en/nowhere/").status_code in {404, 503}
    assert browser.http.post("/en/login/verify/", data={"code": "123456"}).status_code in {403, 503}
    assert browser.http.get("/staff/").status_code in {302, 503}


def two_visitors(stage: Stage) -> tuple[Browser, Browser]:
    """A client inside, and somebody who has just opened the login page."""
    inside, stranger = Browser(stage.origin), Browser(stage.origin)
    inside.timed_password_step()
    stage.worker()
    stage.beat()
    until(lambda: stage.carrier.texts, "the code is there")
    inside.code_step(stage.carrier.code(inside.reference))
    assert inside.inside
    stage.kill("worker")
    stage.kill("beat")
    inside.open("/en/home/")
    stranger.open_login()
    return inside, stranger


def break_file(stage: Stage, damage: str) -> None:
    """What happens to a file when a disk or a hand goes wrong."""
    file = Path(stage.database_url.removeprefix("sqlite://"))
    for beside in file.parent.glob(f"{file.name}-*"):
        beside.unlink()
    match damage:
        case "garbage":
            file.write_bytes(b"garbage " * 4096)
        case "gone":
            file.unlink()
        case "cut":
            file.write_bytes(file.read_bytes()[:5000])


@pytest.mark.skipif(_POSTGRES, reason="about a file of SQLite")
@pytest.mark.parametrize("damage", ["garbage", "gone", "cut"])
def test_a_broken_database_file_lets_nobody_in(stage: Stage, damage: str) -> None:
    """C7"""
    stage.redis()
    stage.web()
    inside, stranger = two_visitors(stage)
    stage.kill("web")
    break_file(stage, damage)
    stage.web()
    nobody_gets_in(inside, stranger)


@pytest.mark.skipif(_POSTGRES, reason="about a file of SQLite")
def test_without_a_database_no_page_breaks(stage: Stage) -> None:
    """C7"""
    stage.redis()
    stage.web()
    inside, _ = two_visitors(stage)
    stage.kill("web")
    break_file(stage, "gone")
    stage.web()
    no_page_breaks(inside)


@pytest.fixture
def own_cluster(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A PostgreSQL of this test's own, to be stopped while the portal runs: the process that keeps it, and its URL."""
    said = folder / "url"
    keeper = subprocess.Popen(
        ["sh", str(ROOT / "tests" / "postgres.sh"), "sh", "-c", f'printf %s "$DATABASE_URL" >{said}; exec cat'],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lambda: said.exists() and said.read_text(), "PostgreSQL runs")
    yield keeper, said.read_text()
    _stop(keeper)


def _stop(keeper: "subprocess.Popen[bytes]") -> None:
    """The keeper ends when nobody speaks to it any more, and takes its PostgreSQL with it."""
    if keeper.stdin and not keeper.stdin.closed:
        keeper.stdin.close()
    keeper.wait(30)


@pytest.mark.skipif(not _POSTGRES, reason="about PostgreSQL")
def test_a_postgresql_that_stops_lets_nobody_in(
    folder: Path, own_cluster: tuple["subprocess.Popen[bytes]", str]
) -> None:
    """C7"""
    keeper, url = own_cluster
    with crooked_carrier() as carrier:
        stage = Stage(folder, url, carrier)
        try:
            stage.run("manage.py", "migrate", "--verbosity", "0")
            stage.run("-m", "tests.faults.put", "0", "1")
            stage.redis()
            stage.web()
            inside, stranger = two_visitors(stage)
            _stop(keeper)
            nobody_gets_in(inside, stranger)
            no_page_breaks(inside)
        finally:
            stage.close()


@pytest.mark.skipif(not _POSTGRES, reason="about PostgreSQL")
def test_a_postgresql_that_comes_back_is_found_again(stage: Stage) -> None:
    """C7: a client who was inside still is."""
    stage.redis()
    stage.web()
    inside, stranger = two_visitors(stage)
    name = stage.database_url.split("///")[1].split("?")[0]
    admin = stage.database_url.replace(name, "postgres", 1)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        assert inside.http.get("/en/home/").status_code == 503
        assert stranger.password_step().status_code == 503
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    until(lambda: inside.inside, "the portal finds its database again")
