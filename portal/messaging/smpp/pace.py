"""How fast texts may be handed over: as fast as the contract allows, and slower when the carrier says so."""

#: Seconds of silence after the first "slow down", doubled by each that follows it, and their end.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 4.0

#: The rate falls by half at most once in this time, whatever number of answers say so: they speak of the same crowd.
_ONE_CROWD = 1.0

#: Without trouble the rate grows by this share each second, until it is free again.
_GROWTH = 0.2

#: Texts a second below which the rate never falls, and above which a rate without a contract is no rate any more.
_SLOWEST, _FREE = 1.0, 2000.0


class Pace:
    """The moment of the next text. Times are seconds of one steady clock; the caller brings it."""

    def __init__(self, limit: float = 0) -> None:
        """`limit`: texts a second by contract, 0 for none."""
        self._most = limit or _FREE
        self._rate = self._most
        self._next = 0.0
        self._silent_until = 0.0
        self._pause = FIRST_PAUSE
        self._slowed_at = float("-inf")
        self._grown_at = 0.0
        self._counted_from = 0.0
        self._counted = self._counted_before = 0

    @property
    def rate(self) -> float:
        """Texts a second at present."""
        return self._rate

    def turn(self, now: float) -> float:
        """Take the next turn: the seconds until it."""
        self._grow(now)
        start = max(now, self._next, self._silent_until)
        free = self._rate >= _FREE
        self._next = start if free else start + 1 / self._rate
        return start - now

    def silent(self, now: float) -> bool:
        """Whether the carrier wants nothing at the moment, whoever's turn it was."""
        return now < self._silent_until

    def accepted(self, now: float) -> None:
        """The carrier took one: how many of them it takes a second is what it can take."""
        if now >= self._counted_from + _ONE_CROWD:
            recent = now < self._counted_from + 2 * _ONE_CROWD
            self._counted_before, self._counted, self._counted_from = self._counted if recent else 0, 0, now
        self._counted += 1
        if now > self._silent_until + _ONE_CROWD:
            self._pause = FIRST_PAUSE

    def slow_down(self, now: float) -> None:
        """The carrier asked for it: be silent for a while, and go on at half the speed that it could bear."""
        if now < self._slowed_at + _ONE_CROWD and now < self._silent_until:
            return
        if now >= self._slowed_at + _ONE_CROWD:
            taken = max(self._counted, self._counted_before) or self._rate
            self._rate = max(_SLOWEST, min(self._rate, taken) / 2)
        self._slowed_at = now
        self._grown_at = now
        self._silent_until = now + self._pause
        self._next = self._silent_until
        self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _grow(self, now: float) -> None:
        seconds = now - self._grown_at
        if self._rate < self._most and seconds >= _ONE_CROWD:
            self._rate = min(self._most, self._rate * (1 + _GROWTH) ** min(seconds, 60.0))
            self._grown_at = now
