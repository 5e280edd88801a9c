"""The token app in a real browser: its codes, what it keeps, how a key comes in, and that it needs nobody for it."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from shutil import which
from typing import Any
from urllib.parse import quote

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal import brand
from tests.browser.conftest import ROOT, OpenPage, Portal
from tests.browser.front import Front
from tests.browser.test_journeys import PAIRS, check

pytestmark = pytest.mark.browser
KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # that of the RFC's table
OTHER = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2035, 11, 19, 2, 0, 7, tzinfo=UTC)
BROKER = "DemoSec Securities"
TOKEN = ROOT / "twofactor" / "static" / "twofactor" / "token"
TEMPLATES = ROOT / "templates" / "twofactor"

#: Settled once the service worker looks after the page. (Polling would need what the app's policy forbids.)
KEPT = """() => navigator.serviceWorker.controller ? 0 : new Promise(done => {
  navigator.serviceWorker.addEventListener('controllerchange', () => done(), { once: true });
}).then(() => 0)"""
#: Settled once another version has taken the place of this one.
RENEWED = """async old => {
  for (let tries = 0; tries < 200; tries++) {
    const names = await caches.keys();
    if (names.length === 1 && names[0] !== old) return;
    await new Promise(done => setTimeout(done, 50));
  }
  throw new Error('no other version within 10 s');
}"""
#: What lies in the app's storage, as far as a script of its own page can read it.
STORED = """async () => {
  const open = indexedDB.open('token');
  await new Promise(done => open.onsuccess = done);
  const all = open.result.transaction('accounts').objectStore('accounts').getAll();
  await new Promise(done => all.onsuccess = done);
  const [{ key, ...rest }] = all.result;
  const taken = await Promise.allSettled(['raw', 'jwk'].map(form => crypto.subtle.exportKey(form, key)));
  const kept = await Promise.all((await caches.keys()).map(async name => (await caches.open(name)).keys()));
  return {
    extractable: key.extractable, usages: key.usages, taken: taken.map(each => each.status),
    words: JSON.stringify([rest, {...localStorage}, {...sessionStorage}, document.cookie, location.href,
      history.state, kept.flat().map(each => each.url), document.documentElement.outerHTML,
      [...document.querySelectorAll('input, textarea')].map(each => each.value)]),
  };
}"""
#: A camera that shows one QR code, for browsers without one.
CAMERA = """text => {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
    setInterval(() => canvas.getContext('2d').fillRect(0, 0, 64, 64), 50);
    return canvas.captureStream();
  };
  window.BarcodeDetector = class {
    static async getSupportedFormats() { return ['qr_code']; }
    async detect() { return [{ rawValue: text }]; }
  };
}"""


@pytest.fixture
def anywhere(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser that may go to other addresses than the portal's."""
    context = chromium.new_context(locale="en-GB")
    yield context
    context.close()


def port_of(portal: Portal) -> int:
    """Where the portal listens."""
    return int(portal.origin.rpartition(":")[2])


def open_app(page: Page, origin: str, *, now: datetime | None = NOW) -> Page:
    """Open the app at a time that stands still, and wait until the phone keeps it."""
    if now:
        page.clock.set_fixed_time(now)
    page.goto(f"{origin}/token/")
    page.evaluate(KEPT)
    return page


def type_key(page: Page, key: str, ending: str = "01") -> None:
    """Type a key into the form that is opened first."""
    page.click("#add")
    page.fill("#key", key)
    page.fill("#end", ending)
    page.click("#typed .primary")


def code_of(page: Page, nth: int = 0) -> str:
    """The code that an account shows."""
    code = page.locator(".code").nth(nth)
    expect(code).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    return code.inner_text().replace(" ", "").replace("\n", "")


def oathtool(key: str, at: datetime) -> str:
    """The code as an independent program computes it."""
    path = which("oathtool")
    assert path, "oathtool is missing: apt-get install oathtool"
    command = [path, "--totp", "--base32", f"--now={at:%Y-%m-%d %H:%M:%S} UTC", key]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


# --- Codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime.fromtimestamp(59, UTC), "287082"),
        (datetime.fromtimestamp(1111111109, UTC), "081804"),
        (NOW, None),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), None),
        (datetime.fromtimestamp(20000000000, UTC), "353130"),  # in the year 2603
    ],
)
def test_a_typed_key_shows_the_codes_of_other_tokens(
    at: datetime, code: str | None, portal: Portal, open_page: OpenPage
) -> None:
    """T1: leading zeros, years past 2038, the RFC's table"""
    page = open_app(open_page("en"), portal.origin, now=at)
    type_key(page, KEY)
    shown = code_of(page)
    assert shown == pyotp.TOTP(KEY).at(at) == oathtool(KEY, at)
    assert code in {None, shown}


def test_the_code_changes_with_the_step_and_not_before(portal: Portal, open_page: OpenPage) -> None:
    """T1"""
    page = open_app(open_page("en"), portal.origin, now=datetime(2035, 11, 19, 2, 0, 28, tzinfo=UTC))
    page.evaluate(
        "() => { window.signed = 0; const sign = crypto.subtle.sign;"
        "crypto.subtle.sign = function (...all) { window.signed++; return sign.apply(this, all); }; }"
    )
    type_key(page, KEY)
    first = code_of(page)
    expect(page.locator(".seconds")).to_have_text("2")
    page.clock.set_fixed_time(datetime(2035, 11, 19, 2, 0, 29, tzinfo=UTC))
    expect(page.locator(".seconds")).to_have_text("1")
    assert code_of(page) == first
    assert page.evaluate("window.signed") == 1
    page.clock.set_fixed_time(datetime(2035, 11, 19, 2, 0, 30, tzinfo=UTC))
    expect(page.locator(".seconds")).to_have_text("30")
    assert code_of(page) == pyotp.TOTP(KEY).at(datetime(2035, 11, 19, 2, 0, 30, tzinfo=UTC)) != first
    assert page.evaluate("window.signed") == 2


def test_copying_takes_the_digits_alone(portal: Portal, open_page: OpenPage) -> None:
    """T10: what is pasted needs no mending"""
    page = open_app(open_page("en", permissions=["clipboard-read", "clipboard-write"]), portal.origin)
    type_key(page, KEY)
    code_of(page)
    page.click(".copy")
    expect(page.locator("#status")).to_have_text("Code copied.")
    assert page.evaluate("navigator.clipboard.readText()") == pyotp.TOTP(KEY).at(NOW)


@pytest.mark.parametrize(
    "typed",
    [
        KEY.lower(),
        "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
        "gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq ",
        "ＧＥＺＤＧＮＢＶＧＹ３ＴＱＯＪＱ　ＧＥＺＤＧＮＢＶＧＹ３ＴＱＯＪＱ",
    ],
)
def test_a_key_is_read_however_it_is_typed(typed: str, portal: Portal, open_page: OpenPage) -> None:
    """L4"""
    page = open_app(open_page("en"), portal.origin)
    type_key(page, typed)
    assert code_of(page) == pyotp.TOTP(KEY).at(NOW)


@pytest.mark.parametrize("size", [10, 16, 32, 64])
def test_keys_of_other_lengths_work_too(size: int, portal: Portal, open_page: OpenPage) -> None:
    """T1: with the padding that such keys are often printed with"""
    key = pyotp.random_base32(128)[: size * 8 // 5] + ("A" if size * 8 % 5 else "")
    padded = key + "=" * (-len(key) % 8)
    page = open_app(open_page("en"), portal.origin)
    type_key(page, padded)
    assert code_of(page) == oathtool(key, NOW)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the key."),
        ("  - ", "Enter the key."),
        (KEY[:4] + "0" + KEY[5:], "The digit “0” (character 5) does not occur in a key. Is it the letter O?"),
        (KEY[:31] + "1", "The digit “1” (character 32) does not occur in a key. Is it the letter I / L?"),
        ("8" + KEY[1:], "The digit “8” (character 1) does not occur in a key. Is it the letter B?"),
        (KEY[:8] + "9" + KEY[9:], "“9” (character 9) does not occur in a key."),
        (KEY[:8] + "é" + KEY[9:], "“é” (character 9) does not occur in a key."),
        (KEY[:8] + "\N{GRINNING FACE}" + KEY[9:], "“\N{GRINNING FACE}” (character 9) does not occur in a key."),
        (KEY[:8] + "=" + KEY[9:], "“=” may only fill up the end of a key."),
        (KEY + "=", "“=” may only fill up the end of a key."),
        (KEY + "========", "“=” may only fill up the end of a key."),
        (KEY[:30], "The key has 30 characters and is not whole"),
        (KEY[:31], "The key has 31 characters and is not whole"),
        (KEY + "Q", "The key has 33 characters and is not whole"),
        (KEY[:8], "The key has only 8 characters, which is too short."),
        (KEY * 4, "The key has 128 characters, which is too long."),
        ("A" * 10_000, "The key has 10000 characters, which is too long."),
        ("<b>" + KEY, "“<” (character 1) does not occur in a key."),
    ],
)
def test_a_bad_key_is_refused_with_its_reason(typed: str, said: str, portal: Portal, open_page: OpenPage) -> None:
    """T4"""
    page = open_app(open_page("en"), portal.origin)
    type_key(page, typed)
    expect(page.locator("#key-error")).to_contain_text(said)
    expect(page.locator("#key")).to_be_focused()
    assert page.get_attribute("#key", "aria-invalid") == "true"
    assert page.locator(".code").count() == 0
    page.click("#leave")
    expect(page.locator("#key")).to_have_value("")


def test_the_ending_must_be_two_digits(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY, "1")
    expect(page.locator("#end-error")).to_contain_text("Enter the last two digits")
    assert page.locator(".code").count() == 0


# --- What is kept ------------------------------------------------------------------------------------


def test_no_script_can_read_the_key_again(portal: Portal, open_page: OpenPage) -> None:
    """T3"""
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    code_of(page)
    stored: dict[str, Any] = page.evaluate(STORED)
    assert stored["extractable"] is False
    assert stored["usages"] == ["sign"]
    assert stored["taken"] == ["rejected", "rejected"]
    for spelling in (KEY, KEY.lower(), "12345678901234567890", "GEZD GNBV"):
        assert spelling not in stored["words"]


def test_an_account_is_there_after_a_reload(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    code_of(page)
    page.reload()
    assert code_of(page) == pyotp.TOTP(KEY).at(NOW)
    expect(page.locator(".name")).to_have_text("Account ending 01")


def test_codes_are_shown_without_a_network(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    code_of(page)
    page.context.set_offline(True)
    for address in ("/token/", "/token/?from=home-screen"):
        page.goto(f"{portal.origin}{address}")
        assert code_of(page) == pyotp.TOTP(KEY).at(NOW)
    check(page, 1280, scripts=True)


def test_the_app_opens_when_nobody_listens_any_more(portal: Portal, anywhere: BrowserContext) -> None:
    with Front(port_of(portal)) as front:
        page = open_app(anywhere.new_page(), f"http://localhost:{front.port}")
        type_key(page, KEY)
        code_of(page)
    page.reload()
    assert code_of(page) == pyotp.TOTP(KEY).at(NOW)


def test_nothing_is_asked_of_anybody_while_codes_are_shown(portal: Portal, anywhere: BrowserContext) -> None:
    """The front sees every request, those of the service worker too."""
    with Front(port_of(portal)) as front:
        page = open_app(anywhere.new_page(), f"http://localhost:{front.port}")
        type_key(page, KEY)
        code_of(page)
        page.reload(wait_until="networkidle")
        page.wait_for_timeout(3000)  # the browser looks for a new version once more, a second after the start
        front.asked.clear()
        for seconds in (30, 60, 90):
            page.clock.set_fixed_time(datetime.fromtimestamp(NOW.timestamp() + seconds, UTC))
            expect(page.locator(".left")).to_have_text(pyotp.TOTP(KEY).at(NOW.timestamp() + seconds)[:3])
        page.click(".copy")
        page.click("[data-language=hans]")
        page.click(".remove")
        page.click("#asking-actions .btn:last-child")
        page.wait_for_timeout(1500)
        assert front.asked == []


def test_a_new_version_takes_over_at_the_next_start_and_keeps_the_accounts(
    portal: Portal, anywhere: BrowserContext
) -> None:
    with Front(port_of(portal)) as front:
        page = open_app(anywhere.new_page(), f"http://localhost:{front.port}")
        type_key(page, KEY)
        code_of(page)
        kept = page.evaluate("caches.keys()")

        def newer(path: str, body: bytes) -> bytes:
            if path.endswith("/sw.js"):
                return body.replace(b'const VERSION = "', b'const VERSION = "newer-')
            return body.replace(b"<main ", b'<main data-newer="1" ') if path == "/token/" else body

        front.change = newer
        page.reload()  # the old version, which looks for a new one
        code_of(page)
        assert page.get_attribute("main", "data-newer") is None
        page.evaluate(RENEWED, kept[0])
        page.context.set_offline(True)
        page.reload()
        assert page.get_attribute("main", "data-newer") == "1"
        assert code_of(page) == pyotp.TOTP(KEY).at(NOW)


def test_a_version_that_came_only_in_part_is_not_used(portal: Portal, anywhere: BrowserContext) -> None:
    with Front(port_of(portal)) as front:
        page = open_app(anywhere.new_page(), f"http://localhost:{front.port}")
        type_key(page, KEY)
        code_of(page)
        front.change = lambda path, body: (
            body.replace(b'const SHELL = ["', b'const SHELL = ["gone.js", "') if path.endswith("/sw.js") else body
        )
        page.reload(wait_until="networkidle")
        page.wait_for_timeout(500)
        page.context.set_offline(True)
        page.reload()
        assert code_of(page) == pyotp.TOTP(KEY).at(NOW)


# --- Several accounts --------------------------------------------------------------------------------


def test_several_accounts_keep_their_order(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    for key, ending in ((KEY, "77"), (OTHER, "02")):
        type_key(page, key, ending)
        expect(page.locator(".name").last).to_have_text(f"Account ending {ending}")
    page.reload()
    assert [code_of(page, 0), code_of(page, 1)] == [pyotp.TOTP(key).at(NOW) for key in (KEY, OTHER)]
    assert page.locator(".name").all_inner_texts() == ["Account ending 77", "Account ending 02"]


def test_the_same_account_again_is_replaced_kept_beside_or_left(portal: Portal, open_page: OpenPage) -> None:
    """T5"""
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    old, new = (pyotp.TOTP(key).at(NOW) for key in (KEY, OTHER))
    assert code_of(page) == old
    type_key(page, OTHER)
    page.keyboard.press("Escape")
    expect(page.locator("#asking")).to_be_hidden()
    assert page.locator(".code").count() == 1
    assert code_of(page) == old
    type_key(page, OTHER)
    page.get_by_role("button", name="Replace").click()
    expect(page.locator("#status")).to_contain_text("Account added.")
    assert page.locator(".code").count() == 1
    assert code_of(page) == new
    type_key(page, KEY)
    page.get_by_role("button", name="Keep both").click()
    expect(page.locator(".code")).to_have_count(2)
    assert page.locator(".name").all_inner_texts() == ["Account ending 01", "Account ending 01 (2)"]
    assert [code_of(page, 0), code_of(page, 1)] == [new, old]


def test_removing_asks_and_says_what_it_does_not_change(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    code_of(page)
    page.click(".remove")
    expect(page.locator("#asking-text")).to_contain_text("It does not change your verification method")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".code")).to_have_count(1)
    page.click(".remove")
    page.locator("#asking").get_by_role("button", name="Remove").click()
    expect(page.locator("#status")).to_have_text("Account removed.")
    page.reload()
    expect(page.locator("#empty")).to_be_visible()
    assert page.locator(".code").count() == 0


# --- What the browser refuses ------------------------------------------------------------------------


def test_a_browser_that_promises_nothing_is_said_once(portal: Portal, open_page: OpenPage) -> None:
    page = open_page("en")
    page.add_init_script(
        "navigator.storage.persist = async () => { window.asked = (window.asked ?? 0) + 1; return false; }"
    )
    open_app(page, portal.origin)
    assert page.evaluate("window.asked") is None
    type_key(page, KEY)
    expect(page.locator("#warning-text")).to_contain_text("does not promise to keep the account")
    page.click("#dismiss")
    type_key(page, OTHER, "02")
    expect(page.locator(".code")).to_have_count(2)
    assert page.evaluate("window.asked") == 1
    expect(page.locator("#warning")).to_be_hidden()


def test_a_browser_that_promises_is_not_spoken_of(portal: Portal, open_page: OpenPage) -> None:
    page = open_page("en")
    page.add_init_script("navigator.storage.persist = async () => true")
    open_app(page, portal.origin)
    type_key(page, KEY)
    code_of(page)
    expect(page.locator("#warning")).to_be_hidden()


def test_a_browser_that_cannot_store_says_so(portal: Portal, open_page: OpenPage) -> None:
    page = open_page("en")
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }")
    page.goto(f"{portal.origin}/token/")
    expect(page.locator("#warning-text")).to_contain_text("This browser cannot store an account.")
    assert page.is_disabled("#add")


def test_a_store_that_fills_up_loses_nothing_and_says_so(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    code_of(page)
    page.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    type_key(page, OTHER, "02")
    expect(page.locator("#warning-text")).to_contain_text("This browser cannot store an account.")
    assert page.locator(".code").count() == 1
    assert code_of(page) == pyotp.TOTP(KEY).at(NOW)


def test_without_scripts_there_is_a_sentence_in_three_languages(portal: Portal, open_page: OpenPage) -> None:
    page = open_page("en", scripts=False)
    page.goto(f"{portal.origin}/token/")
    text = page.inner_text("body")
    assert "Switch JavaScript on" in text
    assert text.count("JavaScript") >= 5
    assert not page.is_visible("main")


# --- Scanned -----------------------------------------------------------------------------------------


def scan(page: Page, text: str) -> None:
    """Hold a QR code before a camera."""
    page.evaluate(CAMERA, text)
    page.evaluate("document.querySelector('#scan-way').hidden = false")
    page.click("#add")
    page.click("#scan")


def otpauth(label: str = f"{BROKER}:··01", **more: str) -> str:
    """What a binding page's QR code says."""
    given = {"secret": KEY, "issuer": BROKER, "algorithm": "SHA1", "digits": "6", "period": "30", **more}
    query = "&".join(f"{name}={quote(value)}" for name, value in given.items() if value)
    return f"otpauth://totp/{quote(label)}?{query}"


@pytest.mark.parametrize("text", [otpauth(), otpauth(algorithm="", digits="", period=""), otpauth(issuer="")])
def test_a_scanned_code_is_added_after_a_question(text: str, portal: Portal, open_page: OpenPage) -> None:
    """T4"""
    page = open_app(open_page("en"), portal.origin)
    scan(page, text)
    expect(page.locator("#asking-text")).to_contain_text(f"Add “Account ending 01” of {BROKER}?")
    assert page.locator(".code").count() == 0
    page.locator("#asking").get_by_role("button", name="Add").click()
    assert code_of(page) == pyotp.TOTP(KEY).at(NOW)
    assert page.evaluate("document.querySelector('video').srcObject") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://evil.example/", "This is not a QR code for security codes."),
        ("javascript:alert(1)", "This is not a QR code for security codes."),
        (otpauth(secret=""), "This is not a QR code for security codes."),
        (otpauth() + f"&secret={OTHER}", "This is not a QR code for security codes."),
        ("otpauth://totp/%E0%A4%A?secret=" + KEY, "This is not a QR code for security codes."),
        (otpauth().replace("totp", "hotp"), "not supported (hotp)"),
        (otpauth(algorithm="SHA256"), "not supported (algorithm=SHA256)"),
        (otpauth(digits="8"), "not supported (digits=8)"),
        (otpauth(period="60"), "not supported (period=60)"),
        (otpauth(secret="A0"), "The digit “0” (character 2)"),
    ],
)
def test_another_qr_code_is_refused_with_its_reason(text: str, said: str, portal: Portal, open_page: OpenPage) -> None:
    """T4"""
    page = open_app(open_page("en"), portal.origin)
    scan(page, text)
    expect(page.locator("#scan-error")).to_contain_text(said)
    assert page.url == f"{portal.origin}/token/"
    assert page.locator(".code").count() == 0


def test_a_name_in_a_qr_code_is_text_and_nothing_else(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    scan(page, otpauth("<img src=x onerror=alert(1)>\u202e:" + "x" * 10_000, issuer=""))
    page.locator("#asking").get_by_role("button", name="Add").click()
    code_of(page)
    assert page.inner_text(".issuer") == "<img src=x onerror=alert(1)>"
    assert page.inner_text(".name") == "x" * 64
    assert page.locator("main img").count() == 0


def test_a_camera_that_is_not_allowed_is_said(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    page.evaluate(CAMERA, "")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    page.evaluate("document.querySelector('#scan-way').hidden = false")
    page.click("#add")
    page.click("#scan")
    expect(page.locator("#scan-error")).to_contain_text("The camera cannot be used.")
    type_in_dialog(page)
    assert code_of(page) == pyotp.TOTP(KEY).at(NOW)


def type_in_dialog(page: Page) -> None:
    """Type the key into the form that is open."""
    page.fill("#key", KEY)
    page.fill("#end", "01")
    page.click("#typed .primary")


# --- Languages and looks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "lang", "heading"),
    [
        ("zh-HK", "zh-Hant-HK", "保安編碼"),
        ("zh-TW", "zh-Hant-HK", "保安編碼"),
        ("zh-CN", "zh-Hans", "保安编码"),
        ("zh-SG", "zh-Hans", "保安编码"),
        ("en-GB", "en", "Security codes"),
        ("fr-FR", "en", "Security codes"),
    ],
)
def test_the_app_speaks_the_browsers_language(
    locale: str, lang: str, heading: str, portal: Portal, chromium: Browser
) -> None:
    """O5"""
    context = chromium.new_context(locale=locale)
    page = context.new_page()
    page.goto(f"{portal.origin}/token/")
    expect(page.locator("h1 span")).to_have_text(heading)
    assert page.evaluate("document.documentElement.lang") == lang
    context.close()


def test_a_chosen_language_is_remembered(portal: Portal, open_page: OpenPage) -> None:
    """O5"""
    page = open_app(open_page("en"), portal.origin)
    type_key(page, KEY)
    page.click("[data-language=hant]")
    expect(page.locator(".name")).to_have_text("帳戶尾號 01")
    expect(page.locator(".issuer")).to_have_text(str(brand.load_brand("demo").name.zh_hant))
    page.reload()
    expect(page.locator(".name")).to_have_text("帳戶尾號 01")
    assert page.title() == "保安編碼 – 示範證券"


def test_every_word_is_there_in_three_languages_and_used() -> None:
    """O5"""
    words = (TOKEN / "words.js").read_text()
    entries = re.findall(r"^    (\w+): \[(.*?)\],\n", words, re.MULTILINE | re.DOTALL)
    assert len(entries) > 50
    sources = "".join(path.read_text() for path in TOKEN.glob("*.js")) + (TEMPLATES / "token_app.html").read_text()
    for name, line in entries:
        texts = re.findall(r"'((?:[^'\\]|\\.)*)'", line)
        assert len(texts) == 3, name
        assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in texts}) == 1, name
        assert len(re.findall(rf"['\"]{name}['\"]", sources)) > 0, name
    assert not re.search("登錄|簡訊|行動電話|電子郵件|使用者|網路|軟體|激活|設備|令牌|賬號|用戶名", words)


@pytest.mark.parametrize(("language", "width", "dark"), [(language, width, dark) for language, _, width, dark in PAIRS])
def test_every_state_is_accessible(language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage) -> None:
    """O6"""
    page = open_page(language, width=width, dark=dark)
    page.add_init_script("navigator.storage.persist = async () => false")
    open_app(page, portal.origin)
    check(page, width, scripts=True)
    page.evaluate(CAMERA, "")
    page.evaluate("document.querySelector('#scan-way').hidden = false")
    type_key(page, "0", "x")
    expect(page.locator("#key-error")).to_be_visible()
    check(page, width, scripts=True)
    type_in_dialog(page)
    code_of(page)
    expect(page.locator("#warning")).to_be_visible()
    check(page, width, scripts=True)
    page.click(".remove")
    check(page, width, scripts=True)
    small = page.evaluate(
        "[...document.querySelectorAll('button, input, textarea')].filter(each => each.offsetParent)"
        ".map(each => each.getBoundingClientRect()).filter(box => box.height < 48 || box.width < 48).length"
    )
    assert small == 0


def test_the_app_can_be_installed(portal: Portal, open_page: OpenPage) -> None:
    page = open_app(open_page("en"), portal.origin)
    session = page.context.new_cdp_session(page)
    problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in problems if each["errorId"] != "in-incognito"] == []
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
