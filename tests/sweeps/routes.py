"""Every route of the site map, with arguments that fit."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern, RoutePattern

#: What stands for a converter's argument.
_ARGUMENTS = {
    "pk": "1",
    "slug": "faq",
    "kind": "mobile",
    "gateway": "http",
    "secret": "forged",
    "app_label": "accounts",
    "url": "x",
}


def _walk(resolver: URLResolver, prefix: str, localised: bool) -> Iterator[tuple[str, bool, URLPattern]]:
    for entry in resolver.url_patterns:
        here = localised or isinstance(entry.pattern, LocalePrefixPattern)
        if isinstance(entry, URLResolver):
            part = "" if isinstance(entry.pattern, LocalePrefixPattern) else _filled(entry.pattern)
            yield from _walk(entry, prefix + part, here)
        else:
            yield prefix + _filled(entry.pattern), here, entry


def _filled(pattern: object) -> str:
    if not isinstance(pattern, RoutePattern):
        return "x/"  # a regular expression: only the admin's catch-all has one
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: _ARGUMENTS.get(found[1], "1"), str(pattern))


def client_paths() -> list[str]:
    """Every page of clients, below the language."""
    return sorted({path for path, localised, _ in _walk(get_resolver(), "", False) if localised})


def other_paths() -> list[str]:
    """Every address outside the languages: health, receipts, staff, the root."""
    return sorted({"/" + path for path, localised, _ in _walk(get_resolver(), "", False) if not localised})


def staff_paths() -> list[str]:
    """Every address of staff."""
    return [path for path in other_paths() if path.startswith("/staff/")]
