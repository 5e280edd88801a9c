"""Who hands over next: codes before everything else, and among equals who came first."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    """A line of two classes before one counter. Whoever stands at the counter finishes there; then the next is called,
    so that a code waits for one other text at most."""

    def __init__(self) -> None:
        self._busy = False
        self._codes: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def counter(self, *, is_code: bool) -> AsyncIterator[None]:
        """Stand at the counter, alone. Whoever gives up while waiting leaves the line."""
        if self._busy:
            await self._called(self._codes if is_code else self._others)
        self._busy = True
        try:
            yield
        finally:
            self._next()

    async def _called(self, line: "deque[asyncio.Future[None]]") -> None:
        mine = asyncio.get_running_loop().create_future()
        line.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                line.remove(mine)
            else:
                self._next()  # was called in the same moment
            raise

    def _next(self) -> None:
        """Call the next. The counter stays taken for them, so that nobody slips in before they come."""
        line = self._codes or self._others
        self._busy = bool(line)
        if line:
            line.popleft().set_result(None)
