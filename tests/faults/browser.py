"""Somebody at a real web server: a client of the demo's account, through HTTP alone."""

import re
import time

import httpx

from tests.actors import PASSWORD, solve


class Browser:
    """Keeps cookies and fills in forms."""

    def __init__(self, origin: str) -> None:
        self.http = httpx.Client(base_url=origin, timeout=30, trust_env=False)
        self.token = self.solved = ""

    def open(self, path: str) -> str:
        """Open a page and keep the token of its forms."""
        page = self.http.get(path).text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        self.token = found.group(1) if found else self.token
        return page

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form with the token of the last page that had one."""
        return self.http.post(path, data={"csrfmiddlewaretoken": self.token, **fields})

    def open_login(self) -> None:
        """Open the login page and solve what it asks."""
        self.solved = solve(self.open("/en/login/"))

    def password_step(self) -> httpx.Response:
        """Number and password, on a login page that is open already."""
        return self.send("/en/login/", number="100001", password=PASSWORD, altcha=self.solved)

    def timed_password_step(self) -> float:
        """The same from the start, and how many seconds the answer to the form took."""
        self.open_login()
        start = time.monotonic()
        answer = self.password_step()
        spent = time.monotonic() - start
        assert answer.headers.get("Location") == "/en/login/verify/", answer.text
        return spent

    def code_step(self, code: str) -> httpx.Response:
        """The code."""
        return self.send("/en/login/verify/", code=code)

    @property
    def reference(self) -> str:
        """The reference that the code page shows."""
        found = re.search(r'<b class="num">([2-9A-Z]{3})</b>', self.open("/en/login/verify/"))
        assert found
        return found.group(1)

    @property
    def inside(self) -> bool:
        """Whether the menu opens."""
        return self.http.get("/en/home/").status_code == httpx.codes.OK

    @property
    def delivery(self) -> str:
        """What the page says of the message."""
        return str(self.http.get("/en/login/delivery/").json()["state"])
