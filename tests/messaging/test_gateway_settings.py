"""What is wrong with a gateway's settings stops the start, with one sentence that names the setting."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from portal import brand, carriers
from tests.messaging.twilio import ACCOUNT, TOKEN

Set = Callable[..., None]
_SENTENCE = re.compile(r"[^.]+(?:\.[^. ][^.]*)*\.")


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> Set:
    """The environment of an operator."""

    def give(**names: str) -> None:
        for name, value in names.items():
            monkeypatch.setenv(name, value)

    return give


def refusals(*, deploy: bool = True) -> list[str]:
    return [str(found.msg) for found in run_checks(include_deployment_checks=deploy)]


def of_brand(monkeypatch: pytest.MonkeyPatch, **facts: object) -> None:
    changed = replace(brand.current(), **facts)  # type: ignore[arg-type]
    monkeypatch.setattr(brand, "current", lambda: changed)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"SMS_HTTP_MORE": "alpha,alpha"}, "SMS_HTTP_MORE names the gateway 'alpha' twice"),
        ({"SMS_HTTP_MORE": "twilio"}, "SMS_HTTP_MORE names the gateway 'twilio' twice, or one that there is"),
        ({"SMS_HTTP_MORE": "http"}, "SMS_HTTP_MORE names the gateway 'http' twice"),
        ({"SMS_HTTP_MORE": "Al-pha"}, "SMS_HTTP_MORE must list names of small letters"),
        ({"SMS_HTTP_MORE": "gateway"}, "SMS_HTTP_MORE must list names"),
        ({"SMS_HTTP_URL": "carrier.example"}, "SMS_HTTP_URL must be a web address"),
        ({"SMS_HTTP_URL": "https://u:p@carrier.example/"}, "SMS_HTTP_URL must be a web address without credentials"),
        ({"SMS_HTTP_URL": "https://carrier.example/?text={text}"}, "SMS_HTTP_URL must be"),
        ({"SMS_HTTP_METHOD": "GET"}, "SMS_HTTP_METHOD must be one of POST, PUT, not 'GET'"),
        ({"SMS_HTTP_BODY": "{"}, "SMS_HTTP_BODY must be a JSON object"),
        ({"SMS_HTTP_BODY": '{"to": "{to}"}'}, "SMS_HTTP_BODY must use the fields"),
        ({"SMS_HTTP_BODY": '{"to": "{to}", "text": "{text}", "x": "{secret}"}'}, "SMS_HTTP_BODY may use the fields"),
        ({"SMS_HTTP_BODY": '{"to": "{to}", "text": "{text.x}"}'}, "SMS_HTTP_BODY may use the fields"),
        ({"SMS_HTTP_HEADERS": '{"X-To": "{to}"}'}, "SMS_HTTP_HEADERS must not put the number"),
        ({"SMS_HTTP_HEADERS": '{"X-A": "a\\nb"}'}, "SMS_HTTP_HEADERS must hold header names"),
        ({"SMS_HTTP_ACCEPTED": "2xx,nonsense"}, "SMS_HTTP_ACCEPTED must read like"),
        ({"SMS_HTTP_ID": "a..b"}, "SMS_HTTP_ID must be a place"),
        ({"SMS_HTTP_TOKEN_FILE": "/nowhere"}, "SMS_HTTP_TOKEN"),
    ],
)
def test_a_mistake_in_an_http_gateway_stops_the_start(set_to: Set, names: dict[str, str], said: str) -> None:
    """O2"""
    set_to(**names)
    with pytest.raises(ImproperlyConfigured, match=said) as raised:
        carriers.http()
    assert _SENTENCE.fullmatch(str(raised.value)), raised.value


@pytest.mark.parametrize(
    ("read", "names", "said"),
    [
        (carriers.twilio, {"SMS_TWILIO_ACCOUNT": "me"}, "SMS_TWILIO_ACCOUNT must be AC and 32"),
        (carriers.twilio, {"SMS_TWILIO_FROM": "TwelveLetter"}, "SMS_TWILIO_FROM must be .* at most 11"),
        (carriers.kannel, {"SMS_KANNEL_RECEIPT_PATH": "short"}, "SMS_KANNEL_RECEIPT_PATH must be 20 to 100"),
        (carriers.kannel, {"SMS_KANNEL_ADDRESSES": "0.0.0.0/0"}, "SMS_KANNEL_ADDRESSES must not let everybody in"),
        (carriers.kannel, {"SMS_KANNEL_ADDRESSES": "me"}, "SMS_KANNEL_ADDRESSES must list addresses"),
        (carriers.countries, {"SMS_COUNTRIES": "852,HK"}, "SMS_COUNTRIES must list calling codes"),
        (carriers.countries, {"SMS_COUNTRIES": "999"}, "SMS_COUNTRIES must list calling codes"),
        (carriers.countries, {"SMS_COUNTRIES": ""}, "SMS_COUNTRIES must list each calling code once"),
        (carriers.countries, {"SMS_COUNTRIES": "852,852"}, "SMS_COUNTRIES must list each calling code once"),
    ],
)
def test_so_does_one_in_another(set_to: Set, read: Callable[[], object], names: dict[str, str], said: str) -> None:
    """O2, S8"""
    set_to(**names)
    with pytest.raises(ImproperlyConfigured, match=said):
        read()


def test_credentials_may_stand_in_files(set_to: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """O2"""
    for name in ("SMS_TWILIO_TOKEN", "SMS_KANNEL_PASSWORD", "SMS_ALPHA_TOKEN", "SMS_ALPHA_RECEIPT_SECRET"):
        file = tmp_path / name
        file.write_text(f"{name}-value\n")
        set_to(**{f"{name}_FILE": str(file)})
    set_to(SMS_HTTP_MORE="alpha")
    assert carriers.twilio().token == "SMS_TWILIO_TOKEN-value"
    assert carriers.kannel().password == "SMS_KANNEL_PASSWORD-value"
    alpha = carriers.http()["alpha"]
    assert (alpha.token, alpha.receipt_secret) == ("SMS_ALPHA_TOKEN-value", "SMS_ALPHA_RECEIPT_SECRET-value")
    for shown in (carriers.twilio(), carriers.kannel(), alpha):
        assert "-value" not in repr(shown), "a secret is not shown"


@pytest.mark.parametrize(
    ("gateway", "said"),
    [
        ("http", "Set SMS_HTTP_URL and SMS_HTTP_TOKEN: without them no code leaves."),
        ("twilio", "Set SMS_TWILIO_ACCOUNT and SMS_TWILIO_TOKEN: without them no code leaves."),
        ("kannel", "Set SMS_KANNEL_URL, SMS_KANNEL_USER and SMS_KANNEL_PASSWORD: without them no code leaves."),
    ],
)
def test_a_gateway_in_use_without_credentials_stops_the_start(settings: Settings, gateway: str, said: str) -> None:
    """O2"""
    settings.SMS_GATEWAY = gateway
    settings.SMS_HTTP = {"http": replace(settings.SMS_HTTP["http"], token="")}
    assert said in refusals()


def test_so_does_one_that_only_a_route_names(settings: Settings) -> None:
    """O2"""
    settings.SMS_ROUTES = {852: ("http", "twilio", "console")}
    assert "Set SMS_TWILIO_ACCOUNT and SMS_TWILIO_TOKEN: without them no code leaves." in refusals()
    assert any(sentence.startswith("SMS_GATEWAY or SMS_ROUTES names console") for sentence in refusals())


def test_one_that_is_set_up_by_half_does_too(settings: Settings) -> None:
    """O2: it would fail on the day it is needed"""
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, account=ACCOUNT)
    assert "Set SMS_TWILIO_ACCOUNT and SMS_TWILIO_TOKEN: without them no code leaves." in refusals()
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, token=TOKEN)
    assert not [sentence for sentence in refusals() if "TWILIO" in sentence]


def test_one_that_cannot_believe_a_receipt_does_too(settings: Settings) -> None:
    """O2, S7"""
    settings.SMS_HTTP = {"http": replace(settings.SMS_HTTP["http"], receipt_secret="")}
    assert "Set SMS_RECEIPT_SECRET: without it no delivery receipt can be believed." in refusals()
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, url="http://10.0.0.7/", user="u", password="p")
    assert any(sentence.startswith("Set SMS_KANNEL_RECEIPT_PATH and SMS_KANNEL_ADDRESSES") for sentence in refusals())


@pytest.mark.parametrize("url", ["http://carrier.example/send", "http://10.0.0.7/send"])
def test_codes_do_not_travel_in_the_clear(settings: Settings, url: str) -> None:
    """C6, O2"""
    settings.SMS_HTTP = {"http": replace(settings.SMS_HTTP["http"], url=url)}
    assert "SMS_HTTP_URL must start with https://." in refusals()


@pytest.mark.parametrize("sender", ["#TwelveSigns", "示範證券", "Demo€", "Demo😀", "a\nb"])
def test_a_sender_that_no_network_shows_stops_the_start(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    """S9: twelve characters among them; networks cut or replace it, and the scheme of senders refuses it"""
    of_brand(monkeypatch, sms_sender=sender)
    sentences = [sentence for sentence in refusals(deploy=False) if "sms_sender" in sentence]
    assert sentences == ["sms_sender of the brand demo must be at most 11 plain letters and digits, or a number."]


@pytest.mark.parametrize("sender", ["", "#DemoSec", "#TenLetters", "+85291234567", "12345"])
def test_a_sender_that_networks_show_does_not(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    """S9"""
    of_brand(monkeypatch, sms_sender=sender)
    assert not [sentence for sentence in refusals(deploy=False) if "sms_sender" in sentence]


@pytest.mark.parametrize("name", ["Demo €", "Demo 😀", "Demo [HK]", "Demo ~"])
def test_a_name_with_emoji_or_the_euro_sign_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """S9"""
    of_brand(monkeypatch, sms_name=brand.Text("示範證券", "示范证券", name))
    sentences = [sentence for sentence in refusals(deploy=False) if "sms_name of the brand" in sentence]
    assert sentences == ["sms_name of the brand demo must hold no emoji and no sign such as € in en."]


def test_the_settings_of_the_tests_are_whole() -> None:
    """O2: what the others change is what is refused"""
    assert not [sentence for sentence in refusals() if "SMS_" in sentence or "sms_" in sentence]
