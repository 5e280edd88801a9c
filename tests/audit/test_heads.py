"""The head of each day: signed, told, stored off the box, and believed later."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings as SettingsWrapper

from portal.audit import heads
from portal.audit.events import Event
from portal.audit.heads import HeadError
from portal.audit.models import AuditHead, AuditRecord
from portal.audit.trail import record
from portal.messaging.models import Message
from portal.tasks import publish_head
from tests.actors import emails
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
Trail = list[AuditRecord]
FILE = "audit-head-2035-11-19.txt"


def test_the_head_goes_to_the_folder_and_to_the_auditor(trail: Trail, head_directory: Path) -> None:
    """A6"""
    publish_head()
    text = (head_directory / FILE).read_text()
    assert text == AuditHead.objects.get().text
    lines = text.splitlines()
    assert lines[0] == "Head of the audit trail, version 1"
    assert lines[1:3] == ["portal: portal.example.com.hk", "day: 2035-11-19"]
    assert "position: 9" in lines
    mail = Message.objects.get(kind="audit.head")
    assert mail.to_masked.endswith("@example.com.hk")
    assert all(len(line) < 110 for line in lines), "no mail server breaks them"


def test_publishing_again_changes_nothing(trail: Trail, head_directory: Path, clock: Clock) -> None:
    """A6, O4"""
    publish_head()
    before = (head_directory / FILE).read_bytes()
    clock.shift(3600)
    record(Event.STAFF_SEARCHED)
    publish_head()
    assert (head_directory / FILE).read_bytes() == before
    assert Message.objects.filter(kind="audit.head").count() == 1
    clock.shift(24 * 3600)
    publish_head()
    assert sorted(path.name for path in head_directory.iterdir()) == [FILE, "audit-head-2035-11-20.txt"]
    assert AuditHead.objects.latest("day").position == 10


def test_the_day_is_that_of_hong_kong(trail: Trail, clock: Clock) -> None:
    """A6"""
    clock.move_to("2035-11-19T15:59:00+00:00")
    publish_head()
    clock.move_to("2035-11-19T16:01:00+00:00")
    publish_head()
    assert [str(head.day) for head in AuditHead.objects.order_by("day")] == ["2035-11-19", "2035-11-20"]


def test_a_folder_that_is_away_is_told_and_made_up_for(trail: Trail, head_directory: Path) -> None:
    """A6, O4"""
    head_directory.rmdir()
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            publish_head()
    assert Message.objects.filter(kind="alarm").count() == 2
    assert Message.objects.filter(kind="audit.head").count() == 1
    head_directory.mkdir()
    publish_head()
    assert (head_directory / FILE).exists()
    assert [path.suffix for path in head_directory.iterdir()] == [".txt"], "nothing half written"


def test_a_head_survives_the_way_through_the_mail(trail: Trail) -> None:
    """A6"""
    publish_head()
    text = AuditHead.objects.get().text
    mailed = "From: portal\r\nSubject: Head\r\n\r\n  " + text.replace("\n", "  \r\n") + "\r\n-- \r\nKeep this."
    assert heads.parse(mailed) == heads.parse(text)
    assert heads.parse(mailed).signed


@pytest.mark.parametrize("line", ["portal", "day", "made", "position", "digest", "key"])
def test_a_head_that_was_changed_is_not_ours(trail: Trail, line: str, settings: SettingsWrapper) -> None:
    """A6"""
    settings.AUDIT_KEYS = {**settings.AUDIT_KEYS, "1": bytes(range(32))}
    publish_head()
    text = AuditHead.objects.get().text
    assert heads.parse(text).signed
    changed = "\n".join(f"{line}: 1" if each.startswith(f"{line}: ") else each for each in text.splitlines())
    assert not heads.parse(changed).signed


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "\0" * 20_000,
        lambda text: text.replace("position: 9", "position: nine"),
        lambda text: text.replace("signature: ", "signature: !"),
        lambda text: "\n".join(text.splitlines()[:-1]),
        lambda text: text.replace("day: ", "days: "),
    ],
)
def test_what_is_no_head_is_refused(trail: Trail, spoil: Callable[[str], str]) -> None:
    """A6"""
    publish_head()
    with pytest.raises(HeadError):
        heads.parse(spoil(AuditHead.objects.get().text))


def test_the_auditor_checks_the_signature_without_a_secret_of_ours(trail: Trail, tmp_path: Path) -> None:
    """A6: with a program that is not ours"""
    publish_head()
    head = heads.parse(AuditHead.objects.get().text)
    key, signed, signature = tmp_path / "key.pem", tmp_path / "signed", tmp_path / "signature"
    key.write_text(heads.public_key())
    lines = head.text.splitlines(keepends=True)
    signed.write_text("".join(lines[:-1]))
    signature.write_bytes(base64.b64decode(lines[-1].removeprefix("signature: ")))
    command: list[str | Path] = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        key,
        "-rawin",
        "-in",
        signed,
        "-sigfile",
        signature,
    ]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    signed.write_text("".join(lines[:-1]).replace("position: 9", "position: 8"))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_a_head_of_an_empty_trail_is_a_head(clock: Clock, head_directory: Path) -> None:
    """A6"""
    publish_head()
    assert heads.read(head_directory / FILE).position == 0


def test_the_mail_holds_the_head_and_nothing_else(trail: Trail, carrier: object) -> None:
    """A6"""
    publish_head()
    (mail,) = emails("auditor@example.com.hk")
    assert mail.body.strip() == AuditHead.objects.get().text.strip()
    assert mail.subject == "Head of the audit trail, 2035-11-19"
