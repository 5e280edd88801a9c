"""Time-based one-time codes (RFC 4226 and 6238): HMAC-SHA-1, six digits, steps of 30 s since 1970."""

import hmac
import secrets
from base64 import b32encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

STEP = 30  # seconds
DIGITS = 6
SEED_BYTES = 20  # 160 bits, as RFC 4226 recommends


def new_seed() -> bytes:
    """A seed that nobody has seen."""
    return secrets.token_bytes(SEED_BYTES)


def step_of(moment: datetime) -> int:
    """The step that a moment lies in."""
    return int(moment.timestamp() // STEP)


def code_of(seed: bytes, step: int) -> str:
    """The code of one step."""
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def find_step(seed: bytes, codes: Sequence[str], steps: Iterable[int]) -> int | None:
    """The first of these steps from which on the codes follow each other. Takes the same time wherever that is."""
    typed = " ".join(codes).encode()
    found = None
    for step in steps:
        shown = " ".join(code_of(seed, step + later) for later in range(len(codes))).encode()
        if hmac.compare_digest(shown, typed) and found is None:
            found = step
    return found


def base32_key(seed: bytes) -> str:
    """The seed as an app takes it, in groups of four for whoever types it."""
    key = b32encode(seed).decode().rstrip("=")
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def otpauth_uri(seed: bytes, *, account: str, issuer: str) -> str:
    """The seed as a QR code carries it. It is a secret: it goes into the picture and nowhere else."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    facts = {
        "secret": base32_key(seed).replace(" ", ""),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP,
    }
    return f"otpauth://totp/{label}?{urlencode(facts, quote_via=quote)}"
