"""The token app: what travels until it is installed, and how soon an installed one shows a code with no network."""

import gzip
import json
import re
import shutil
from dataclasses import dataclass

from playwright.sync_api import Error, Page, sync_playwright

from tests.benchmarks.browser import Answer, Browser, HttpWire
from tests.benchmarks.processes import BenchError
from tests.benchmarks.site import TOKEN_HOST, Web
from tests.browser.front import Front

_STARTS = 20
_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # that of the RFC's table
_PARTS = re.compile(r'(?:src|href)="([^"]+)"')
#: When the first code was painted, in milliseconds since the navigation began.
_WATCH = """() => {
  window.painted = new Promise(done => new MutationObserver((_, watch) => {
    if (!/^[0-9]{3} [0-9]{3}$/.test(document.querySelector('.code')?.textContent ?? '')) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  }).observe(document, { childList: true, subtree: true, characterData: true }));
}"""
_KEPT = "navigator.serviceWorker.ready.then(worker => worker.active.state)"


@dataclass(frozen=True, slots=True)
class TokenApp:
    """What the app weighs, and how long each start took."""

    wire_bytes: int
    requests: int
    to_code: tuple[float, ...]  # milliseconds


def measure(web: Web) -> TokenApp:
    """Weigh it, and start it without a network."""
    wire_bytes, requests = _weigh(web)
    return TokenApp(wire_bytes, requests, _start(web))


def _weigh(web: Web) -> tuple[int, int]:
    """Page, worker, manifest, and all that they name, each once, as a browser with an empty cache gets it."""
    wire = HttpWire(web.port)
    browser = Browser(wire, TOKEN_HOST, "100.127.0.2")

    def packed(answer: Answer) -> bool:
        return answer.header("Content-Encoding") == "gzip"

    def fetch(path: str) -> tuple[int, bytes]:
        answer = browser.get(path).answer
        if answer.status != 200:
            raise BenchError(f"{path} of the token app answers {answer.status}.")
        return answer.wire_bytes, gzip.decompress(answer.body) if packed(answer) else answer.body

    page, worker, manifest = (fetch(path) for path in ("/", "/sw.js", "/manifest.webmanifest"))
    named = {f"/{part.lstrip('/')}" for part in _PARTS.findall(page[1].decode())}
    named |= {icon["src"] for icon in json.loads(manifest[1])["icons"]}
    named.discard("/manifest.webmanifest")
    parts = [fetch(part)[0] for part in sorted(named)]
    wire.close()
    return page[0] + worker[0] + manifest[0] + sum(parts), 3 + len(parts)


def _start(web: Web) -> tuple[float, ...]:
    path = shutil.which("chromium-headless-shell")
    if not path:
        raise BenchError("Chromium is not installed: `make packages` brings it.")
    ended_tls = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "100.127.0.2"}
    try:
        with Front(web.port, ended_tls) as front, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            context = chromium.new_context(locale="zh-HK", viewport={"width": 390, "height": 780})
            address = f"http://{TOKEN_HOST}:{front.port}/"
            page = context.new_page()
            page.goto(address)
            _install(page)
            context.set_offline(True)
            page.close()
            context.add_init_script(f"({_WATCH})()")
            times = []
            for _ in range(_STARTS):
                page = context.new_page()
                page.goto(address, wait_until="commit")
                times.append(float(page.evaluate("window.painted")))
                page.close()
            chromium.close()
    except Error as error:
        raise BenchError(f"The token app could not be measured: {error.message}") from error
    return tuple(times)


def _install(page: Page) -> None:
    page.evaluate(_KEPT)
    page.click("#add")
    page.fill("#key", _KEY)
    page.fill("#end", "01")
    page.click("#typed .primary")
    page.wait_for_selector(".code")
