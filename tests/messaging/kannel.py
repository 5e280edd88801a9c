"""A real Kannel: bearerbox, smsbox and fakesmsc on loopback, in a folder of its own. Only what was started is ended."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tests.messaging.servers import dead_port, read_request, reply, serve

FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")
USER, PASSWORD = "portal", "kannel-password"
_PATIENCE = 20  # seconds

_CONFIG = """
group = core
admin-port = {admin}
admin-password = unused
admin-deny-ip = "*.*.*.*"
admin-allow-ip = "127.0.0.1"
smsbox-port = {boxes}
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
store-type = file
store-location = "{folder}/store"
log-file = "{folder}/bearerbox.log"
log-level = 1

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {http}
log-file = "{folder}/smsbox.log"
log-level = 2
black-list = "http://127.0.0.1:{list}/"

group = sendsms-user
username = {user}
password = {password}
max-messages = 3
concatenation = true
"""


@dataclass
class Kannel:
    """The three programs, by name."""

    folder: Path
    port: int  # of sendsms
    smsc: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where sendsms is."""
        return f"http://127.0.0.1:{self.port}/cgi-bin/sendsms"

    def start(self, name: str, *command: str) -> None:
        """Start a program; what it writes goes to a file of its name."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self.processes[name] = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def wait(self, name: str, words: str) -> None:
        """Wait until a program has said something."""
        end = time.monotonic() + _PATIENCE
        while words not in self.said(name):
            assert self.processes[name].poll() is None, self.said(name)[-2000:]
            assert time.monotonic() < end, f"{name} never said {words!r}: {self.said(name)[-2000:]}"
            time.sleep(0.05)

    def said(self, name: str) -> str:
        """What a program has written so far."""
        return (self.folder / f"{name}.out").read_text(errors="replace")

    def phone_on(self) -> None:
        """Connect the network behind the gateway; it reports each message as delivered."""
        self.start("fakesmsc", str(FAKESMSC), "-H", "127.0.0.1", "-r", str(self.smsc), "-m", "0", "1 2 text unused")
        self.wait("fakesmsc", "Connecting to")

    def phone_off(self) -> None:
        """Cut the network off."""
        self._end("fakesmsc")

    def texts(self) -> list[tuple[str, str, str]]:
        """Sender, number and text of everything that the network has got, the oldest first."""
        line = r"Got message \d+: <(\S+) (\S+) (text|ucs-2|data) (.*)>$"
        found = re.findall(line, self.said("fakesmsc"), re.MULTILINE)
        return [(sender, number, _plain(kind, text)) for sender, number, kind, text in found]

    def close(self) -> None:
        """End what still runs, the boxes before what they hang on."""
        for name in list(self.processes)[::-1]:
            self._end(name)

    def _end(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _plain(kind: str, text: str) -> str:
    if kind != "ucs-2":
        return text
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-16-be")


@contextmanager
def kannel(folder: Path, *, refused: str = "") -> Iterator[Kannel]:
    """A Kannel that is up, with a network behind it. `refused` is a number on its black list."""
    assert FAKESMSC.exists(), "Debian's kannel-extras is missing: tests/packages.sh"
    programs = {name: shutil.which(name) or f"/usr/sbin/{name}" for name in ("bearerbox", "smsbox")}
    ports = {name: dead_port() for name in ("admin", "boxes", "smsc", "http")}
    config = folder / "kannel.conf"
    made = Kannel(folder, ports["http"], ports["smsc"])

    def black_list(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(reply("200 OK\r\nContent-Type: text/plain", f"{refused}\n".encode()))

    with serve(black_list) as list_port:
        config.write_text(_CONFIG.format(folder=folder, user=USER, password=PASSWORD, list=list_port, **ports))
        try:
            made.start("bearerbox", programs["bearerbox"], "-v", "1", str(config))
            made.wait("bearerbox", "MAIN: Start-up done")
            made.start("smsbox", programs["smsbox"], "-v", "1", str(config))
            made.wait("smsbox", "Connected to bearerbox")
            made.phone_on()
            yield made
        finally:
            made.close()
