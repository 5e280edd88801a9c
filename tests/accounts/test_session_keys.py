"""A session's key: new after each step, never anything but random, and no form can say whose session it is."""

from collections.abc import Callable

import pytest
from django.conf import settings

from accounts.models import Customer, EndReason, Result, SignIn
from portal.lib import crypto
from tests.accounts.steps import WRONG, key_of, prove, with_cookie
from tests.actors import PASSWORD, Handset, Visitor, text_of
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db
LetIn = Callable[..., Visitor]


def open_with(key: str, path: str = "home/") -> str:
    """Where a browser with this key is led; empty when the page opens."""
    response = with_cookie(settings.CLIENT_COOKIE_NAME, key).get(path)
    return "" if response.status_code == 200 else response.headers["Location"]


def test_each_step_gives_a_new_key_and_kills_the_old_one(amy: Customer, handset: Handset) -> None:
    """L5"""
    visitor = Visitor("en")
    visitor.password_step()
    pending = key_of(visitor)
    assert open_with(pending, "login/verify/") == ""

    visitor.code_step(handset.code(amy.mobile))
    inside = key_of(visitor)
    assert inside != pending
    assert open_with(inside) == ""
    assert open_with(pending) == "/en/login/"
    assert open_with(pending, "login/verify/").startswith("/en/login/session-ended/")


def test_proving_again_gives_a_new_key_and_kills_the_old_one(
    amy: Customer, handset: Handset, let_in: LetIn, clock: object
) -> None:
    """L5"""
    visitor = let_in(amy)
    before = key_of(visitor)
    clock.shift(61)  # type: ignore[attr-defined]
    prove(visitor, handset, amy)
    after = key_of(visitor)
    assert after != before
    assert open_with(before) == "/en/login/"
    assert open_with(after) == ""


def test_the_table_holds_digests_and_no_key(amy: Customer, let_in: LetIn) -> None:
    """L5"""
    visitor = let_in(amy)
    row = SignIn.objects.get()
    assert row.key_digest == crypto.token_digest(key_of(visitor))
    assert len(key_of(visitor)) >= 43, "256 bits"
    kept = " ".join(map(str, SignIn.objects.values().get().values()))
    assert key_of(visitor) not in kept
    assert visitor.client.cookies[settings.BROWSER_COOKIE_NAME].value.partition(".")[2] not in kept


def test_after_the_password_the_row_holds_no_password_and_no_code(amy: Customer, handset: Handset) -> None:
    """L5"""
    Visitor("en").password_step()
    code = handset.code(amy.mobile)
    kept = [*SignIn.objects.values().get().values(), *Challenge.objects.values().get().values()]
    for value in map(str, kept):
        assert PASSWORD not in value
        assert code not in value


def test_a_form_cannot_name_account_challenge_or_purpose(
    amy: Customer, make_client: Callable[..., Customer], handset: Handset
) -> None:
    """L5"""
    ben = make_client("100002", mobile="+85298765432")
    amys, bens = Visitor("en"), Visitor("en", "198.51.100.1")
    amys.password_step()
    bens.password_step(ben.login)
    challenge = Challenge.objects.get(customer=ben)
    bens_code = handset.code(ben.mobile)
    forged = {
        "code": bens_code, "customer": ben.pk, "number": ben.login, "login": ben.login, "challenge": challenge.pk,
        "challenge_id": challenge.pk, "sign_in": challenge.sign_in_id, "reference": challenge.reference,
        "purpose": "change_password", "method": "none", "next": "/en/home/",
    }  # fmt: skip
    assert amys.post("login/verify/", forged).headers["Location"] == "/en/login/verify/"
    assert not amys.inside
    amy.refresh_from_db()
    assert amy.wrong_codes == 1, "judged against the session's own challenge"
    ben.refresh_from_db()
    assert ben.wrong_codes == 0
    assert bens.code_step(bens_code).headers["Location"] == "/en/home/"


def test_a_purpose_in_the_address_or_form_starts_no_proof(amy: Customer, let_in: LetIn) -> None:
    """L5, C4"""
    visitor = let_in(amy)
    assert visitor.get("service/prove/?purpose=change_password").headers["Location"] == "/en/home/"
    said = {"password": PASSWORD, "purpose": "change_password", "proving": "change_password"}
    assert visitor.post("service/prove/", said).headers["Location"] == "/en/home/"
    assert visitor.get("service/prove/code/").headers["Location"] == "/en/service/prove/"


@pytest.mark.parametrize("number", ["100001", "999999", "no number"])
@pytest.mark.parametrize("password", [PASSWORD, WRONG, ""])
def test_a_login_in_a_logged_in_browser_ends_that_session_first(
    number: str, password: str, amy: Customer, let_in: LetIn
) -> None:
    """L5"""
    visitor = let_in(amy)
    old = key_of(visitor)
    form = {"number": number, "password": password}
    page = visitor.post("login/", form)
    assert page.status_code == 200
    assert open_with(old).endswith("reason=replaced")
    assert not visitor.inside
    assert SignIn.objects.get(result=Result.SUCCESS).end_reason == EndReason.REPLACED


def test_the_page_after_such_a_login_is_nobodys(amy: Customer, let_in: LetIn) -> None:
    """L5"""
    visitor = let_in(amy)
    page = visitor.post("login/", {"number": "999999", "password": WRONG})
    assert "Log out" not in text_of(page)
    assert "logged out after" not in text_of(page)


def test_two_logins_of_one_account_are_two_sessions(amy: Customer, let_in: LetIn, clock: object) -> None:
    """L5"""
    first = let_in(amy)
    clock.shift(61)  # type: ignore[attr-defined]
    second = let_in(amy, address="198.51.100.9")
    assert key_of(first) != key_of(second)
    assert first.inside
    assert second.inside


def test_the_cookies_are_for_this_host_only_and_hidden_from_scripts(amy: Customer, let_in: LetIn) -> None:
    """L5, L6"""
    cookies = let_in(amy).client.cookies
    for name, samesite in (("__Host-client", "Lax"), ("__Host-browser", "Strict"), ("__Host-csrf", "Strict")):
        cookie = cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] == samesite
    assert cookies["__Host-client"]["max-age"] == ""
    assert cookies["__Host-browser"]["max-age"] == 180 * 24 * 3600


def test_a_key_of_one_kind_opens_nothing_as_another(amy: Customer, let_in: LetIn) -> None:
    """L5"""
    visitor = let_in(amy)
    key, device = key_of(visitor), visitor.client.cookies[settings.BROWSER_COOKIE_NAME].value
    row = SignIn.objects.get()
    for name in (settings.SESSION_COOKIE_NAME, settings.CLIENT_COOKIE_NAME, "sessionid", "client"):
        for value in (key, device, device.partition(".")[2], str(row.key_digest), str(row.pk)):
            if (name, value) == (settings.CLIENT_COOKIE_NAME, key):
                continue
            other = with_cookie(name, value)
            assert other.get("home/").headers["Location"] == "/en/login/"
    staff = with_cookie(settings.SESSION_COOKIE_NAME, key).client.get("/staff/", secure=True)
    assert staff.status_code in {302, 403}


def test_a_session_of_staff_is_nobody_on_client_pages(amy: Customer) -> None:
    """L5"""
    staff = Customer.objects.create_staff("mak", password=PASSWORD)
    visitor = Visitor("en")
    visitor.client.force_login(staff)
    assert visitor.get("home/").headers["Location"] == "/en/login/"
    key = visitor.client.cookies[settings.SESSION_COOKIE_NAME].value
    assert open_with(key) == "/en/login/"
    assert visitor.password_step("mak", PASSWORD).status_code == 200
    assert not visitor.inside
