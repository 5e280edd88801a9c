"""A burst of notices that a mail server or a carrier does not take: codes leave all the same, at once."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.carrier import CrookedCarrier, crooked_carrier
from tests.faults.stage import Stage, until
from tests.messaging.servers import serve
from tests.messaging.smpp import carrier as smpp_carrier

pytestmark = [pytest.mark.process, pytest.mark.once]
_NOTICES, _CODES = 200, 5
#: Seconds from the commit to the carrier's hands, on a machine that has other tests to run.
_WITHIN = 3.0
#: The same for a code whose nudge was lost: a sweep comes each second here, and its nudge may have to wait as well.
_WITHIN_WITHOUT_NUDGE = 6.0


class SlowMail(Stage):
    """A stage whose mail server accepts connections and says nothing."""

    def __init__(self, folder: Path, database_url: str, carrier: CrookedCarrier, mail: int) -> None:
        super().__init__(folder, database_url, carrier)
        self.mail = mail
        self.broker_away = False

    @property
    def env(self) -> Mapping[str, str]:
        away = {"REDIS_URL": f"unix://{self.folder / 'nowhere.sock'}"} if self.broker_away else {}
        return {**super().env, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.mail), **away}

    def burst(self) -> None:
        """Notices that take every slot there is for them."""
        self.run("-m", "tests.faults.put", "1", "170")
        until(lambda: self.states() == {"sent": 1}, "the workers are at work")
        self.run("-m", "tests.faults.put_notices", str(_NOTICES))
        trying = "SELECT count(*) FROM messaging_message WHERE NOT is_code AND state = 'sending'"
        until(lambda: self.rows(trying)[0][0] >= 4, "every slot for notices is taken")


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
    slow_mail.burst()
    slow_mail.run("-m", "tests.faults.put", str(_CODES), "170")
    until(lambda: slow_mail.states() == {"sent": 1 + _CODES}, "the codes are sent", patience=_WITHIN)
    waiting = slow_mail.rows("SELECT count(*) FROM messaging_message WHERE NOT is_code AND state <> 'sent'")
    assert waiting[0][0] == _NOTICES


def test_a_code_whose_nudge_was_lost_does_not_wait_behind_notices(slow_mail: SlowMail) -> None:
    """S4: the sweep that finds it has a slot of its own too"""
    slow_mail.burst()
    slow_mail.broker_away = True
    slow_mail.run("-m", "tests.faults.put", str(_CODES), "170")
    found = {"sent": 1 + _CODES}
    until(lambda: slow_mail.states() == found, "the codes are found and sent", patience=_WITHIN_WITHOUT_NUDGE)


class OneBind(Stage):
    """A stage whose texts, codes and notices, share one bind over which the contract lets one a second through."""

    port = 0

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **super().env,
            "DJANGO_SETTINGS_MODULE": "tests.faults.patient",
            "SMS_GATEWAY": "smpp",
            "SMPP_HOST": "127.0.0.1",
            "SMPP_PORT": str(self.port),
            "SMPP_SYSTEM_ID": "portal",
            "SMPP_PASSWORD": "smpp-word",
            "SMPP_RATE": "1",
        }


@pytest.fixture
def one_bind(folder: Path, migrated: Callable[[Path], str]) -> Iterator[OneBind]:
    """The broker, two workers, the scheduler and the process of the bind."""
    with smpp_carrier() as far_end, crooked_carrier() as carrier:
        made = OneBind(folder, migrated(folder), carrier)
        made.port = far_end.port
        try:
            made.redis()
            made.start("smpp", sys.executable, "manage.py", "run_smpp")
            far_end.wait("bind")
            made.worker("codes", queues="codes")
            made.worker("portal", queues="portal")
            made.beat()
            yield made
        finally:
            made.close()


def test_a_burst_of_notices_by_text_message_never_delays_a_code(one_bind: OneBind) -> None:
    """S4: also where they share one bind and its contract"""
    one_bind.run("-m", "tests.faults.put", "1", "170")
    until(lambda: one_bind.states() == {"sent": 1}, "the workers are at work")
    one_bind.run("-m", "tests.faults.put_notices", str(_NOTICES), "sms")
    trying = "SELECT count(*) FROM messaging_message WHERE NOT is_code AND state = 'sending'"
    until(lambda: one_bind.rows(trying)[0][0] >= 4, "every slot for notices is taken")
    for nth in range(3):
        one_bind.run("-m", "tests.faults.put", "1", "170")
        until(lambda: one_bind.states() == {"sent": nth + 2}, "the code is sent", patience=_WITHIN)  # noqa: B023
    waiting = one_bind.rows("SELECT count(*) FROM messaging_message WHERE NOT is_code AND state <> 'sent'")
    assert waiting[0][0] > _NOTICES // 2
