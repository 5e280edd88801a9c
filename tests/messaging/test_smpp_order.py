"""Who goes first over the bind, where a contract or a window makes texts wait for each other."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from portal.messaging.gateways import smpp as gateway
from portal.messaging.gateways.base import Envelope, Unavailable
from portal.messaging.gateways.smpp import SmppGateway
from portal.messaging.smpp.line import Line
from tests.messaging.smpp import Carrier, account, bound, carrier

_NOTICES = 20


@pytest.fixture
def far_end() -> Iterator[Carrier]:
    """The carrier."""
    with carrier() as made:
        yield made


@pytest.fixture
def open_bind(tmp_path: Path, far_end: Carrier, settings: Settings) -> Callable[..., AbstractContextManager[Any]]:
    """Bind with the facts of the test."""

    def make(**changes: Any) -> AbstractContextManager[Any]:
        settings.SMS_SMPP = account(tmp_path, far_end.port, **changes)
        gateway._idle.clear()
        return bound(settings.SMS_SMPP, lambda _: True)

    return make


def _hand_over(reference: str, *, is_code: bool = False) -> str:
    text = f"code {reference}" if is_code else f"notice {reference}"
    return SmppGateway().send(Envelope(reference, "+85291234567", text, validity=90, is_code=is_code), 15.0)


@pytest.mark.parametrize("contract", [{"rate": 4}, {"rate": 4, "window": 1}])
def test_a_code_waits_for_one_notice_at_most_when_the_contract_lets_few_through(
    contract: dict[str, int], far_end: Carrier, open_bind: Callable[..., AbstractContextManager[Any]]
) -> None:
    """S4: login codes overtake notices, also where all of them share one bind"""
    with open_bind(**contract), ThreadPoolExecutor(_NOTICES + 1) as hands:
        notices = [hands.submit(_hand_over, f"n{nth}") for nth in range(_NOTICES)]
        far_end.wait("submit", 3)
        code = hands.submit(_hand_over, "c", is_code=True)
        code.result(15)
        before = [each["text"] for each in far_end.all("submit")]
        assert all(notice.result(15) for notice in notices)
    assert before.index("code c") <= 5, "what was under way, and one"
    assert len(far_end.all("submit")) == _NOTICES + 1


def test_whoever_gives_up_in_the_line_keeps_nobody_waiting() -> None:
    """S4: a text whose time is over leaves, and the next one goes"""

    async def run() -> list[str]:
        line, done = Line(), list[str]()
        begun = asyncio.Event()

        async def stand(name: str, *, is_code: bool = False, seconds: float = 0.05, patience: float = 5) -> None:
            try:
                async with asyncio.timeout(patience), line.counter(is_code=is_code):
                    begun.set()
                    await asyncio.sleep(seconds)
                    done.append(name)
            except TimeoutError:
                done.append(f"{name} left")

        first = asyncio.create_task(stand("first"))
        await begun.wait()
        rest = [
            asyncio.create_task(stand("notice")),
            asyncio.create_task(stand("hasty code", is_code=True, patience=0.01)),
            asyncio.create_task(stand("slow code", is_code=True, seconds=5, patience=0.2)),
            asyncio.create_task(stand("code", is_code=True)),
        ]
        await asyncio.gather(first, *rest)
        return done

    with ThreadPoolExecutor(1) as own:  # a browser test may have left a loop in this thread
        done = own.submit(asyncio.run, run()).result()
    assert done == ["hasty code left", "first", "slow code left", "code", "notice"]


def test_a_notice_that_gets_no_turn_in_time_is_told_so(
    far_end: Carrier, open_bind: Callable[..., AbstractContextManager[Any]]
) -> None:
    """S4: the worker hears it and comes again, instead of holding its slot"""
    with open_bind(rate=1):
        _hand_over("n0")
        _hand_over("n1")
        with pytest.raises(Unavailable, match=r"too slow|no answer"):
            SmppGateway().send(Envelope("n2", "+85291234567", "notice", validity=90), 0.2)
