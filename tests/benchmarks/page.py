"""The login page as it travels: its own weight, and that of everything that it names."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.benchmarks.browser import Browser, HttpWire
from tests.benchmarks.login import LOGIN
from tests.benchmarks.processes import BenchError
from tests.benchmarks.site import HOST, Web

#: What a client has to fill in before anything else.
_FIELDS = {"number", "password"}


@dataclass(frozen=True, slots=True)
class Page:
    """What the login page weighs and needs."""

    html_bytes: int
    wire_bytes: int  # all together
    requests: int
    stylesheets: int
    needs_script: int  # scripts that hold up the page, and fields or buttons that only a script opens


def weigh(web: Web) -> Page:
    """Load the page and all its parts, the script of the verification included, as a browser with an empty cache."""
    wire = HttpWire(web.port)
    browser = Browser(wire, HOST, "100.127.0.1")
    page = browser.get(LOGIN).answer
    reader = _Reader()
    reader.feed(page.body.decode())
    if _FIELDS - reader.fields - reader.closed:
        raise BenchError("The login page has no fields for number and password.")
    total = page.wire_bytes
    for part in sorted(reader.parts):
        answer = browser.get(part).answer
        if answer.status != 200:
            raise BenchError(f"{part} of the login page answers {answer.status}.")
        total += answer.wire_bytes
    wire.close()
    needs_script = reader.blocking_scripts + len(_FIELDS & reader.closed) + (0 if reader.button else 1)
    return Page(page.wire_bytes, total, 1 + len(reader.parts), reader.stylesheets, needs_script)


@dataclass
class _Reader(HTMLParser):
    parts: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)  # that can be filled in as the page comes
    closed: set[str] = field(default_factory=set)  # that are there but hidden or disabled
    stylesheets: int = 0
    blocking_scripts: int = 0
    button: bool = False
    unseen: int = 0  # within noscript, which this browser does not show

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "noscript":
            self.unseen += 1
        if self.unseen:
            return
        shut = {"hidden", "disabled"} & given.keys()
        match tag:
            case "link" if given.get("rel") in {"stylesheet", "icon"}:
                self.parts.add(given["href"])
                self.stylesheets += given["rel"] == "stylesheet"
            case "script":
                self.parts |= {given["src"]} if "src" in given else set()
                self.blocking_scripts += not ({"defer", "async"} & given.keys() or given.get("type") == "module")
            case "img":
                self.parts.add(given["src"])
            case "input":
                self.parts |= {given["data-worker"]} if "data-worker" in given else set()
                (self.closed if shut else self.fields).add(given.get("name", ""))
            case "button":
                self.button = self.button or (not shut and given.get("type", "submit") == "submit")

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag == "noscript"
