"""A day of letters: how long it takes, what it needs, and that nothing of it stays behind."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from portal.letters import codes, policy, typesetting
from portal.letters.models import Kind
from portal.letters.typesetting import Sheet, letters
from tests.letters.pdf import text_of

LETTERS, SECONDS, MEGABYTES = 5_000, 60.0, 500.0  # of a whole day, in runs as large as one may be
_SIGNS = [chr(number) for number in range(0x4E00, 0x9FA6)]


def sheets(count: int, seed: int) -> Iterator[Sheet]:
    """Letters to people of whom no two live at the same place; every other one reads English."""
    dice = random.Random(seed)
    for number in range(count):
        chinese = number % 2 == 0
        street = "".join(dice.sample(_SIGNS, 24)) if chinese else f"Flat {number}, Block {dice.random()}, Garden Estate"
        yield Sheet(
            kind=Kind.REBINDING if number % 3 else Kind.PASSWORD,
            reference=f"R{number:07d}",
            name="".join(dice.sample(_SIGNS, 3)) if chinese else f"CHAN, Tai Man {number}",
            address=f"{street}\n{dice.random()} Sha Tin Centre Street, Sha Tin\nNew Territories\nHONG KONG",
            language="zh-hant" if chinese else "en",
            code=codes.new_code(),
            tail=f"{number % 100:02d}",
            printed_on=date(2026, 11, 26),
            valid_until=date(2026, 12, 26),
        )


class Peak:
    """The most memory that a typesetter held, in megabytes."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    def look(self) -> None:
        """Look at whatever children of this process are typesetters."""
        for child in psutil.Process().children():
            try:
                if any("typesetter.py" in word for word in child.cmdline()):
                    self.megabytes = max(self.megabytes, child.memory_info().rss / 1e6)
            except psutil.Error:
                continue


def worked() -> float:
    """Seconds of a processor that children of this process took which have ended."""
    spent = psutil.Process().cpu_times()
    return spent.children_user + spent.children_system


@contextmanager
def watched() -> Iterator[Peak]:
    peak, done = Peak(), Event()

    def keep_looking() -> None:
        while not done.wait(0.01):
            peak.look()

    thread = Thread(target=keep_looking)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def test_the_letters_of_a_day_are_typeset_in_a_minute_and_in_little_memory(
    soak: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """T8"""
    runs, size = (LETTERS // policy.RUN, policy.RUN) if soak else (1, 25)
    batches = [list(sheets(size, seed)) for seed in range(runs)]
    began, before = time.monotonic(), worked()
    with watched() as peak:
        files = [letters(batch) for batch in batches]
    taken = time.monotonic() - began
    with capsys.disabled():
        if soak:
            print(
                f"\n{runs * size} letters in {runs} runs: {taken:.1f} s, of which {worked() - before:.1f} s of a "
                f"processor; {peak.megabytes:.0f} MB at most"
            )
    pages = text_of(files[-1])
    assert len(pages) == size
    for sheet, page in zip(batches[-1], pages, strict=True):
        assert page.count(codes.grouped(sheet.code)) == 1
    assert 20 < peak.megabytes < MEGABYTES
    assert taken < SECONDS


def test_the_typesetter_can_write_no_file(tmp_path: Path) -> None:
    """C6: neither it nor the kernel for it."""
    target = tmp_path / "kept"
    program = (
        "import runpy, sys\n"
        "runpy.run_path(sys.argv[1])['leave_no_trace']()\n"
        "open(sys.argv[2], 'wb', buffering=0).write(b'K7QM')\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, typesetting._TYPESETTER, target], capture_output=True, check=False
    )
    assert b"File too large" in done.stderr
    assert target.read_bytes() == b""


def test_the_typesetter_forgets_everything_by_ending() -> None:
    """C6"""
    letters(list(sheets(1, 0)))
    peak = Peak()
    peak.look()
    assert peak.megabytes == 0


def test_no_secret_of_ours_reaches_the_typesetter(monkeypatch: pytest.MonkeyPatch) -> None:
    """C6: neither by its arguments, which every process of the machine can read, nor by its environment."""
    calls: list[tuple[list[str], dict[str, str]]] = []
    run = subprocess.run

    def watch(command: list[str], **given: object) -> object:
        calls.append((command, given["env"]))  # type: ignore[arg-type]
        return run(command, **given)  # type: ignore[call-overload]

    monkeypatch.setattr(typesetting.subprocess, "run", watch)  # type: ignore[attr-defined]
    [sheet] = sheets(1, 0)
    letters([sheet])
    [(command, environment)] = calls
    assert not any(sheet.code in word or sheet.name in word for word in command)
    assert list(environment) == ["RAYON_NUM_THREADS"]
