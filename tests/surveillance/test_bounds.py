"""The report takes little memory, whatever the number of attempts."""

import time
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from accounts.models import Finding, FindingClient, FindingKind
from accounts.services import surveillance
from tests.surveillance import bulk

MIDNIGHT = datetime(2035, 11, 17, 16, 0, tzinfo=UTC)
MOST = 300 * 1024**2


@pytest.mark.django_db(transaction=True)
def test_the_report_takes_little_memory_whatever_the_number_of_attempts(
    soak: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """L11: ten million attempts on a day, in full runs"""
    number, accounts = (10_000_000, 500_009) if soak else (30_000, 1_511)
    first = bulk.clients(accounts)
    bulk.attempts(number, first=first, accounts=accounts, start=MIDNIGHT)
    began = time.monotonic()
    with bulk.measured() as memory:
        report = surveillance.make(date(2035, 11, 18), now=timezone.now())
    with capsys.disabled():
        if soak:
            print(
                f"\n{number} attempts: {time.monotonic() - began:.1f} s, {memory.ours / 1e6:.0f} MB here, "
                f"{memory.theirs / 1e6:.0f} MB in the database's process"
            )
    assert report is not None
    assert report.attempts == number
    assert memory.ours + memory.theirs < MOST
    assert report.totals[FindingKind.ACCOUNTS_OF_ADDRESS] == 10
    assert Finding.objects.count() <= 50 * len(FindingKind)
    assert 0 < FindingClient.objects.count() <= 50 * 20 * len(FindingKind)
