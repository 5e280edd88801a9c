"""A stage for each test, with a fresh copy of a migrated database."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests.faults.carrier import crooked_carrier
from tests.faults.stage import Stage

_POSTGRES = os.environ["DATABASE_URL"].startswith("postgres")


def _database(name: str) -> str:
    """The URL of another database on the server of the suite."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return f"{url.scheme}://{url.netloc}/{name}" + (f"?{url.query}" if url.query else "")


def _create(name: str, template: str = "template1") -> str:
    with psycopg.connect(_database("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return _database(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: sockets stand in it."""
    made = Path(tempfile.mkdtemp(prefix="faults-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Gives a fresh database with every table and one client; its URL."""
    home = tmp_path_factory.mktemp("migrated")
    template = f"faults_{uuid4().hex[:8]}"
    url = _create(template) if _POSTGRES else f"sqlite://{home}/{template}.sqlite3"
    with crooked_carrier() as carrier:
        stage = Stage(home, url, carrier)
        stage.run("manage.py", "migrate", "--verbosity", "0")
        stage.run("-m", "tests.faults.put", "0", "1")

    def copy(folder: Path) -> str:
        if _POSTGRES:
            return _create(f"faults_{uuid4().hex[:8]}", template)
        shutil.copy(home / f"{template}.sqlite3", folder / "portal.sqlite3")
        return f"sqlite://{folder}/portal.sqlite3"

    return copy


@pytest.fixture
def stage(folder: Path, migrated: Callable[[Path], str]) -> Iterator[Stage]:
    """A database and a carrier; a test starts the other processes it needs."""
    with crooked_carrier() as carrier:
        made = Stage(folder, migrated(folder), carrier)
        try:
            yield made
        finally:
            made.close()
