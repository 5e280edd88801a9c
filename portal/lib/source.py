"""Where a request comes from, as far as that can be believed."""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

#: What stands for a sender without an address (a unix socket).
NOWHERE = "0.0.0.0"  # noqa: S104

_THIS_MACHINE = "127.0.0.1"  # by either protocol

#: An IPv6 subscriber has a whole /64: its addresses are one source.
_IPV6_PREFIX = 64


def request_address(request: HttpRequest) -> str:
    """The client's address under the proxies that the settings name."""
    return client_address(request.META, settings.TRUSTED_PROXY_COUNT)


def client_address(meta: Mapping[str, str], proxies: int) -> str:
    """The client's address: the entry of X-Forwarded-For that the outermost of our `proxies` proxies wrote.

    Without proxies of ours the header is anybody's word and is ignored. An IPv6 address stands for its /64.
    """
    address = meta.get("REMOTE_ADDR", "")
    if proxies:
        entries = [entry.strip() for entry in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(entries) >= proxies and _valid(entries[-proxies]):
            address = entries[-proxies]
    if not _valid(address):
        return NOWHERE
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped or parsed.is_loopback:
            return str(parsed.ipv4_mapped or _THIS_MACHINE)
        return str(IPv6Network((parsed, _IPV6_PREFIX), strict=False).network_address)
    return str(parsed)


def _valid(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
