"""Passwords are made by one library and compared by another: they must be of one mind."""

from typing import Any

import pytest
from argon2.low_level import Type, hash_secret
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from accounts.hashers import PortalArgon2Hasher

LONGEST = 128  # characters of the column
OURS = {
    "salt": b"22 characters, as ours",
    "type": Type.ID,
    "memory_cost": 19456,
    "time_cost": 2,
    "parallelism": 1,
    "hash_len": 32,
}


def encoded(password: str, kind: dict[str, Any]) -> str:
    """A hash as Django writes it down."""
    return f"argon2{hash_secret(password.encode(), **{**OURS, **kind}).decode()}"


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"memory_cost": 102400, "parallelism": 8},  # what Django makes itself
        {"memory_cost": 128, "time_cost": 10, "parallelism": 16},
        {"memory_cost": 8, "time_cost": 1, "salt": b"8 bytes!", "hash_len": 16},
        {"type": Type.I, "memory_cost": 8, "time_cost": 1, "salt": b"8 bytes!", "hash_len": 16},
        {"type": Type.I, "memory_cost": 4096, "time_cost": 3},
        {"memory_cost": 131072, "salt": b"32 bytes of salt are the longest"},
    ],
    ids=["ours", "django", "many_lanes", "weakest", "weakest_argon2i", "argon2i", "longest"],
)
def test_every_kind_that_an_import_brings_is_compared_as_django_does(kind: dict[str, Any]) -> None:
    """L10, O1"""
    known = encoded("銀色茶壺 Kettle-77", kind)
    assert len(known) <= LONGEST
    for hasher in (PortalArgon2Hasher(), Argon2PasswordHasher()):
        assert hasher.verify("銀色茶壺 Kettle-77", known)
        assert not hasher.verify("銀色茶壺 Kettle-78", known)


@pytest.mark.parametrize("password", ["x" * 128, "茶" * 128, "nul\0inside-7", " space at both ends 7 "])
def test_a_password_is_compared_to_its_last_letter(password: str) -> None:
    """L10"""
    known = make_password(password)
    assert check_password(password, known)
    assert not check_password(password[:-1], known)
    assert not check_password(f"{password}x", known)


@pytest.mark.parametrize(
    "damaged", ["argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ", "argon2$argon2id$", "argon2$nothing"]
)
def test_a_damaged_hash_lets_nobody_in_and_breaks_no_login(damaged: str) -> None:
    """O1"""
    assert not PortalArgon2Hasher().verify("Kettle-77", damaged)
