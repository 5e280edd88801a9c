"""The least that Django can do, served like the portal: the measure that a login is compared with.

One page says hello, another one checks a password against an Argon2id hash with the parameters that a login has to
meet, by the library that Django uses, and a third one does so by the portal's own hasher. Checks are measured here,
among other requests, and not in a loop: each reads and writes 19 MiB, which cost more when they are not still in the
processor's caches from the check before.

With BENCH_MIDDLEWARE=1 it has the middleware that `startproject` writes down.
"""

import os

from argon2 import PasswordHasher
from argon2.low_level import Type
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts.hashers import PortalArgon2Hasher

_STARTPROJECT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

settings.configure(
    DEMO=True,  # gunicorn's configuration asks: a page that says hello has no carrier that could fail
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only-for-the-bench",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=_STARTPROJECT if os.environ.get("BENCH_MIDDLEWARE") == "1" else [],
)


_PASSWORD = "Harbour-2026-bench"
_hasher = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1, type=Type.ID)
_known = _hasher.hash(_PASSWORD)
_own_hasher = PortalArgon2Hasher()


def hello(request: HttpRequest) -> HttpResponse:
    """Says hello."""
    return HttpResponse("hello")


def check(request: HttpRequest) -> HttpResponse:
    """Says hello after one check of a password."""
    _hasher.verify(_known, _PASSWORD)
    return hello(request)


def own_check(request: HttpRequest) -> HttpResponse:
    """The same check as the portal makes it."""
    _own_hasher.verify(_PASSWORD, f"argon2{_known}")
    return hello(request)


urlpatterns = [path("", hello), path("check", check), path("own-check", own_check)]
application = get_wsgi_application()
