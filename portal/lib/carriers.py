"""What the portal knows of each carrier: read from the environment at the start, never shown."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from portal.lib.templated import Body, Headers, Rule


@dataclass(frozen=True, slots=True)
class HttpCarrier:
    """A carrier with an HTTP interface of its own, described by templates and rules.

    `accepted` holds for an answer that took the message, `refused` touches one that never will; any other may pass.
    `id_place` is where its id stands in the answer, empty for a carrier that gives none.
    """

    prefix: str  # of its settings: SMS_HTTP
    url: str
    method: str
    headers: Headers
    body: Body
    accepted: Rule
    refused: Rule
    id_place: str
    user: str = field(repr=False)
    token: str = field(repr=False)
    receipt_setting: str
    receipt_secret: str = field(repr=False)

    @property
    def begun(self) -> bool:
        """Whether somebody means to use it."""
        return bool(self.url or self.token)

    def missing(self) -> str:
        """One sentence that names the settings without which nothing leaves or comes back, or nothing."""
        if not (self.url and self.token):
            return f"Set {self.prefix}_URL and {self.prefix}_TOKEN: without them no code leaves."
        if not self.receipt_secret:
            return f"Set {self.receipt_setting}: without it no delivery receipt can be believed."
        return _open_road(self.url, f"{self.prefix}_URL", private=False)


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """An account at Twilio; the token signs its receipts too."""

    account: str
    token: str = field(repr=False)
    service: str  # a messaging service, or empty
    sender: str  # a number or a name other than the brand's, or empty
    url: str

    @property
    def begun(self) -> bool:
        """Whether somebody means to use it."""
        return bool(self.account or self.token)

    def missing(self) -> str:
        """One sentence that names the settings without which nothing leaves or comes back, or nothing."""
        if not (self.account and self.token):
            return "Set SMS_TWILIO_ACCOUNT and SMS_TWILIO_TOKEN: without them no code leaves."
        return _open_road(self.url, "SMS_TWILIO_URL", private=False)


@dataclass(frozen=True, slots=True)
class KannelBox:
    """Kannel's smsbox, and from where its receipts come."""

    url: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    smsc: str
    receipt_path: str = field(repr=False)
    addresses: tuple[IPv4Network | IPv6Network, ...]

    @property
    def begun(self) -> bool:
        """Whether somebody means to use it."""
        return bool(self.url or self.password or self.receipt_path)

    def missing(self) -> str:
        """One sentence that names the settings without which nothing leaves or comes back, or nothing."""
        if not (self.url and self.user and self.password):
            return "Set SMS_KANNEL_URL, SMS_KANNEL_USER and SMS_KANNEL_PASSWORD: without them no code leaves."
        if not (self.receipt_path and self.addresses):
            return "Set SMS_KANNEL_RECEIPT_PATH and SMS_KANNEL_ADDRESSES: without them no receipt can be believed."
        return _open_road(self.url, "SMS_KANNEL_URL", private=True)

    def knows(self, address: str) -> bool:
        """Whether receipts may come from this address."""
        parsed = ip_address(address)
        return any(parsed in network for network in self.addresses)


def networks(words: list[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks. An IPv6 one must be a /64 or wider, because a sender stands for its /64.

    Raises ValueError with the end of a sentence.
    """
    try:
        parsed = tuple(ip_network(word) for word in words)
    except ValueError:
        raise ValueError("must list addresses or networks such as 10.0.0.7,10.1.0.0/24") from None
    if any(isinstance(network, IPv6Network) and network.prefixlen > 64 for network in parsed):
        raise ValueError("must name IPv6 senders by their /64")
    if any(network.prefixlen == 0 for network in parsed):
        raise ValueError("must not let everybody in")
    return parsed


def _open_road(url: str, setting: str, *, private: bool) -> str:
    """A sentence when codes would travel in the clear: https, or a machine that no stranger listens to."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
        near = address.is_loopback or (private and address.is_private)
    except ValueError:
        near = False
    if scheme == "https" or near:
        return ""
    return f"{setting} must start with https://" + (", or name a private address." if private else ".")
