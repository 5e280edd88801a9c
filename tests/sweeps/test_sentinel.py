"""A code and a password that can be recognised are used everywhere; afterwards neither is found anywhere."""

import secrets
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.db import connection
from django.http import HttpRequest
from django.views.debug import ExceptionReporter
from prometheus_client import generate_latest

from accounts.models import Customer
from accounts.services import login, password
from tests.accounts.steps import choose
from tests.actors import Handset, Visitor, run_relay, solve
from twofactor.methods import codes
from twofactor.services import challenges

pytestmark = pytest.mark.django_db
CODE, PICTURE = "739184", "284719"
PASSWORD, NEW, TYPO = "Sentinel-Harbour-4711", "Sentinel-Lantern-4712", "Sentinel-Mistyped-4713"
SECRETS = (CODE, PICTURE, PASSWORD, NEW, TYPO)
Form = tuple[str, dict[str, str]]


@pytest.fixture
def known_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every code is the sentinel, and so is every picture."""
    monkeypatch.setattr(codes, "_new_code", lambda: CODE)
    digits = iter(PICTURE * 10_000)
    monkeypatch.setattr(secrets, "choice", lambda letters: next(digits) if len(letters) == 10 else letters[0])


@pytest.fixture
def sentinel_amy(amy: Customer) -> Customer:
    amy.password = make_password(PASSWORD)
    amy.save()
    return amy


def whole_database() -> str:
    """Every column of every row of every table, as text."""
    kept: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    raw = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    kept.append(f"{table}.{name}={raw}")
    return "\n".join(kept)


def figures() -> str:
    """What is measured. When a figure was begun is left out: a moment may by chance have the digits of a code."""
    lines = generate_latest().decode().splitlines()
    return "\n".join(line for line in lines if "_created" not in line)


def assert_nowhere(where: str, text: str) -> None:
    """No secret in the text. A number of six digits may stand inside a longer one by chance."""
    for secret in SECRETS:
        for line in text.splitlines():
            if secret in line and not (secret.isdigit() and _inside_a_longer_number(secret, line)):
                raise AssertionError(f"{where}: {secret} in {line[:300]}")


def _inside_a_longer_number(secret: str, line: str) -> bool:
    """Timestamps in microseconds and digests hold any six digits sooner or later."""
    before, _, after = line.partition(secret)
    return before[-1:].isalnum() or after[:1].isalnum()


def journey(visitor: Visitor, amy: Customer, handset: Handset, clock: time_machine.Traveller) -> None:
    """Mistype, log in, resend, change the password, and leave."""
    visitor.password_step(amy.login, TYPO)
    visitor.password_step(amy.login, PASSWORD)
    visitor.get("login/verify/")
    clock.shift(61)
    visitor.post("login/resend/")
    visitor.code_step("000001")
    assert visitor.code_step(CODE).headers["Location"] == "/zh-hant/home/"
    clock.shift(61)
    visitor.get("service/password/")
    visitor.post("service/prove/", {"password": TYPO})
    visitor.post("service/prove/", {"password": PASSWORD})
    visitor.post("service/prove/code/", {"code": CODE})
    visitor.post("service/password/", {"new_password": NEW, "repeat_password": TYPO})
    assert choose(visitor, NEW).headers["Location"] == "/zh-hant/home/"
    visitor.post("logout/")
    Visitor("en").password_step(amy.login, NEW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("known_secrets")
def test_no_code_and_no_password_is_kept_or_told_anywhere(
    sentinel_amy: Customer, handset: Handset, nudges: list[str], logged: list[str], clock: time_machine.Traveller,
    tmp_path: Path,
) -> None:  # fmt: skip
    """C6"""
    visitor = Visitor()
    journey(visitor, sentinel_amy, handset, clock)
    assert_nowhere("database before sending", whole_database())
    assert any(text.startswith(CODE) for text in handset.texts(sentinel_amy.mobile)), "the sentinel was really used"

    file = tmp_path / "accounts.csv"
    file.write_text(f"number,name,password_hash\n100009,Lee,{make_password(PASSWORD)}\n100010,Wu,{PASSWORD}\n")
    out = StringIO()
    call_command("import_accounts", str(file), stdout=out, stderr=out)

    run_relay()
    assert_nowhere("database", whole_database())
    assert_nowhere("log", "\n".join(logged))
    assert logged
    assert nudges
    assert_nowhere("task arguments", "\n".join(nudges))
    assert_nowhere("e-mail", "\n".join(f"{message.subject}\n{message.body}" for message in mail.outbox))
    assert mail.outbox
    assert_nowhere("import report", out.getvalue())
    assert_nowhere("cookies", str(visitor.client.cookies))


def test_an_error_report_shows_nothing_that_was_typed(
    sentinel_amy: Customer, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """C6"""

    def broken(customer: Customer | None, password: str) -> bool:
        raise RuntimeError("boom")

    monkeypatch.setattr(login, "password_matches", broken)
    visitor = Visitor()
    visitor.client.raise_request_exception = False
    page = visitor.password_step(sentinel_amy.login, PASSWORD)
    assert page.status_code == 500
    assert_nowhere("page", page.content.decode())
    assert any("boom" in line for line in logged), "the fault itself is on record"
    assert_nowhere("log", "\n".join(logged))


def at_login(visitor: Visitor, amy: Customer, handset: Handset, clock: time_machine.Traveller) -> Form:
    page = visitor.get("login/").content.decode()
    return "login/", {"number": amy.login, "password": PASSWORD, "altcha": solve(page)}


def at_the_code(visitor: Visitor, amy: Customer, handset: Handset, clock: time_machine.Traveller) -> Form:
    visitor.password_step(amy.login, PASSWORD)
    return "login/verify/", {"code": CODE}


def when_proving(visitor: Visitor, amy: Customer, handset: Handset, clock: time_machine.Traveller) -> Form:
    at_the_code(visitor, amy, handset, clock)
    visitor.code_step(handset.code(amy.mobile))
    clock.shift(61)
    visitor.get("service/password/")
    return "service/prove/", {"password": PASSWORD}


def at_the_code_when_proving(visitor: Visitor, amy: Customer, handset: Handset, clock: time_machine.Traveller) -> Form:
    visitor.post(*when_proving(visitor, amy, handset, clock))
    return "service/prove/code/", {"code": CODE}


def when_choosing(visitor: Visitor, amy: Customer, handset: Handset, clock: time_machine.Traveller) -> Form:
    visitor.post(*at_the_code_when_proving(visitor, amy, handset, clock))
    return "service/password/", {"new_password": NEW, "repeat_password": NEW}


@pytest.mark.parametrize(
    ("lead", "module", "breaks"),
    [
        (at_login, login, "password_matches"),
        (at_the_code, challenges, "verify"),
        (when_proving, login, "password_matches"),
        (at_the_code_when_proving, challenges, "verify"),
        (when_choosing, password, "validate_password"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
@pytest.mark.usefixtures("known_secrets")
def test_the_report_of_a_fault_holds_no_form_and_no_local_variable(
    lead: Callable[..., Form], module: ModuleType, breaks: str, sentinel_amy: Customer, handset: Handset,
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """C6: the report that Django can make of a fault while a secret is being judged"""
    visitor = Visitor("en")
    path, form = lead(visitor, sentinel_amy, handset, clock)
    reports: list[str] = []

    def broken(*told: object, **more: object) -> object:
        kept = told, more  # a local variable, as any function has it
        raise RuntimeError(f"boom {len(kept)}")

    def report(request: HttpRequest, **_: object) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    monkeypatch.setattr(module, breaks, broken)
    got_request_exception.connect(report)
    visitor.client.raise_request_exception = False
    assert visitor.post(path, form).status_code == 500
    got_request_exception.disconnect(report)
    assert "boom" in reports[0]
    for text in reports:
        for secret in SECRETS:
            assert secret not in text


def test_nothing_that_can_be_switched_on_by_accident_shows_reports() -> None:
    """C6, O2"""
    assert settings.DEBUG is False
    assert settings.CELERY_RESULT_BACKEND is None
    assert settings.CELERY_TASK_IGNORE_RESULT
