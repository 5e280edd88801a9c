"""Drawing and speaking the picture code. Costly for us, so done once per token and one sound at a time."""

from functools import cache, lru_cache
from threading import Semaphore

from captcha.audio import AudioCaptcha
from captcha.image import ImageCaptcha

_SIZE = (200, 72)  # pixels
_KEPT = 32  # of the latest, so that a browser that asks twice costs nothing

#: A sound takes about a second of computing. More than one at once in a process would slow every login.
_ONE_AT_A_TIME = Semaphore(1)
_PATIENCE = 3.0  # seconds


class BusyError(Exception):
    """Too many sounds are asked for at once; asking again soon helps."""


@lru_cache(maxsize=_KEPT)
def draw(token: str, digits: str) -> bytes:
    """The digits as a PNG; the same token gives the same picture."""
    picture: bytes = ImageCaptcha(*_SIZE).generate(digits, format="png").getvalue()
    return picture


def speak(token: str, digits: str) -> bytes:
    """The digits spoken, as a WAV. Raises `BusyError`."""
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise BusyError
    try:
        return _spoken(token, digits)
    finally:
        _ONE_AT_A_TIME.release()


@lru_cache(maxsize=_KEPT)
def _spoken(token: str, digits: str) -> bytes:
    return bytes(_voice().generate(digits))


@cache
def _voice() -> AudioCaptcha:
    return AudioCaptcha()
