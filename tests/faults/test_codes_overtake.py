"""A burst of notices that a mail server does not take: codes leave all the same, at once."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.carrier import CrookedCarrier, crooked_carrier
from tests.faults.stage import Stage, until
from tests.messaging.servers import serve

pytestmark = pytest.mark.process
_NOTICES, _CODES = 200, 5
#: Seconds from the commit to the carrier's hands, on a machine that has other tests to run.
_WITHIN = 3.0


class SlowMail(Stage):
    """A stage whose mail server accepts connections and says nothing."""

    def __init__(self, folder: Path, database_url: str, carrier: CrookedCarrier, mail: int) -> None:
        super().__init__(folder, database_url, carrier)
        self.mail = mail

    @property
    def env(self) -> Mapping[str, str]:
        return {**super().env, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.mail)}


@pytest.fixture
def slow_mail(folder: Path, migrated: Callable[[Path], str]) -> Iterator[SlowMail]:
    """The broker, two workers and the scheduler at work."""
    end = threading.Event()

    def mute(connection: socket.socket) -> None:
        end.wait(60)

    with crooked_carrier() as carrier, serve(mute) as mail:
        made = SlowMail(folder, migrated(folder), carrier, mail)
        try:
            made.redis()
            made.worker("codes", queues="codes")
            made.worker("portal", queues="portal")
            made.beat()
            yield made
        finally:
            made.close()
            end.set()


def test_a_burst_of_notices_never_delays_a_code(slow_mail: SlowMail) -> None:
    """S4: own queue, own slots"""
    slow_mail.run("-m", "tests.faults.put", "1", "170")
    until(lambda: slow_mail.states() == {"sent": 1}, "the workers are at work")
    slow_mail.run("-m", "tests.faults.put_notices", str(_NOTICES))
    trying = "SELECT count(*) FROM messaging_message WHERE NOT is_code AND state = 'sending'"
    until(lambda: slow_mail.rows(trying)[0][0] >= 4, "every slot for notices is taken")
    slow_mail.run("-m", "tests.faults.put", str(_CODES), "170")
    until(lambda: slow_mail.states() == {"sent": 1 + _CODES}, "the codes are sent", patience=_WITHIN)
    waiting = slow_mail.rows("SELECT count(*) FROM messaging_message WHERE NOT is_code AND state <> 'sent'")
    assert waiting[0][0] == _NOTICES
