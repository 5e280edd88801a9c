"""Every page of clients in every state that is worth seeing, in one language."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, EndReason
from accounts.services import lockout
from portal.views import HELP_PAGES
from tests.accounts.steps import WRONG, attempt, prove
from tests.actors import PASSWORD, Handset, Visitor, wrong
from tests.sweeps.contact_pages import contact_pages
from tests.sweeps.letter_pages import letter_pages
from tests.sweeps.method_pages import lost_pages, method_pages
from tests.sweeps.reset_pages import reset_pages
from tests.sweeps.token_pages import token_pages

Clock = time_machine.Traveller
Pages = Iterator[tuple[str, HttpResponse]]


def every_page(
    language: str, amy: Customer, make_client: Callable[..., Customer], handset: Handset, clock: Clock
) -> Pages:
    """Names and pages. Amy ends up frozen."""
    yield from _public(Visitor(language))
    yield from _refused(language, make_client)
    yield from _code_page(language, amy, handset, clock)
    yield from method_pages(language, amy, handset, clock)
    yield from contact_pages(language, make_client("200007", mobile="+85292000007"), handset, clock)
    yield from reset_pages(language, make_client("200008", mobile="+85292000008"), handset, clock)
    yield from lost_pages(language, make_client("200005", mobile="+85292000005"), handset, clock)
    yield from token_pages(language, make_client("200006", mobile="+85292000006"), clock)
    yield from letter_pages(language, make_client("200009", mobile="+85292000009"), clock)
    yield from _inside(language, amy, handset, clock)


def _public(visitor: Visitor) -> Pages:
    for path in ("login/", "privacy/", "accessibility/", *(f"help/{slug}/" for slug in sorted(HELP_PAGES))):
        yield path, visitor.get(path)
    for reason in (*EndReason.values, "gone", "unknown"):
        yield f"ended {reason}", visitor.get(f"login/session-ended/?reason={reason}")
    yield "404", visitor.get("nothing/")
    yield "405", visitor.get("logout/")
    strict = Visitor(visitor.language)
    strict.client.handler.enforce_csrf_checks = True
    yield "403 csrf", strict.post("login/")


def _refused(language: str, make_client: Callable[..., Customer]) -> Pages:
    visitor = Visitor(language, "192.0.2.50")
    make_client("200004", mobile="")
    yield "empty form", visitor.post("login/")
    yield "no verification", visitor.post("login/", {"number": "100001", "password": WRONG})
    yield "wrong password", visitor.password_step("999999", WRONG)
    yield "no mobile", visitor.password_step("200004")
    for _ in range(6):
        attempt("999999", address="192.0.2.51")
    yield "wait", Visitor(language, "192.0.2.51").password_step("999999", WRONG)
    with _all_frozen():
        yield "all frozen", Visitor(language, "192.0.2.52").password_step("100001")


@contextmanager
def _all_frozen() -> Iterator[None]:
    lockout.freeze_all(reason="drill", actor=None, now=timezone.now())
    try:
        yield
    finally:
        lockout.unfreeze_all(reason="over", actor=None, now=timezone.now())


def _code_page(language: str, amy: Customer, handset: Handset, clock: Clock) -> Pages:
    visitor, second = Visitor(language, "192.0.2.60"), Visitor(language, "192.0.2.61")
    visitor.password_step(amy.login)
    yield "code queued", visitor.get("login/verify/")
    code = handset.code(amy.mobile)
    yield "code sent", visitor.get("login/verify/")
    visitor.code_step("x")
    yield "code shape", visitor.get("login/verify/")
    visitor.post("login/resend/")
    yield "code too soon", visitor.get("login/verify/")
    visitor.code_step(wrong(code))
    yield "code wrong", visitor.get("login/verify/")
    second.password_step(amy.login)
    yield "code withheld", second.get("login/verify/")
    second.code_step(code)
    yield "code of another login", second.get("login/verify/")
    for _ in range(3):
        visitor.code_step(wrong(code))
    yield "one try left", visitor.get("login/verify/")
    clock.shift(185)
    yield "code expired", visitor.get("login/verify/")
    visitor.post("login/resend/")
    yield "code resent", visitor.get("login/verify/")
    visitor.code_step(code)
    yield "code superseded", visitor.get("login/verify/")
    visitor.code_step(handset.code(amy.mobile))
    clock.shift(3700)


def _inside(language: str, amy: Customer, handset: Handset, clock: Clock) -> Pages:
    visitor, other = Visitor(language, "192.0.2.70"), Visitor(language, "192.0.2.71")
    other.log_in(handset, amy)
    clock.shift(61)
    visitor.log_in(handset, amy)
    for path in ("home/", "service/forms/", "service/activity/", "service/activity/not-me/", "help/faq/"):
        yield f"inside {path}", visitor.get(path)
    visitor.post("service/sessions/end-others/")
    yield "others ended", visitor.get("service/activity/")
    clock.shift(61)
    visitor.get("service/password/")
    yield "prove", visitor.get("service/prove/")
    yield "prove wrong", visitor.post("service/prove/", {"password": WRONG})
    visitor.post("service/prove/", {"password": PASSWORD})
    yield "prove code", visitor.get("service/prove/code/")
    prove(visitor, handset, amy)
    yield "new password", visitor.get("service/password/")
    weak = {"new_password": "100001", "repeat_password": "100001"}
    yield "weak password", visitor.post("service/password/", weak)
    differing = {"new_password": "Quiet-Lantern-77", "repeat_password": "Quiet-Lantern-78"}
    yield "passwords differ", visitor.post("service/password/", differing)
    yield "frozen by me", visitor.post("service/activity/not-me/")
    yield "frozen", Visitor(language, "192.0.2.72").password_step(amy.login)
