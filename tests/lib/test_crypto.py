"""Sealing, keyed digests and blind indexes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from portal.lib import crypto
from portal.lib.crypto import CannotOpen, blind_index, keyed_digest, matches, open_sealed, seal, token_digest

_OLD, _NEW = bytes(range(32)), bytes(range(32, 64))


@given(st.binary(max_size=500))
def test_what_was_sealed_opens_again(plain: bytes) -> None:
    """T3, C6"""
    sealed = seal("message", plain)
    assert open_sealed("message", sealed) == plain
    assert len(plain) < 4 or plain not in sealed


def test_the_same_text_never_looks_the_same_sealed() -> None:
    """C6"""
    assert len({seal("message", b"123456") for _ in range(100)}) == 100


def test_what_was_sealed_for_one_purpose_opens_for_no_other() -> None:
    """T3"""
    sealed = seal("message", b"123456")
    for other in ("picture", "Message", "message ", ""):
        with pytest.raises(CannotOpen):
            open_sealed(other, sealed)


def test_one_changed_bit_anywhere_and_it_does_not_open() -> None:
    """T3"""
    sealed = seal("message", b"123456")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            open_sealed("message", bytes(changed))


@pytest.mark.parametrize("broken", [b"", b":", b"k1", b"k1:", b"k1:short", b"\xff\xfe:xxxx", b"k1:" + bytes(12)])
def test_what_is_no_sealed_text_does_not_open(broken: bytes) -> None:
    """T3"""
    with pytest.raises(CannotOpen):
        open_sealed("message", broken)
    for length in range(1, 12):
        with pytest.raises(CannotOpen):
            open_sealed("message", seal("message", b"x")[:-length])


def test_keys_rotate_without_a_stop(settings: Settings) -> None:
    """T3: the first key seals, all open; when the old one is gone, what it sealed is gone too."""
    settings.SEALING_KEYS = {"old": _OLD}
    sealed, digest = seal("message", b"123456"), keyed_digest("code", "1", "123456")
    settings.SEALING_KEYS = {"new": _NEW, "old": _OLD}
    assert open_sealed("message", sealed) == b"123456"
    assert matches("code", digest, "1", "123456")
    assert not matches("code", digest, "1", "123457")
    assert seal("message", b"123456").startswith(b"new:")
    assert keyed_digest("code", "1", "123456").startswith("new:")
    settings.SEALING_KEYS = {"new": _NEW}
    with pytest.raises(CannotOpen, match="no key"):
        open_sealed("message", sealed)
    assert not matches("code", digest, "1", "123456")


def test_a_key_under_anothers_name_opens_nothing(settings: Settings) -> None:
    """T3"""
    settings.SEALING_KEYS = {"k": _OLD}
    sealed, digest = seal("message", b"123456"), keyed_digest("code", "123456")
    settings.SEALING_KEYS = {"k": _NEW}
    with pytest.raises(CannotOpen):
        open_sealed("message", sealed)
    assert not matches("code", digest, "123456")


def test_a_keyed_digest_needs_the_key_the_purpose_and_every_part() -> None:
    """C6"""
    stored = keyed_digest("code", "challenge", "account", "123456")
    assert matches("code", stored, "challenge", "account", "123456")
    for purpose, parts in (
        ("other", ("challenge", "account", "123456")),
        ("code", ("challenge", "account", "123457")),
        ("code", ("challenge", "other", "123456")),
        ("code", ("challenge", "123456", "account")),
        ("code", ("challenge", "account")),
        ("code", ("challenge", "account", "123456", "")),
    ):
        assert not matches(purpose, stored, *parts)


@given(st.binary(max_size=40), st.text(max_size=5), st.text(max_size=5))
def test_what_was_sealed_for_one_row_opens_in_no_other(plain: bytes, row: str, other: str) -> None:
    """T3"""
    sealed = seal("soft-token", plain, bound_to=row)
    assert open_sealed("soft-token", sealed, bound_to=row) == plain
    if other != row:
        with pytest.raises(CannotOpen):
            open_sealed("soft-token", sealed, bound_to=other)


def test_being_bound_does_not_reach_into_another_purpose() -> None:
    """T3: purpose and row are not one word cut in two places."""
    sealed = seal("soft-token", b"seed", bound_to="11")
    for purpose, row in (("soft-token1", "1"), ("soft-token11", ""), ("soft-toke", "n11")):
        with pytest.raises(CannotOpen):
            open_sealed(purpose, sealed, bound_to=row)


def test_what_is_not_under_the_first_key_is_known_by_its_name(settings: Settings) -> None:
    """T3"""
    settings.SEALING_KEYS = {"old": _OLD}
    sealed = seal("soft-token", b"seed", bound_to="1")
    assert crypto.sealed_by_first_key(sealed)
    assert crypto.sealed_by_first_key(memoryview(sealed))  # type: ignore[arg-type]  # as PostgreSQL gives it
    for keys, known in (
        ({"new": _NEW, "old": _OLD}, False),
        ({"old": _OLD, "new": _NEW}, True),
        ({"ol": _NEW, "old": _OLD}, False),
        ({"older": _NEW, "old": _OLD}, False),
    ):
        settings.SEALING_KEYS = keys
        assert crypto.sealed_by_first_key(sealed) is known
        assert open_sealed("soft-token", sealed, bound_to="1") == b"seed"
    assert not crypto.sealed_by_first_key(b"")


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_parts_do_not_run_into_each_other(one: list[str], other: list[str]) -> None:
    """C6"""
    assert matches("code", keyed_digest("code", *one), *other) == (one == other)


@pytest.mark.parametrize("stored", ["", ":", "k1", "k1:", "gone:abc"])
def test_nothing_matches_an_empty_or_broken_digest(stored: str) -> None:
    """C6"""
    assert not matches("code", stored, "123456")
    assert not matches("code", stored)


def test_a_blind_index_is_stable_while_sealing_keys_rotate(settings: Settings) -> None:
    """S8: it finds a number again, in months and after a rotation."""
    before = blind_index("destination", "+85291234567")
    settings.SEALING_KEYS = {"new": _NEW}
    assert blind_index("destination", "+85291234567") == before
    assert len(before) == 32
    assert before != blind_index("source", "+85291234567")
    assert before != blind_index("destination", "+85291234568")
    assert "91234567" not in before
    settings.INDEX_KEY = _NEW
    assert blind_index("destination", "+85291234567") != before


def test_no_two_uses_share_a_derived_key() -> None:
    """T3"""
    uses = [f"{use}:{purpose}" for use in ("seal", "digest", "index") for purpose in ("a", "b")]
    assert len({crypto._derive(_OLD, use) for use in uses}) == len(uses)


def test_a_token_digest_is_the_plain_sha256() -> None:
    """L5"""
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
