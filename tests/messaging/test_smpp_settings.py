"""What an operator says of a bind, and what stops the start."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from portal import carriers
from portal.lib.smpp import SmppAccount
from tests.messaging.smpp import account

_MISSING = "Set SMPP_HOST, SMPP_SYSTEM_ID and SMPP_PASSWORD: without them no code leaves."


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., SmppAccount]:
    """What the portal makes of an environment."""

    def make(**names: str) -> SmppAccount:
        for name, value in names.items():
            monkeypatch.setenv(name, value)
        return carriers.smpp(tmp_path)

    return make


def test_without_a_word_a_bind_is_as_most_carriers_want_it(read: Callable[..., SmppAccount], tmp_path: Path) -> None:
    """O2"""
    found = read(SMPP_HOST="smpp.example", SMPP_SYSTEM_ID="portal", SMPP_PASSWORD="smpp-word")
    assert found == account(
        tmp_path, 2775, host="smpp.example", enquire_every=30, socket=tmp_path / "smpp" / "smpp.sock"
    )
    assert found.missing() == ""
    assert "smpp-word" not in repr(found)


def test_every_word_is_understood(read: Callable[..., SmppAccount], tmp_path: Path) -> None:
    """O2"""
    for name in ("ca.pem", "word"):
        (tmp_path / name).write_text("from-a-file\n")
    found = read(
        SMPP_HOST="10.0.0.7", SMPP_PORT="3550", SMPP_TLS="1", SMPP_TLS_CA=str(tmp_path / "ca.pem"),
        SMPP_SYSTEM_ID="portal", SMPP_PASSWORD_FILE=str(tmp_path / "word"), SMPP_SYSTEM_TYPE="OTP",
        SMPP_BIND="pair", SMPP_WINDOW="50", SMPP_RATE="100", SMPP_ENQUIRE_SECONDS="10", SMPP_GSM7="packed",
        SMPP_VALIDITY="absolute", SMPP_IDS="answer_hex", SMPP_REFUSALS="0x401, 0x45",
        SMPP_SOCKET="/run/portal/smpp.sock", SMPP_METRICS_ADDRESS="127.0.0.1:9110",
    )  # fmt: skip
    assert found == SmppAccount(
        host="10.0.0.7", port=3550, tls=True, tls_ca=str(tmp_path / "ca.pem"), system_id="portal",
        password="from-a-file", system_type="OTP", pair=True, window=50, rate=100, enquire_every=10, gsm7="packed",
        validity="absolute", ids="answer_hex", refusals=frozenset({0x401, 0x45}),
        socket=Path("/run/portal/smpp.sock"), metrics_address="127.0.0.1:9110",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMPP_HOST", "smpp://carrier", "SMPP_HOST must be a host name or an address."),
        ("SMPP_PORT", "0", "SMPP_PORT must be a whole number from 1 to 65535"),
        ("SMPP_TLS", "perhaps", "SMPP_TLS must be 1 or 0"),
        ("SMPP_TLS_CA", "/nowhere.pem", "SMPP_TLS_CA must name a file that is there."),
        ("SMPP_SYSTEM_ID", "sixteen-letters-", "SMPP_SYSTEM_ID must be at most 15"),
        ("SMPP_PASSWORD", "示範", "SMPP_PASSWORD must be letters, digits and signs of ASCII"),
        ("SMPP_SYSTEM_TYPE", "a b", "SMPP_SYSTEM_TYPE must be at most 12"),
        ("SMPP_BIND", "both", "SMPP_BIND must be one of"),
        ("SMPP_WINDOW", "0", "SMPP_WINDOW must be a whole number from 1"),
        ("SMPP_RATE", "-1", "SMPP_RATE must be a whole number from 0"),
        ("SMPP_ENQUIRE_SECONDS", "0", "SMPP_ENQUIRE_SECONDS must be a whole number from 1"),
        ("SMPP_GSM7", "on", "SMPP_GSM7 must be one of"),
        ("SMPP_VALIDITY", "3 minutes", "SMPP_VALIDITY must be one of"),
        ("SMPP_IDS", "hex", "SMPP_IDS must be one of"),
        ("SMPP_REFUSALS", "11", "SMPP_REFUSALS must list statuses such as"),
        ("SMPP_REFUSALS", "0x0", "SMPP_REFUSALS must list statuses such as"),
        ("SMPP_SOCKET", "/" + "x" * 103, "SMPP_SOCKET must be a path of at most 103 bytes"),
        ("SMPP_METRICS_ADDRESS", "9110", "SMPP_METRICS_ADDRESS must be an address and a port."),
    ],
)
def test_a_mistake_stops_the_start_with_a_sentence(
    read: Callable[..., SmppAccount], name: str, value: str, said: str
) -> None:
    """O2"""
    with pytest.raises(ImproperlyConfigured, match=said) as raised:
        read(**{name: value})
    if name == "SMPP_PASSWORD":
        assert value not in str(raised.value)


@pytest.mark.parametrize("empty", ["host", "system_id", "password"])
def test_without_credentials_nothing_starts(settings: Settings, tmp_path: Path, empty: str) -> None:
    """O2: neither the portal, whether the bind is in use or set up by half, nor the process of the bind"""
    settings.SMS_SMPP = account(tmp_path, 2775, **{empty: ""})
    for gateway in ("http", "smpp"):
        settings.SMS_GATEWAY = gateway
        assert _MISSING in [str(found.msg) for found in run_checks(include_deployment_checks=True)]
    with pytest.raises(CommandError, match=_MISSING):
        call_command("run_smpp", stdout=StringIO())
