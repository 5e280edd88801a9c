"""Codes of a token, against the RFCs and two tokens that are not ours."""

import subprocess
from base64 import b32decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.totp import base32_key, code_of, find_step, new_seed, otpauth_uri, step_of

RFC_SEED = b"12345678901234567890"
SEEDS = st.binary(min_size=20, max_size=20)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_for_sha_1(seconds: int, eight_digits: str) -> None:
    """T1: the last six of the eight digits that appendix B prints."""
    assert code_of(RFC_SEED, step_of(at(seconds))) == eight_digits[2:]


def test_the_vectors_of_rfc_4226() -> None:
    """T1: appendix D."""
    expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert [code_of(RFC_SEED, step) for step in range(10)] == expected


@given(SEEDS, st.integers(0, 2**40))
def test_another_token_shows_the_same(seed: bytes, step: int) -> None:
    """T1: pyotp, at any time to come."""
    assert code_of(seed, step) == pyotp.HOTP(base32_key(seed).replace(" ", "")).at(step)


@pytest.mark.parametrize(
    "moment",
    ["1970-01-01 00:00:29", "2026-11-23 02:00:00", "2038-01-19 03:14:07", "2038-01-19 03:14:08", "2106-02-07 06:28:16"],
)
def test_oathtool_shows_the_same_before_and_after_2038(moment: str) -> None:
    """T1"""
    seed = new_seed()
    ours = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    shown = subprocess.run(
        ["oathtool", "--totp", "--base32", "--now", f"{moment} UTC", "--window", "3", "-"],
        input=base32_key(seed),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert shown == [code_of(seed, step_of(ours) + later) for later in range(4)]


def test_a_step_is_thirty_seconds_long() -> None:
    """T1: at every tenth of a second."""
    start = datetime(2038, 1, 19, 3, 14, tzinfo=UTC)
    for tenth in range(1200):
        assert step_of(start + timedelta(seconds=tenth / 10)) == step_of(start) + tenth // 300


def test_leading_zeros_stay() -> None:
    """C1"""
    code = next(code for step in range(1000) if (code := code_of(RFC_SEED, step)).startswith("0"))
    assert len(code) == 6


@given(SEEDS)
def test_the_key_is_read_off_in_groups_of_four(seed: bytes) -> None:
    """T4"""
    groups = base32_key(seed).split(" ")
    assert [len(group) for group in groups] == [4] * 8
    assert b32decode("".join(groups)) == seed


def test_a_new_seed_has_160_bits_and_is_never_the_same() -> None:
    """T1"""
    seeds = {new_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert {len(seed) for seed in seeds} == {20}


@given(SEEDS, st.text(min_size=1, max_size=30), st.sampled_from(["··01", "a:b", "A & B/ñ?#%"]))
def test_what_the_picture_says_is_what_an_app_reads(seed: bytes, issuer: str, account: str) -> None:
    """T4"""
    issuer = issuer.encode("utf-8", "replace").decode()
    address = urlsplit(otpauth_uri(seed, account=account, issuer=issuer))
    facts = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", f"/{issuer}:{account}")
    assert b32decode(facts.pop("secret")) == seed
    assert facts == {"issuer": issuer, "algorithm": "SHA1", "digits": "6", "period": "30"}


def test_pyotp_reads_the_picture() -> None:
    """T4"""
    seed = new_seed()
    app = pyotp.parse_uri(otpauth_uri(seed, account="··01", issuer="Harbour Securities"))
    assert isinstance(app, pyotp.TOTP)
    assert app.at(59) == code_of(seed, 1)
    assert (app.issuer, app.name) == ("Harbour Securities", "··01")


def test_a_code_is_found_among_the_steps_asked_for_and_no_others() -> None:
    """T1"""
    code = code_of(RFC_SEED, 7)
    assert find_step(RFC_SEED, [code], range(5, 10)) == 7
    assert find_step(RFC_SEED, [code], range(8, 20)) is None
    assert find_step(RFC_SEED, [code], []) is None
    for odd in ("", "28708", code + "0", f"{code} ", "１２３４５６"):
        assert find_step(RFC_SEED, [odd], range(10)) is None


def test_two_codes_are_found_only_in_a_row() -> None:
    """T6"""
    codes = [code_of(RFC_SEED, step) for step in range(5)]
    assert find_step(RFC_SEED, codes[2:4], range(5)) == 2
    assert find_step(RFC_SEED, [codes[2], codes[2]], range(5)) is None
    assert find_step(RFC_SEED, [codes[3], codes[2]], range(5)) is None
    assert find_step(RFC_SEED, [codes[2], codes[4]], range(5)) is None


def test_every_candidate_is_compared_wherever_the_right_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """C6: the time of an answer tells nothing."""
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr("portal.lib.totp.hmac.compare_digest", compare)
    counts = []
    for step in (0, 9, 50):
        compared.clear()
        find_step(RFC_SEED, [code_of(RFC_SEED, step)], range(10))
        counts.append(len(compared))
    assert counts == [10, 10, 10]
