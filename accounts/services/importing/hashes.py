"""Checking password hashes that another system made.

A hash that is stored must be one that a login can check: a malformed one would raise at every login of its
owner, and one with enormous parameters would let a stranger who only knows the number load a server.
"""

import base64
import binascii
import re

from django.contrib.auth.hashers import identify_hasher

from accounts.services.importing.reading import FileRefused
from accounts.services.importing.rows import FieldRefused

_MAX_HASH = 128  # characters, as the column of the table

_SHAPES = {
    "argon2": re.compile(
        r"argon2\$argon2(?:id|i)\$v=19\$m=(?P<memory>[1-9][0-9]{0,6}),t=(?P<passes>[1-9][0-9]{0,6}),p=(?P<lanes>[1-9][0-9]{0,6})"
        r"\$(?P<unpadded_salt>[A-Za-z0-9+/]{11,})\$(?P<unpadded_hash>[A-Za-z0-9+/]{22,})"
    ),
    "pbkdf2_sha256": re.compile(
        r"pbkdf2_sha256\$(?P<rounds>[1-9][0-9]{0,6})\$[!-#%-~]{8,}\$(?P<hash>[A-Za-z0-9+/]{43}=)"
    ),
    # The last character of the salt carries two bits; the library refuses any other one.
    "bcrypt_sha256": re.compile(
        r"bcrypt_sha256\$\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}"
    ),
    "scrypt": re.compile(
        r"scrypt\$(?P<work>[1-9][0-9]{0,6})\$[!-#%-~]{8,}\$(?P<block>[1-9][0-9]{0,6})\$(?P<lanes>[1-9][0-9]{0,6})\$(?P<hash>[A-Za-z0-9+/]{86}==)"
    ),
}

# What one check may cost: about a second of one core, or 128 MiB. The lower ends only keep nonsense out: a
# weak hash is made again at the next login.
_COSTS = {
    "argon2": {"memory": (8, 131_072), "passes": (1, 10), "lanes": (1, 16)},  # KiB, passes, lanes
    "pbkdf2_sha256": {"rounds": (1, 2_000_000)},
    "bcrypt_sha256": {"cost": (4, 14)},  # a power of two
    # OpenSSL refuses to use 32 MiB or more, and that is 128 bytes times work times block.
    "scrypt": {"work": (2, 131_072), "block": (1, 32), "lanes": (1, 16)},
}
_SCRYPT_MAX = 131_072  # work times block: 16 MiB


class HashChecker:
    """Checks the hashes of one run; each algorithm is tried once, so that a missing library shows up now."""

    def __init__(self) -> None:
        self._tried: set[str] = set()

    def check(self, encoded: str) -> str:
        """The hash itself. Raises FieldRefused, or FileRefused when this kind cannot be checked here."""
        algorithm = encoded.partition("$")[0]
        shape = _SHAPES.get(algorithm)
        match = shape.fullmatch(encoded) if shape and len(encoded) <= _MAX_HASH else None
        if match is None:
            raise FieldRefused(f"not a hash of {', '.join(_SHAPES)}")
        found = match.groupdict()
        for parameter, (low, high) in _COSTS[algorithm].items():
            if not low <= int(found[parameter]) <= high:
                raise FieldRefused(f"a hash with {parameter} outside {low} to {high}")
        if not all(map(_canonical, (value for name, value in found.items() if name.endswith(("hash", "salt"))))):
            raise FieldRefused("a damaged hash")
        if algorithm == "scrypt":
            _check_scrypt(int(found["work"]), int(found["block"]))
        if algorithm == "argon2" and int(found["memory"]) < 8 * int(found["lanes"]):
            raise FieldRefused("a hash with less memory than its lanes need")
        self._try(algorithm, encoded)
        return encoded

    def _try(self, algorithm: str, encoded: str) -> None:
        if algorithm in self._tried:
            return
        try:
            identify_hasher(encoded).verify("", encoded)
        except ValueError as error:  # not in PASSWORD_HASHERS, or its library is not installed
            raise FileRefused(f"Hashes of {algorithm} cannot be checked by this installation.") from error
        self._tried.add(algorithm)


def _check_scrypt(work: int, block: int) -> None:
    if work & (work - 1):
        raise FieldRefused("a hash whose work is no power of two")
    if work * block > _SCRYPT_MAX:
        raise FieldRefused("a hash that needs more memory than a login has")


def _canonical(text: str) -> bool:
    """Whether this is base64 that says its bytes in the one way that the libraries accept."""
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64encode(base64.b64decode(padded, validate=True)).decode() == padded
    except binascii.Error:
        return False
