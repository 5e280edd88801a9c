"""The carriers of this installation, read from the environment through the strict readers.

A carrier with an HTTP interface has a name, and settings that begin with it: those of `http` begin with SMS_HTTP_,
those of another one that SMS_HTTP_MORE names, say `alpha`, with SMS_ALPHA_.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from portal import env
from portal.lib import templated
from portal.lib.carriers import HttpCarrier, KannelBox, TwilioAccount, networks
from portal.lib.smpp import Gsm7, Ids, SmppAccount, Validity
from portal.messaging.policy import BUDGET_LEAST, BUDGETS

T = TypeVar("T")

#: Gateways that have a file of their own.
_OWN = ("console", "http", "kannel", "smpp", "smtp", "twilio")
_NAME = re.compile(r"[a-z][a-z0-9]{1,19}")
#: Parts of setting names that mean something else.
_TAKEN = frozenset({"gateway", "receipt", "origin", "countries", "route", "routes"})
_URL = re.compile(r"https?://[^\s?#@]{1,300}")

#: Bytes of the path of a unix socket on every system.
_LONGEST_SOCKET = 103

_HEADERS = '{"Authorization": "Bearer {token}"}'
_BODY = '{"reference": "{reference}", "to": "{to}", "from": "{sender}", "text": "{text}", "validity": "{validity}"}'
_REFUSED = "400,410,413,422"


def http() -> dict[str, HttpCarrier]:
    """Every carrier with an HTTP interface, by the name of its gateway. Raises ImproperlyConfigured."""
    carriers = {"http": _http("SMS_HTTP", "SMS_RECEIPT_SECRET")}
    for name in env.words("SMS_HTTP_MORE"):
        if name in carriers or name in _OWN:
            raise ImproperlyConfigured(f"SMS_HTTP_MORE names the gateway {name!r} twice, or one that there is anyway.")
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise ImproperlyConfigured(f"SMS_HTTP_MORE must list names of small letters and digits, not {name!r}.")
        carriers[name] = _http(f"SMS_{name.upper()}", f"SMS_{name.upper()}_RECEIPT_SECRET")
    return carriers


def countries() -> list[int]:
    """The calling codes that get text messages. Raises ImproperlyConfigured."""
    codes = env.words("SMS_COUNTRIES", "852,853,86")
    for code in codes:
        if not re.fullmatch(r"[1-9][0-9]{0,2}", code) or int(code) not in COUNTRY_CODE_TO_REGION_CODE:
            raise ImproperlyConfigured(f"SMS_COUNTRIES must list calling codes such as 852,853,86, not {code!r}.")
    if not codes or len(set(codes)) < len(codes):
        raise ImproperlyConfigured("SMS_COUNTRIES must list each calling code once, and at least one.")
    return [int(code) for code in codes]


def routes(listed: list[int]) -> dict[int, tuple[str, ...]]:
    """The gateways of each country in order, from `852:http,twilio 86:kannel,http`. Raises ImproperlyConfigured."""
    known = {"console", "twilio", "kannel", "smpp", *http()}
    found: dict[int, tuple[str, ...]] = {}
    for entry in env.text("SMS_ROUTES", "").split():
        country, _, rest = entry.partition(":")
        names = rest.split(",")
        if not (country.isdecimal() and country.isascii() and int(country) in listed):
            raise ImproperlyConfigured(f"SMS_ROUTES must name countries that SMS_COUNTRIES lists, not {country!r}.")
        if unknown := [name for name in names if name not in known]:
            raise ImproperlyConfigured(f"SMS_ROUTES names the gateway {unknown[0]!r}, which there is not.")
        if len(set(names)) < len(names) or int(country) in found:
            raise ImproperlyConfigured(f"SMS_ROUTES names a gateway or the country twice for {country}.")
        found[int(country)] = tuple(names)
    return found


def budgets(listed: list[int]) -> dict[str, int]:
    """Texts a day, from `segments=100000 country.852=80000 country=1000 prefix=500`. Raises ImproperlyConfigured.

    What is not named stays as `policy.BUDGETS` has it.
    """
    allowed = {"segments", "country", "prefix", *(f"country.{country}" for country in listed)}
    found: dict[str, int] = {}
    for entry in env.text("SMS_BUDGETS", "").split():
        name, _, most = entry.partition("=")
        if name not in allowed or name in found:
            raise ImproperlyConfigured(
                f"SMS_BUDGETS must name each of {', '.join(sorted(allowed))} once, not {name!r}."
            )
        if not (re.fullmatch("[0-9]{1,9}", most) and int(most) >= BUDGET_LEAST):
            raise ImproperlyConfigured(f"SMS_BUDGETS must give {name} a number of texts, {BUDGET_LEAST} or more.")
        found[name] = int(most)
    return {**BUDGETS, **found}


def by_name() -> dict[str, HttpCarrier | TwilioAccount | KannelBox | SmppAccount]:
    """Every carrier of text messages, whether it is used or not, by the name of its gateway."""
    return {
        "twilio": settings.SMS_TWILIO,
        "kannel": settings.SMS_KANNEL,
        "smpp": settings.SMS_SMPP,
        **settings.SMS_HTTP,
    }


def _parsed(name: str, default: str, parse: Callable[[str], T]) -> T:
    """What `parse` makes of a setting; its ValueError is the end of the sentence."""
    try:
        return parse(env.text(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} {error}.") from None


def _fits(pattern: str, what: str) -> Callable[[str], str]:
    """Takes what fits, or nothing at all."""

    def parse(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise ValueError(f"must be {what}")
        return text

    return parse


_url = _fits(_URL.pattern, "a web address without credentials and without a question mark")


def _http(prefix: str, receipt_setting: str) -> HttpCarrier:
    form = env.choice(f"{prefix}_FORMAT", "json", {"json", "form"}) == "form"
    return HttpCarrier(
        prefix=prefix,
        url=_parsed(f"{prefix}_URL", "", _url),
        # Not GET: the text would stand in an address, and addresses stand in logs.
        method=env.choice(f"{prefix}_METHOD", "POST", {"POST", "PUT"}),
        headers=_parsed(f"{prefix}_HEADERS", _HEADERS, templated.headers),
        body=_parsed(f"{prefix}_BODY", _BODY, lambda text: templated.body(text, form=form)),
        accepted=_parsed(f"{prefix}_ACCEPTED", "2xx", templated.rule),
        refused=_parsed(f"{prefix}_REFUSED", _REFUSED, templated.rule),
        id_place=_parsed(f"{prefix}_ID", "id", templated.place),
        user=env.text(f"{prefix}_USER", ""),
        token=env.secret(f"{prefix}_TOKEN", ""),
        receipt_setting=receipt_setting,
        receipt_secret=env.secret(receipt_setting, ""),
    )


def twilio() -> TwilioAccount:
    """The account at Twilio, whether it is used or not. Raises ImproperlyConfigured."""
    return TwilioAccount(
        account=_parsed("SMS_TWILIO_ACCOUNT", "", _fits(r"AC[0-9a-f]{32}", "AC and 32 hexadecimal digits")),
        token=env.secret("SMS_TWILIO_TOKEN", ""),
        service=_parsed("SMS_TWILIO_SERVICE", "", _fits(r"MG[0-9a-f]{32}", "MG and 32 hexadecimal digits")),
        sender=_parsed(
            "SMS_TWILIO_FROM",
            "",
            _fits(
                r"\+[1-9][0-9]{6,14}|[#A-Za-z0-9 _&+-]{1,11}", "a number in E.164 or a name of at most 11 characters"
            ),
        ),
        url=_parsed("SMS_TWILIO_URL", "https://api.twilio.com", _url).rstrip("/"),
    )


def kannel() -> KannelBox:
    """The smsbox, whether it is used or not. Raises ImproperlyConfigured."""
    path = env.secret("SMS_KANNEL_RECEIPT_PATH", "")
    if path and not re.fullmatch(r"[A-Za-z0-9_-]{20,100}", path):
        raise ImproperlyConfigured(
            "SMS_KANNEL_RECEIPT_PATH must be 20 to 100 letters, digits, hyphens and underscores that nobody can guess."
        )
    return KannelBox(
        url=_parsed("SMS_KANNEL_URL", "", _url),
        user=env.text("SMS_KANNEL_USER", ""),
        password=env.secret("SMS_KANNEL_PASSWORD", ""),
        smsc=_parsed("SMS_KANNEL_SMSC", "", _fits(r"[A-Za-z0-9_.-]{1,60}", "the smsc-id of one connection")),
        receipt_path=path,
        addresses=_parsed("SMS_KANNEL_ADDRESSES", "", lambda _: networks(env.words("SMS_KANNEL_ADDRESSES"))),
    )


def smpp(data_dir: Path) -> SmppAccount:
    """The bind over SMPP, whether it is used or not. Raises ImproperlyConfigured."""
    socket = Path(env.text("SMPP_SOCKET", str(data_dir / "smpp" / "smpp.sock")))
    if len(bytes(socket)) > _LONGEST_SOCKET:
        raise ImproperlyConfigured(
            f"SMPP_SOCKET must be a path of at most {_LONGEST_SOCKET} bytes: no socket has more."
        )
    return SmppAccount(
        host=_parsed("SMPP_HOST", "", _fits(r"[A-Za-z0-9_.:-]{1,253}", "a host name or an address")),
        port=env.number("SMPP_PORT", 2775, low=1, high=65535),
        tls=env.flag("SMPP_TLS"),
        tls_ca=_parsed("SMPP_TLS_CA", "", _file),
        system_id=_parsed("SMPP_SYSTEM_ID", "", _fits(r"[!-~]{1,15}", "at most 15 letters, digits and signs of ASCII")),
        password=_smpp_password(),
        system_type=_parsed("SMPP_SYSTEM_TYPE", "", _fits(r"[!-~]{1,12}", "at most 12 letters, digits and signs")),
        pair=env.choice("SMPP_BIND", "transceiver", {"transceiver", "pair"}) == "pair",
        window=env.number("SMPP_WINDOW", 10, low=1, high=1000),
        rate=env.number("SMPP_RATE", 0, low=0, high=10_000),
        enquire_every=env.number("SMPP_ENQUIRE_SECONDS", 30, low=1, high=300),
        gsm7=cast("Gsm7", env.choice("SMPP_GSM7", "unpacked", {"unpacked", "packed", "off"})),
        validity=cast("Validity", env.choice("SMPP_VALIDITY", "relative", {"relative", "absolute", "none"})),
        ids=cast("Ids", env.choice("SMPP_IDS", "same", {"same", "answer_hex", "receipt_hex"})),
        refusals=_parsed("SMPP_REFUSALS", "", _statuses),
        socket=socket,
        metrics_address=_parsed("SMPP_METRICS_ADDRESS", "", _fits(r".+:[0-9]{1,5}", "an address and a port")),
    )


def _smpp_password() -> str:
    password = env.secret("SMPP_PASSWORD", "")
    if not re.fullmatch(r"[!-~]{0,64}", password):
        raise ImproperlyConfigured("SMPP_PASSWORD must be letters, digits and signs of ASCII, 64 at most.")
    return password


def _file(path: str) -> str:
    if path and not Path(path).is_file():
        raise ValueError("must name a file that is there")
    return path


def _statuses(listed: str) -> frozenset[int]:
    words = [word.strip() for word in listed.split(",") if word.strip()]
    if not all(re.fullmatch(r"0x[0-9A-Fa-f]{1,8}", word) and int(word, 16) for word in words):
        raise ValueError("must list statuses such as 0x0B,0x401")
    return frozenset(int(word, 16) for word in words)
