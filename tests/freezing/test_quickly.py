"""How fast the switch and a long list are, with everybody's account on file."""

import time
from collections.abc import Callable
from io import BytesIO
from threading import Event as Signal
from threading import Thread

import pytest
from django.db import connections
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, FreezeCause
from accounts.services import clients, freeze_runs, lockout
from tests.actors import Handset, Visitor
from tests.surveillance import bulk

LONGEST = 5.0  # seconds


@pytest.mark.django_db(transaction=True)
def test_the_switch_takes_effect_within_seconds_whatever_the_number_of_accounts(
    soak: bool, make_client: Callable[..., Customer], handset: Handset, capsys: pytest.CaptureFixture[str]
) -> None:
    """L9: a million accounts, in full runs"""
    accounts = 999_994 if soak else 5_000
    bulk.clients(accounts)
    people = [make_client(f"99999{number}", mobile=f"+852912345{number:02d}") for number in range(4, 10)]
    visitors = [Visitor("en", f"203.0.113.{nth}") for nth in range(len(people))]
    for visitor, client in zip(visitors, people, strict=True):
        assert visitor.log_in(handset, client).headers["Location"] == "/en/home/"
    assert all(visitor.inside for visitor in visitors)

    began = time.monotonic()
    concerned = clients.concerned(timezone.now())
    counted = time.monotonic() - began
    assert (concerned.clients, concerned.sessions) == (accounts + len(people), len(people))

    last_inside: dict[int, float] = {}
    done = Signal()

    def press_on(place: int) -> None:
        while not done.is_set():
            if visitors[place].inside:
                last_inside[place] = time.monotonic()
        connections.close_all()

    threads = [Thread(target=press_on, args=[place]) for place in range(len(visitors))]
    for thread in threads:
        thread.start()
    done.wait(0.5)
    thrown = time.monotonic()
    assert lockout.freeze_all(reason="drill", actor=None, now=timezone.now())
    written = time.monotonic() - thrown
    done.wait(1)
    done.set()
    for thread in threads:
        thread.join()
    longest = max(moment - thrown for moment in last_inside.values())
    with capsys.disabled():
        if soak:
            print(
                f"\n{concerned.clients} accounts: counted in {counted:.2f} s, switched in {written:.3f} s, "
                f"the last page from inside {longest:.3f} s after"
            )
    assert len(last_inside) == len(visitors)
    assert longest < LONGEST
    assert counted < LONGEST
    assert not any(visitor.inside for visitor in visitors)


@pytest.mark.django_db(transaction=True)
def test_a_bite_of_a_long_list_fits_into_a_run_of_the_task(soak: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """L9: a task of more than a minute would be given to a second worker"""
    accounts = policy.FREEZE_RUN_ROWS if soak else 1_000
    bulk.clients(accounts)
    content = "".join(f"{number:06d}\n" for number in range(accounts)).encode()
    began = time.monotonic()
    with bulk.measured() as memory:
        run = freeze_runs.check(BytesIO(content), cause=FreezeCause.FRAUD, staff=None, now=timezone.now())
    read = time.monotonic() - began
    freeze_runs.confirm(run, staff=None, reason="drill", now=timezone.now())
    began = time.monotonic()
    frozen = freeze_runs.work_off()
    took = time.monotonic() - began
    with capsys.disabled():
        if soak:
            print(
                f"\n{accounts} lines: read in {read:.1f} s, {memory.ours / 1e6:.0f} MB; {frozen} frozen in {took:.1f} s"
            )
    assert run.open == accounts
    assert frozen == min(accounts, policy.FREEZE_RUN_BITE)
    assert read < 60
    assert took < 60
