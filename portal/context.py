"""What every template can count on."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from accounts import policy, sessions
from accounts.models import SignIn
from accounts.services import lockout
from portal import brand

_SHORT = {"zh-hant": ("繁", "zh-Hant-HK"), "zh-hans": ("简", "zh-Hans"), "en": ("EN", "en")}
_CURRENT = ' aria-current="true"'
_BANNER_SECONDS = 3  # a switch that freezes everybody shows everywhere within this


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame of a client's page. Nothing is looked up for a browser without our cookie."""
    found = _found(request)
    return {
        "brand": brand.current(),
        "client": found.customer if found else None,
        "signin": found,
        "inside": bool(found and found.inside),
        "at_desk": _at_desk(request),
        "language_links": partial(language_links, request),
        "idle_seconds": int(policy.idle_limit().total_seconds()),
        "demo": settings.DEMO,
        "origin": settings.PUBLIC_ORIGIN,
        "all_frozen": _banner.show,
        "form": None,  # of a page without one: to look up a name that is nowhere costs an exception each time
    }


def _at_desk(request: HttpRequest) -> bool:
    return request.path.startswith(settings.STAFF_PATH)


def _found(request: HttpRequest) -> SignIn | None:
    if _at_desk(request):
        return None
    try:
        return sessions.lookup(request).sign_in
    except (DatabaseError, InterfaceError):
        return None  # an error page stands without a database, and is nobody's


def language_links(request: HttpRequest) -> SafeString:
    """Links to the same page in each language."""
    active, path = get_language(), escape(request.path)
    return mark_safe(
        "".join(
            f'<a href="{path.replace(f"/{active}/", f"/{code}/", 1)}" lang="{lang}" hreflang="{lang}"'
            f"{_CURRENT if code == active else ''}>{label}</a>"
            for code, (label, lang) in _SHORT.items()
        )
    )


@dataclass
class _Banner:
    """For the banner only: a copy per process that lives for seconds. What lets nobody in reads the row itself."""

    frozen: bool = False
    good_until: float = 0.0

    def show(self) -> bool:
        if time.monotonic() > self.good_until:
            try:
                self.frozen = lockout.all_frozen()
            except (DatabaseError, InterfaceError):
                self.frozen = False  # the help pages stand without a database
            self.good_until = time.monotonic() + _BANNER_SECONDS
        return self.frozen


_banner = _Banner()
