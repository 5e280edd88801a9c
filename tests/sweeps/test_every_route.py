"""Every address, in every state, in any order: no error page, and nobody inside without both factors."""

import random
from collections.abc import Callable
from typing import cast

import pytest
from django.http import HttpResponse

from accounts.models import Customer, SignIn
from tests.actors import PASSWORD, Handset, Visitor
from tests.sweeps.routes import client_paths, other_paths, staff_paths
from tests.sweeps.states import OUTSIDE, Mended, inside

pytestmark = pytest.mark.django_db

#: What a stranger would send anywhere: the right password, but no code and no verification.
FORM = {
    "number": "100001", "username": "100001", "login": "100001", "password": PASSWORD, "picture": "123456",
    "new_password": "Quiet-Lantern-77", "repeat_password": "Quiet-Lantern-77", "altcha": "e30=", "picture_token": "x",
    "method": "soft_token", "name": "Pixel of Amy", "after": "", "letter": "AAAA-BBBB-CCCC", "code": "12345",
    "next": "https://evil.example/", "purpose": "login", "proving": "change_password", "inside": "1", "customer": "1",
}  # fmt: skip
#: Ready only with a broker, and honest about it.
MAY_BE_UNAVAILABLE = {"/health/ready"}


def requests_in(order: random.Random) -> list[tuple[str, str]]:
    """GET and POST of every address, shuffled."""
    paths = [f"/en/{path}" for path in client_paths()] + other_paths()
    every = [(method, path) for path in paths for method in ("GET", "POST")]
    order.shuffle(every)
    return every


def send(visitor: Visitor, method: str, path: str) -> HttpResponse:
    visitor.client.raise_request_exception = False
    if method == "GET":
        hints = {"next": "//evil.example", "reason": "<script>"}
        return cast(HttpResponse, visitor.client.get(path, hints, secure=True))
    return cast(HttpResponse, visitor.client.post(path, FORM, secure=True))


def assert_sane(response: HttpResponse, method: str, path: str) -> None:
    """An answer, and no way to elsewhere."""
    assert response.status_code < 500 or path in MAY_BE_UNAVAILABLE, (method, path)
    location = response.headers.get("Location", "/")
    assert location.startswith("/"), (method, path, location)
    assert not location.startswith("//"), (method, path, location)
    assert b"<script>" not in response.content, (method, path)


@pytest.mark.once
@pytest.mark.parametrize(
    ("mend", "seed"),
    [(True, 0), (False, 0), (False, 1)],
    ids=["each from the same state", "one after the other", "in another order"],
)
@pytest.mark.parametrize("state", OUTSIDE, ids=lambda state: state.__name__)
def test_nobody_gets_in_without_both_factors(
    state: Callable[[Customer, Handset], Visitor], mend: bool, seed: int, amy: Customer, handset: Handset
) -> None:
    """L2"""
    visitor = state(amy, handset)
    before = Mended(visitor)
    proven = SignIn.objects.filter(proven_at__isnull=False).count()
    for method, path in requests_in(random.Random(seed)):
        response = send(visitor, method, path)
        assert_sane(response, method, path)
        assert b'id="logout"' not in response.content, (method, path, "a page from inside")
        if mend:
            before.restore()
    assert not visitor.inside
    assert SignIn.objects.filter(proven_at__isnull=False).count() == proven
    amy.refresh_from_db()
    assert amy.check_password(PASSWORD)
    assert amy.method == "sms"
    assert not amy.frozen


def test_who_is_inside_meets_no_error_page(amy: Customer, handset: Handset) -> None:
    """L2, O6: each address from the same session, which is mended after whatever the last one did to it"""
    visitor = inside(amy, handset)
    before = Mended(visitor)
    for method, path in requests_in(random.Random(0)):
        assert_sane(send(visitor, method, path), method, path)
        before.restore()
    assert visitor.inside


@pytest.mark.parametrize("state", [*OUTSIDE, inside], ids=lambda state: state.__name__)
def test_no_client_sees_a_page_of_staff(
    state: Callable[[Customer, Handset], Visitor], amy: Customer, handset: Handset
) -> None:
    """L2, L5"""
    visitor = state(amy, handset)
    for path in staff_paths():
        response = visitor.client.get(path, secure=True)
        if response.status_code == 200:
            assert path in {"/staff/login/", "/staff/jsi18n/"} or b"password" in response.content, path
        assert b"100001" not in response.content, path


def test_the_site_map_has_no_unknown_kind_of_door() -> None:
    """L2: a new door is looked at by whoever adds it"""
    outside = {path for path in other_paths() if not path.startswith("/staff/")}
    receipts = {"/receipts/sms/http/", "/receipts/sms/http/forged/"}
    assert outside == {"/", "/favicon.ico", "/health/live", "/health/ready", *receipts}


PUBLIC = {
    "accessibility/", "help/client-information-update-form.pdf", "help/faq/", "login/", "login/delivery/",
    "login/picture.png", "login/reset/", "login/reset/delivery/", "login/session-ended/", "login/sound.wav",
    "logout/", "privacy/",
    "service/2fa/confirm/delivery/", "service/contact/confirm/delivery/", "service/prove/delivery/",
}  # fmt: skip


def test_every_other_page_asks_for_a_login(amy: Customer) -> None:
    """L2"""
    for path in set(client_paths()) - PUBLIC:
        answers = [Visitor("en").get(path), Visitor("en").post(path)]
        for answer in answers:
            assert answer.status_code in {302, 405}, path
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/en/login/"), path
        assert any(answer.status_code == 302 for answer in answers), path


def test_what_is_public_knows_nobody(amy: Customer, handset: Handset) -> None:
    """L2"""
    for path in PUBLIC:
        response = Visitor("en").get(path)
        for secret in (amy.login, amy.name, amy.mobile, amy.email):
            assert secret.encode() not in response.content, path
