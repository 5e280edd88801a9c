"""Binding a phone: a key that is shown once, a name that prints, a first code."""

import re
from base64 import b64decode
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, Method
from tests.actors import Handset, Visitor, emails, text_of
from tests.twofactor.steps import Clock, english
from tests.twofactor.switches import (
    A_MINUTE,
    app_code,
    ask,
    bind,
    confirm,
    earlier_key,
    key_on,
    not_the_code,
    prove_by_sms,
    show_key,
)
from twofactor import errors
from twofactor.models import MethodSwitch, SoftToken, TokenState

pytestmark = pytest.mark.django_db
PAGE = "service/2fa/bind/"


@pytest.fixture
def proven(clock: Clock, amy: Customer, handset: Handset) -> Visitor:
    """Amy's browser, at the page that asks for the name of the phone."""
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    ask(visitor, Method.SOFT_TOKEN)
    prove_by_sms(visitor, handset, amy)
    return visitor


def test_the_name_is_that_of_the_phone_at_hand_until_it_is_changed(proven: Visitor) -> None:
    """T4: a computer says nothing of the phone."""
    assert 'value="My phone"' in proven.get(PAGE).content.decode()
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
    assert 'value="iPhone"' in proven.get(PAGE, HTTP_USER_AGENT=agent).content.decode()
    show_key(proven, "我的 iPhone 👩‍💻")
    assert SoftToken.objects.get().name == "我的 iPhone 👩‍💻"


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 41, "x" * 10_000, "a\x00b", "a\nb", "a\x1b[31m", "a\u202eb", "a\u2028b", "a\u200bb"],
)
def test_a_name_that_does_not_print_is_refused_and_no_method_lost(
    name: str, proven: Visitor, amy: Customer, handset: Handset
) -> None:
    """T4"""
    assert proven.post(PAGE, {"name": name, "after": ""}).headers["Location"] == "/en/service/2fa/bind/"
    page = text_of(proven.get(PAGE))
    assert english(errors.DEVICE_NAME) in page
    assert len(page) < 5000, "what was typed is not sent back"
    assert not SoftToken.objects.exists()
    assert bind_on(proven)


def bind_on(visitor: Visitor) -> bool:
    """Whether the change can still be completed."""
    seed = key_on(show_key(visitor))
    return confirm(visitor, app_code(seed)).headers["Location"] == "/en/service/2fa/done/"


def test_the_key_stands_in_one_answer_only(proven: Visitor) -> None:
    """T4"""
    page = show_key(proven)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    seed_text = re.sub(r"\s", "", text_of_key(page))
    for path in (PAGE, "service/2fa/", "home/", "service/2fa/confirm/", "service/2fa/done/"):
        assert seed_text not in proven.get(path, follow=True).content.decode()
    assert "The key was shown once." in text_of(proven.get(PAGE))


def text_of_key(page: HttpResponse) -> str:
    found = re.search(r'<code id="key"[^>]*>([^<]+)</code>', page.content.decode())
    assert found
    return found[1]


def test_the_key_is_drawn_and_written_in_groups(proven: Visitor) -> None:
    """T1, T4: 160 bits; the picture is part of the page, black on white with room around it"""
    page = show_key(proven)
    assert re.fullmatch(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", text_of_key(page))
    assert len(key_on(page)) == 20
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page.content.decode())
    assert picture
    drawn = b64decode(picture[1]).decode()
    assert "<svg" in drawn
    assert 'fill="white"' in drawn
    assert 'fill="#000000"' in drawn


def test_the_page_says_until_when(proven: Visitor) -> None:
    """T4"""
    until = timezone.localtime(timezone.now() + timedelta(minutes=10))
    assert f"valid until {until:%H:%M}" in text_of(show_key(proven))


def test_only_the_key_page_may_speak_to_the_window_that_it_opens(proven: Visitor) -> None:
    assert show_key(proven).headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    for path in (PAGE, "service/2fa/", "home/"):
        assert proven.get(path).headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_new_key_voids_the_earlier_one(proven: Visitor) -> None:
    """T4"""
    first = key_on(show_key(proven))
    second = key_on(show_key(proven))
    assert first != second
    assert SoftToken.objects.count() == 1
    assert confirm(proven, app_code(first)).headers["Location"] == "/en/service/2fa/bind/"
    assert confirm(proven, app_code(second)).headers["Location"] == "/en/service/2fa/done/"


def test_the_form_sent_a_second_time_makes_no_second_key(proven: Visitor) -> None:
    """T4: reloading the page with the key does not void it"""
    sent = {"name": "Pixel of Amy", "after": earlier_key(proven)}
    seed = key_on(proven.post(PAGE, sent))
    assert proven.post(PAGE, sent).headers["Location"] == "/en/service/2fa/bind/"
    assert "The key was shown once." in text_of(proven.get(PAGE))
    assert confirm(proven, app_code(seed)).headers["Location"] == "/en/service/2fa/done/"


@pytest.mark.parametrize("after", ["x", "0" * 36, "' OR 1=1", "y" * 5000])
def test_a_forged_earlier_key_makes_none(after: str, proven: Visitor) -> None:
    assert proven.post(PAGE, {"name": "Pixel of Amy", "after": after}).headers["Location"] == "/en/service/2fa/bind/"
    assert not SoftToken.objects.exists()


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５", "\x00", "9" * 5000])
def test_what_is_no_code_costs_no_try(typed: str, proven: Visitor) -> None:
    """C8"""
    show_key(proven)
    assert confirm(proven, typed).headers["Location"] == "/en/service/2fa/bind/"
    assert english(errors.APP_CODE_SHAPE) in text_of(proven.get(PAGE))
    assert MethodSwitch.objects.get().tries == 0


def test_a_wrong_code_keeps_the_key_and_does_not_show_it(proven: Visitor, amy: Customer) -> None:
    """T4"""
    page = show_key(proven)
    seed = key_on(page)
    confirm(proven, not_the_code(seed))
    again = proven.get(PAGE)
    assert "The key is already in your app" in text_of(again)
    assert text_of_key(page).replace(" ", "") not in again.content.decode().replace(" ", "")
    assert confirm(proven, app_code(seed)).headers["Location"] == "/en/service/2fa/done/"


def test_a_code_before_any_key_is_shown_binds_nothing(proven: Visitor) -> None:
    """T4"""
    assert confirm(proven, "000000").headers["Location"] == "/en/service/2fa/"
    assert not SoftToken.objects.exists()


def test_the_code_that_bound_is_used_up(proven: Visitor, amy: Customer, clock: Clock) -> None:
    """T2: it opens no login"""
    seed = key_on(show_key(proven))
    code = app_code(seed)
    confirm(proven, code)
    visitor = Visitor("en", "192.0.2.80")
    visitor.password_step()
    visitor.code_step(code)
    assert not visitor.inside


def test_the_database_alone_shows_no_key(proven: Visitor) -> None:
    """T3"""
    seed = key_on(show_key(proven))
    kept = SoftToken.objects.get()
    assert kept.state == TokenState.SHOWN
    assert kept.sealed_seed is not None
    assert seed not in bytes(kept.sealed_seed)


def test_a_bound_phone_keeps_its_name(proven: Visitor, amy: Customer, handset: Handset, clock: Clock) -> None:
    show_key(proven, "Office phone")
    clock.shift(A_MINUTE)
    bind(proven, handset, amy)
    assert SoftToken.objects.get(state="bound").name == "Pixel of Amy"


def test_what_the_phone_is_called_stands_in_no_notice(
    proven: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """N2: it is free text, and a stranger could put a link there"""
    confirm(proven, app_code(key_on(show_key(proven, "call evil.example.com now"))))
    told = [f"{mail.subject}{mail.body}" for mail in emails(amy.email)] + handset.texts(amy.mobile)
    assert any("流動保安編碼" in text or "mobile security code" in text for text in told)
    assert not [text for text in told if "evil" in text]
    assert any("Chrome / Windows" in text for text in told)
