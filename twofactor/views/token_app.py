"""The broker's own token app: a page, its service worker and its manifest, the same for everybody.

Nothing here knows a client: there is no session, no cookie and no form, and the keys stay on the phone.
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, cast

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from portal import brand

View = Callable[..., HttpResponse]

_FOLDER = "twofactor/token/"
_SCRIPTS = (
    "words.js",
    "otp.js",
    "store.js",
    "scan.js",
    "cards.js",
    "app.js",
)  # in the order in which they build on each other
_WORKER = Path(__file__).resolve().parents[1] / "static" / _FOLDER / "sw.js"
_LANG = {"zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans", "en": "en"}
_POLICY = {
    "default-src": [NONE],
    **{f"{kind}-src": [SELF] for kind in ("script", "style", "img", "manifest", "connect", "worker")},
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}
_HEADERS = {
    "Permissions-Policy": "camera=(self), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    # The binding page opens the app and hands it the key, so the two windows must know each other. The app
    # listens to the portal's origin alone.
    "Cross-Origin-Opener-Policy": "unsafe-none",
    "Cache-Control": "no-cache",
}


def token_app_url(request: HttpRequest) -> str:
    """Where the token app is, as an absolute address; empty where it is not served."""
    if settings.TOKEN_APP_HOST:
        return f"https://{settings.TOKEN_APP_HOST}/"
    return request.build_absolute_uri(reverse("token_app:page")) if settings.DEMO else ""


def opens_token_app(view: View) -> View:
    """For a page with the handover: the window that it opens may answer. All its other windows stay apart."""

    @wraps(view)
    def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
        return response

    return allowed


def serve(request: HttpRequest) -> HttpResponse:
    """The answer of the app's own host: the app's few addresses, and nothing else."""
    try:
        match = resolve(request.path_info, urlconf="twofactor.token_urls")
    except Resolver404:
        return nothing_here(request)
    request.resolver_match = match
    door: View = match.func
    return door(request)


def _strict(view: View) -> View:
    """The app's own headers on the answer."""

    @wraps(view)
    def strict(request: HttpRequest) -> HttpResponse:
        response = view(request)
        for name, value in _HEADERS.items():
            response[name] = value
        return response

    return cast(View, csp(_POLICY)(strict))


def _door(view: View) -> View:
    """For reading only, and packed: nothing secret is in it.

    The refusal has words of its own, since the portal's page for it is not for this host.
    """

    @_strict
    @gzip_page
    @wraps(view)
    def door(request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"}:
            return view(request)
        return HttpResponseNotAllowed(["GET", "HEAD"], "405", content_type="text/plain")

    return door


@_strict
def nothing_here(request: HttpRequest) -> HttpResponse:
    """An address that the app does not have."""
    return HttpResponse("404", status=404, content_type="text/plain")


@_door
def page(request: HttpRequest) -> HttpResponse:
    """The page, which the phone keeps."""
    return HttpResponse(_page(request))


@_door
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker with what it has to keep. It differs whenever a file of the app does, and so updates it."""
    shell = ["./", "manifest.webmanifest", *map(static, _files())]
    version = hashlib.sha256(_page(request).encode()).hexdigest()[:16]
    head = f"const VERSION = {json.dumps(version)};\nconst SHELL = {json.dumps(shell)};\n"
    return HttpResponse(head + _WORKER.read_text(encoding="utf-8"), content_type="text/javascript")


@_door
def manifest(request: HttpRequest) -> HttpResponse:
    """What the phone needs to put the app on its home screen, in the phone's language."""
    language = translation.get_language_from_request(request)
    with translation.override(language):
        facts = {
            "name": f"{_('Security codes')} – {brand.current().name}",
            "short_name": _("Security codes"),
        }
    icons = [
        {"src": static(f"{_FOLDER}icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {"src": static(f"{_FOLDER}icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
            for size in (192, 512)
            for use in ("any", "maskable")
        ),
    ]
    response = JsonResponse(
        {
            **facts,
            "lang": _LANG[language],
            "id": "./",
            "start_url": "./",
            "scope": "./",
            "display": "standalone",
            "background_color": "#f5f7fa",
            "theme_color": "#0b4f6c",
            "icons": icons,
        },
        content_type="application/manifest+json",
    )
    patch_vary_headers(response, ["Accept-Language"])
    return response


def _files() -> list[str]:
    return [_FOLDER + name for name in ("app.css", "icon.svg", *_SCRIPTS)]


def _page(request: HttpRequest) -> str:
    context = {
        "name": brand.current().name,
        # In the demo the portal is wherever it was asked for: localhost or 127.0.0.1.
        "portal": f"{request.scheme}://{request.get_host()}" if settings.DEMO else settings.PUBLIC_ORIGIN,
        "scripts": [_FOLDER + name for name in _SCRIPTS],
    }
    return render_to_string("twofactor/token_app.html", context)
