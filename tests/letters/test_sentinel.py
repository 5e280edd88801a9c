"""The code of a letter stands in the file for the printer, and nowhere else."""

import sys

import pytest
from django.core import mail
from django.core.signals import got_request_exception
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.views.debug import ExceptionReporter

from accounts.models import Customer
from portal.letters import codes, letters, printing, typesetting
from portal.letters.models import Kind, Letter, PrintRun
from tests.actors import Handset, run_relay
from tests.desk.steps import Desk
from tests.letters.steps import codes_in, make_letter, pages
from tests.sweeps.test_sentinel import whole_database
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
CODE = "7QXK4M2TB9HD"
SPELLINGS = {CODE, CODE.lower(), "7QXK-4M2T-B9HD", "7QXK 4M2T B9HD"}


@pytest.fixture(autouse=True)
def known_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every code is the sentinel."""
    monkeypatch.setattr(codes, "new_code", lambda: CODE)


def found_in(text: str) -> set[str]:
    """Which spellings stand in a text."""
    return {spelling for spelling in SPELLINGS if spelling in text}


def test_the_code_is_in_the_file_alone(
    clock: Clock, amy: Customer, chan_inside: Desk, handset: Handset, logged: list[str], nudges: list[str],
) -> None:  # fmt: skip
    """C6, T8: printed, confirmed, posted, judged, seen on every page of the desk, and used"""
    letter = make_letter(amy)
    file = chan_inside.post("letters/print/")
    assert [codes_in(page) for page in pages(file.content)] == [[CODE]], "the sentinel was really used"
    run = PrintRun.objects.get()
    chan_inside.post(f"letters/runs/{run.pk}/", {"verdict": "good"})
    chan_inside.post("letters/post/", {"letter": str(letter.pk)})
    judged = letters.judge(amy, Kind.REBINDING, CODE, now=timezone.now())
    assert judged.letter is not None
    shown = [
        chan_inside.get(path).content.decode()
        for path in (
            "letters/?show=posted",
            f"letters/{letter.pk}/",
            f"letters/runs/{run.pk}/",
            f"accounts/customer/{amy.pk}/",
            f"accounts/customer/{amy.pk}/timeline/",
        )
    ]
    letters.use(judged.letter, now=timezone.now())
    run_relay()
    assert found_in(whole_database()) == set()
    assert found_in(str(Letter.objects.get().content)) == set()
    assert found_in("\n".join(logged)) == set()
    assert logged
    assert found_in("\n".join(shown)) == set()
    assert found_in("\n".join([str(message.body) for message in mail.outbox] + handset.texts(amy.mobile))) == set()
    assert mail.outbox
    assert found_in("\n".join(nudges)) == set()
    assert found_in(repr(printing.Started(run, file.content))) == set()


def test_the_statements_that_reach_the_database_hold_no_code(amy: Customer, chan: Customer, clock: Clock) -> None:
    """C6: also not in the log of a database that logs every statement"""
    make_letter(amy)
    seen: list[str] = []

    def watch(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        seen.append(f"{sql} {params}")
        return execute(sql, params, many, context)  # type: ignore[operator]

    with connection.execute_wrapper(watch):
        assert printing.start(chan, now=timezone.now()) is not None
    assert found_in("\n".join(seen)) == set()
    assert any("code_digest" in each for each in seen)


@pytest.mark.parametrize("what", ["the typesetter", "the answer"])
def test_the_report_of_a_fault_while_printing_holds_no_code(
    what: str, clock: Clock, amy: Customer, chan_inside: Desk, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """C6: Django's report has every local variable of every frame"""
    make_letter(amy)
    reports: list[str] = []

    def broken(*told: object, **more: object) -> object:
        raise RuntimeError("boom")

    def report(request: HttpRequest, **_: object) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    if what == "the typesetter":
        monkeypatch.setattr(typesetting, "typeset", broken)
    else:
        monkeypatch.setattr("portal.desk.letter_runs.HttpResponse", broken)
    got_request_exception.connect(report)
    chan_inside.client.raise_request_exception = False
    assert chan_inside.post("letters/print/").status_code == 500
    got_request_exception.disconnect(report)
    assert "boom" in reports[0]
    assert found_in("\n".join(reports)) == set()
    assert found_in("\n".join(logged)) == set()
