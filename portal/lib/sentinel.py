"""Redis behind Sentinels: one address for a master that moves when it falls.

    sentinel://:PASSWORD@HOST:PORT,HOST:PORT,HOST:PORT/NAME-OF-THE-MASTER

The password, if there is one, is that of Redis; the Sentinels themselves are asked without.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from redis.sentinel import Sentinel, SentinelConnectionPool

SCHEME = "sentinel://"
_PORT = 26379


@dataclass(frozen=True, slots=True)
class Watched:
    """Who knows where the master is, and what it is called."""

    sentinels: tuple[tuple[str, int], ...]
    master: str
    password: str = field(default="", repr=False)

    @property
    def broker_url(self) -> str:
        """The address as Celery wants it: every Sentinel, each with the password of Redis."""
        secret = f":{quote(self.password, safe='')}@" if self.password else ""
        return ";".join(f"{SCHEME}{secret}{host}:{port}" for host, port in self.sentinels)


def parse(url: str) -> Watched:
    """Raises `ValueError` in words that name what is missing, and never the password."""
    before, _at, after = url.removeprefix(SCHEME).rpartition("@")
    hosts, _slash, master = after.partition("/")
    sentinels = tuple(_host(each) for each in hosts.split(",") if each)
    if not url.startswith(SCHEME) or not sentinels or not master or "/" in master:
        raise ValueError("an address of Sentinels is sentinel://HOST:PORT,HOST:PORT/MASTER")
    return Watched(sentinels, master, unquote(before.removeprefix(":")))


def _host(each: str) -> tuple[str, int]:
    host, _colon, port = each.partition(":")
    if not host or (port and not port.isdecimal()):
        raise ValueError("each Sentinel is HOST or HOST:PORT")
    return host, int(port or _PORT)


class SentinelPool(SentinelConnectionPool):
    """Connections to the master of the moment, made from one address, as Django's cache makes its pools."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> "SentinelPool":
        """A pool for an address of the form above; `options` are those of each connection."""
        watched = parse(url)
        timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
        manager = Sentinel(watched.sentinels, sentinel_kwargs=timeouts)
        secret = {"password": watched.password} if watched.password else {}
        return cls(watched.master, manager, **secret, **options)
