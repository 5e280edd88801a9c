"""Redis behind Sentinels, whose master is killed: another takes its place, and nobody has to start anything anew."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.carrier import crooked_carrier
from tests.faults.stage import Stage, free_port, until

pytestmark = [pytest.mark.process, pytest.mark.once]
_SENTINELS, _QUORUM = 3, 2
_NAMED = "portal"
_WORD = "redis-word"
_PATIENCE = 40.0  # seconds for the Sentinels to agree, with other tests on the machine


class Watched(Stage):
    """A master, a replica, and three Sentinels who watch."""

    def __init__(self, *facts: object) -> None:
        super().__init__(*facts)  # type: ignore[arg-type]
        self.ports = {name: free_port() for name in ("master", "replica", *(f"sentinel{n}" for n in range(_SENTINELS)))}

    @property
    def env(self) -> Mapping[str, str]:
        sentinels = ",".join(f"127.0.0.1:{self.ports[f'sentinel{n}']}" for n in range(_SENTINELS))
        return {**super().env, "REDIS_URL": f"sentinel://:{_WORD}@{sentinels}/{_NAMED}"}

    def redis(self) -> None:
        common = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", _WORD)
        follow = ("--masterauth", _WORD, "--repl-diskless-sync-delay", "0")
        for name in ("master", "replica"):
            home = self.folder / name
            home.mkdir()
            more = ("--replicaof", "127.0.0.1", str(self.ports["master"])) if name == "replica" else ()
            self.start(
                name, "redis-server", "--port", str(self.ports[name]), "--dir", str(home), *common, *follow, *more
            )
            until(lambda: self._ask(name, "PING") == "PONG", f"the {name} answers")  # noqa: B023
        until(lambda: "master_link_status:up" in self._ask("replica", "INFO", "replication"), "the replica follows")
        for nth in range(_SENTINELS):
            self._sentinel(f"sentinel{nth}")
        known = f"num-other-sentinels\n{_SENTINELS - 1}\n"
        until(
            lambda: known in self._ask("sentinel0", "SENTINEL", "MASTER", _NAMED) + "\n",
            "the Sentinels know each other",
            patience=_PATIENCE,
        )

    def _sentinel(self, name: str) -> None:
        file = self.folder / f"{name}.conf"
        file.write_text(
            f"port {self.ports[name]}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor {_NAMED} 127.0.0.1 {self.ports['master']} {_QUORUM}\n"
            f"sentinel auth-pass {_NAMED} {_WORD}\n"
            f"sentinel down-after-milliseconds {_NAMED} 1000\nsentinel failover-timeout {_NAMED} 5000\n"
        )
        self.start(name, "redis-server", str(file), "--sentinel")
        until(lambda: self._ask(name, "PING") == "PONG", f"{name} answers")

    def _ask(self, name: str, *question: str) -> str:
        word = () if name.startswith("sentinel") else ("--no-auth-warning", "-a", _WORD)
        command = ("redis-cli", "-p", str(self.ports[name]), *word, *question)
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, env={**os.environ})
        return done.stdout.replace("\r", "").strip()

    def master(self) -> int:
        """The port of whom the Sentinels call the master."""
        told = self._ask("sentinel0", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", _NAMED)
        found = re.search(r"\n(\d+)", told)
        return int(found[1]) if found else 0


@pytest.fixture
def watched(folder: Path, migrated: Callable[[Path], str]) -> Iterator[Watched]:
    """Everything at work."""
    with crooked_carrier() as carrier:
        made = Watched(folder, migrated(folder), carrier)
        try:
            made.redis()
            made.worker()
            made.beat()
            yield made
        finally:
            made.close()


def test_when_the_master_falls_every_code_is_sent_once_and_nothing_is_started_anew(watched: Watched) -> None:
    """S5"""
    watched.web()
    watched.run("-m", "tests.faults.put", "5", "170")
    until(lambda: watched.states() == {"sent": 5}, "the worker is at work")
    assert watched.master() == watched.ports["master"]
    watched.kill("master")
    watched.run("-m", "tests.faults.put", "20", "170")
    until(lambda: watched.master() == watched.ports["replica"], "the replica is the master now", patience=_PATIENCE)
    until(lambda: watched.states() == {"sent": 25}, "what waited is sent", patience=_PATIENCE)
    watched.run("-m", "tests.faults.put", "5", "170")
    until(lambda: watched.states() == {"sent": 30}, "what comes after is sent too", patience=_PATIENCE)
    until(lambda: watched.answers("/health/ready"), "the portal calls itself ready", patience=_PATIENCE)
    assert len(watched.carrier.accepted) == 30
    assert watched.carrier.repeated <= 4, "only what the worker held at that moment"
    assert all(process.poll() is None for process in watched.processes.values()), "nobody fell over it"
