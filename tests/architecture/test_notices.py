"""Nothing but `tell` writes to clients, and whoever may put messages is known."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, files

NOTICES = "portal/messaging/notices.py"
#: Who may call what: the outbox takes codes and notices, and a notice is worded where it is told.
CALLERS = {
    "outbox.put": {NOTICES, "twofactor/methods/codes.py"},
    "notice_email": {NOTICES, "portal/messaging/texts.py"},
    "notice_sms": {NOTICES, "portal/messaging/texts.py", "portal/checks.py"},
    "Message": {"portal/messaging/outbox.py", "portal/messaging/models.py"},
    "Message.objects.create": {"portal/messaging/probe.py"},  # a test message, to no client
    "Message.objects.bulk_create": set(),
    "Message.objects.get_or_create": set(),
    "Message.objects.update_or_create": set(),
    "send_mail": set(),
}


def calls(source: str) -> Iterator[str]:
    """What a file calls, as it is written there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def callers(called: str) -> set[str]:
    found = ((str(path.relative_to(ROOT)), path) for path in files(".py") if "/demo/" not in str(path))
    return {name for name, path in found if called in calls(path.read_text())}


@pytest.mark.parametrize("called", CALLERS)
def test_telling_is_the_only_way_to_put_a_notice(called: str) -> None:
    """N1"""
    assert callers(called) <= CALLERS[called]


def test_the_search_finds_who_tells() -> None:
    assert NOTICES in callers("outbox.put")
    assert "accounts/services/lockout.py" in callers("notices.tell")
    assert list(calls("x = put(1)\nwith a.b():\n  pass")) == ["put", "a.b"]


def test_no_other_name_for_the_outbox_hides_a_caller() -> None:
    """N1: `from outbox import put` or `outbox as o` would get past the search"""
    strange = []
    for path in files(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "portal.messaging.outbox":
                strange += [f"{path}: {alias.name}" for alias in node.names if alias.name == "put"]
            elif isinstance(node, ast.ImportFrom | ast.Import):
                strange += [f"{path}: {alias.name}" for alias in node.names if "outbox" in alias.name and alias.asname]
    assert strange == []


def test_the_kind_of_a_notice_is_written_in_one_place() -> None:
    """N1: others may look for one; only `notices` makes one"""
    for path in files(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "kind" and "notice." in ast.unparse(node.value):
                assert _is_query(path, node) or str(path.relative_to(ROOT)) == NOTICES, path


def _is_query(path: Path, keyword: ast.keyword) -> bool:
    """Whether the keyword belongs to a filter of a query."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and any(ast.dump(each) == ast.dump(keyword) for each in node.keywords):
            return ast.unparse(node.func).endswith((".filter", ".exclude"))
    return False
