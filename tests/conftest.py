"""Fixtures for every test: clients by name, the carrier at the far end, a broker that nobody misses."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import hypothesis
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from pytest_django import Settings as SettingsWrapper

from accounts import policy
from accounts.hashers import PortalArgon2Hasher
from accounts.models import Customer
from accounts.services.staff import make_roles
from portal import context
from portal.messaging import outbox
from portal.messaging.gateways import calls
from portal.templatetags.fixed import forget
from tests.actors import PASSWORD, Carrier, Handset, Visitor
from tests.audit.owner import rule_off
from tests.clearing import clear
from tests.logged import everything_logged


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long races and faults in full")
    parser.addoption(
        "--split", action="store_true", help="of two runs, on SQLite and on PostgreSQL: what is alike is in one of them"
    )


def pytest_configure(config: pytest.Config) -> None:
    """The same examples in every run, others in a full one; how long one takes on a busy machine says nothing."""
    hypothesis.settings.register_profile("portal", deadline=None, derandomize=not config.getoption("--soak"))
    hypothesis.settings.load_profile("portal")


@pytest.hookimpl(wrapper=True)  # the marks must be there when xdist reads them
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """What shares a portal, a browser or a broker stays in one process when the tests run in several.

    The files with a browser go in turn to two processes, each with a portal of its own; so do those with processes.
    Of two runs, the one on SQLite has what asks neither for the database nor for processes, and the one on PostgreSQL,
    the database of production, what hardly differs between the two.
    """
    if config.getoption("--split"):
        on_postgres = "postgresql" in str(django_settings.DATABASES["default"]["ENGINE"])
        here = _meets_the_database if on_postgres else _differs_on_sqlite
        config.hook.pytest_deselected(items=[item for item in items if not here(item)])
        items[:] = filter(here, items)
    for kind in ("browser", "process"):
        marked = [item for item in items if item.get_closest_marker(kind)]
        files = sorted({item.path for item in marked})
        for item in marked:
            if not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(f"{kind}-{files.index(item.path) % 2}"))
            if kind == "browser":
                item.add_marker(pytest.mark.embedded)
    yield
    if getattr(config.option, "loadgroup", False):
        lost = [item.nodeid for item in items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
        assert not lost, "pytest-xdist groups nothing with this version of pytest"


def _meets_the_database(item: pytest.Item) -> bool:
    return (
        not {"db", "transactional_db"}.isdisjoint(getattr(item, "fixturenames", ()))
        or item.get_closest_marker("django_db") is not None
        or item.get_closest_marker("process") is not None
    )


#: They ask every database in the ORM's words alone, and on SQLite a browser walks through their pages. A file that asks
#: each in its own words is marked `each`.
ONCE = {"approvals", "contacts", "desk", "freezing", "letters", "rebinding", "reset", "twofactor"}


def _differs_on_sqlite(item: pytest.Item) -> bool:
    """Whether the run on PostgreSQL does not say enough. Long tests elsewhere are marked if it does."""
    once = item.path.parent.name in ONCE or item.get_closest_marker("once") is not None
    return not (once and _meets_the_database(item)) or item.get_closest_marker("each") is not None


@pytest.fixture(scope="session")
def soak(pytestconfig: pytest.Config) -> bool:
    """Whether the long runs are wanted in full."""
    return bool(pytestconfig.getoption("--soak"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """SQLite in a file: threads share it as processes do, which a database in memory does not show."""
    database: dict[str, Any] = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The roles of staff are there from the beginning, as after an installation."""
    with django_db_blocker.unblock():
        make_roles()


@pytest.fixture(scope="session", autouse=True)
def clearing_up_as_the_owner(soak: bool) -> Iterator[None]:
    """Tables are emptied after a test that committed; after ten million rows by making the tables anew."""

    def flush_as_the_owner(case: TransactionTestCase) -> None:
        with rule_off():
            flush(case)
        make_roles()

    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_as_the_owner if soak else lambda _: clear())
        yield


@pytest.fixture(autouse=True)
def cheap_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof of work that costs the test nothing; what it proves stays the same."""
    monkeypatch.setattr(policy, "PROOF_COST", 1)
    monkeypatch.setattr(policy, "PROOF_TRIES", 2)


@pytest.fixture(autouse=True)
def static_without_manifest(settings: SettingsWrapper) -> None:
    """Pages render without collected static files."""
    settings.STORAGES = {
        **django_settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def fresh_fragments(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a page is left from a test with another brand, or with everybody frozen."""
    forget()
    monkeypatch.setattr(context._banner, "good_until", 0.0)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything that is logged."""
    with everything_logged() as kept:
        yield kept


@pytest.fixture(autouse=True)
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the messages that a worker was nudged for; tests run the relay themselves."""
    sent: list[str] = []
    monkeypatch.setattr(outbox, "nudge", lambda message_id, **_: sent.append(message_id))
    return sent


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    """A carrier that takes everything, unless a test gives it other answers."""
    far_end = Carrier()
    with httpx.Client(transport=httpx.MockTransport(far_end.handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield far_end


@pytest.fixture
def handset(carrier: Carrier) -> Handset:
    """Reads what the carrier received."""
    return Handset(carrier)


@pytest.fixture(autouse=True)
def cheap_hash(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with the least work, for these tests make many thousand hashes; real processes do it all."""
    if not request.node.get_closest_marker("process"):
        monkeypatch.setattr(PortalArgon2Hasher, "memory_cost", 8)
        monkeypatch.setattr(PortalArgon2Hasher, "time_cost", 1)


@cache
def _hashed(_memory_cost: int) -> str:
    return make_password(PASSWORD)


@pytest.fixture
def password_hash(cheap_hash: None) -> str:
    """The hash of everybody's password, computed once."""
    return _hashed(PortalArgon2Hasher.memory_cost)


@pytest.fixture
def make_client(db: None, password_hash: str) -> Callable[..., Customer]:
    """Make a client with a number and, unless said otherwise, a mobile and an e-mail address."""

    def make(login: str, **fields: object) -> Customer:
        facts = {
            "name": f"Client {login}",
            "mobile": f"+8529{login}0"[:12],
            "email": f"c{login}@example.com",
            "password": password_hash,
            **fields,
        }
        return Customer.objects.create(login=login, **facts)

    return make


@pytest.fixture
def amy(make_client: Callable[..., Customer]) -> Customer:
    """Amy proves herself by text message."""
    return make_client("100001", name="Chan Tai Man Amy", mobile="+85291234567", email="amy@example.com")


@pytest.fixture
def no_mobile(make_client: Callable[..., Customer]) -> Customer:
    """A client without a mobile number."""
    return make_client("100004", mobile="")


@pytest.fixture
def visitor() -> Visitor:
    """A fresh browser, in Traditional Chinese."""
    return Visitor()
