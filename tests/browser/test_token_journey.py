"""The whole way of the mobile security code: bound on the portal, shown offline by the app on another device, asked for
at the next login."""

import io

import pyotp
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage, Portal, fill_login, log_in
from tests.browser.test_journeys import check
from tests.browser.test_method import prove
from tests.browser.test_token_app import code_of, open_app, type_key

pytestmark = pytest.mark.browser
ROWS = [("en", 1280, False), ("zh-hant", 320, True), ("zh-hans", 320, False)]


def scanned(page: Page) -> str:
    """What a camera reads from the QR code as it is drawn on the page."""
    picture = Image.open(io.BytesIO(page.locator(".qr").screenshot()))
    (found,) = zxingcpp.read_barcodes(picture)
    return found.text


def bind_page(page: Page, portal: Portal, mobile: str) -> None:
    """From the menu to the page that shows the key."""
    page.goto("service/2fa/")
    page.check("#method-soft_token")
    page.click("form.card button.primary")
    page.wait_for_url("**/service/prove/")
    prove(page, 1, portal, mobile)
    page.wait_for_url("**/service/2fa/bind/")
    page.wait_for_timeout(1100)  # a second click within the second is taken for a double click
    page.click("form.card button.primary")
    page.wait_for_selector("#key")


@pytest.mark.parametrize(("language", "width", "dark"), ROWS)
def test_bind_log_out_and_log_in_with_the_app_offline(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """T1, T4, O6: the app is another browser, which has no network once the key is in it."""
    number = f"27000{ROWS.index((language, width, dark))}"
    mobile = portal.new_client(number, language=language)
    page = open_page(language, width=width, dark=dark)
    log_in(page, portal, number, mobile)
    portal.forget_waits()
    bind_page(page, portal, mobile)

    app = open_app(open_page(language, width=320, dark=dark), portal.origin, now=None)
    token = pyotp.parse_uri(scanned(page))
    assert token.secret == page.inner_text("#key").replace(" ", "")
    type_key(app, token.secret, number[-2:])
    code_of(app)
    app.context.set_offline(True)
    app.reload()
    check(app, 320, scripts=True)

    page.wait_for_timeout(1100)
    page.fill("#id_code", code_of(app))
    page.click("[data-submit]")
    page.wait_for_url("**/service/2fa/done/")
    page.click("#logout button")
    page.wait_for_url("**/session-ended/**")

    portal.forget_steps()
    fill_login(page, number)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    check(page, width, scripts=True)
    page.fill("#id_code", code_of(app))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    check(page, width, scripts=True)


def test_a_phone_is_bound_with_scripts_off(portal: Portal, open_page: OpenPage) -> None:
    """O6: by typing the key."""
    mobile = portal.new_client("270009", language="en")
    page = open_page("en")
    log_in(page, portal, "270009", mobile)
    portal.forget_waits()
    plain = open_page("en", width=320, scripts=False, storage_state=page.context.storage_state())
    bind_page(plain, portal, mobile)
    assert plain.locator("[data-copy], [data-handover]").count() > 0
    assert not plain.locator("[data-copy]").is_visible(), "a button that could do nothing"
    assert not plain.locator("[data-handover]").is_visible()
    plain.fill("#id_code", pyotp.TOTP(plain.inner_text("#key").replace(" ", "")).now())
    plain.click("[data-submit]")
    plain.wait_for_url("**/service/2fa/done/")
