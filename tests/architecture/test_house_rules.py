"""What a reader may rely on in every file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, files
from tests.conftest import ONCE

PYTHON = files(".py")
LONGEST = 300  # lines
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_REQUIREMENT = re.compile(
    r"#.*\b(?:L(?:1[01]|[1-9])|C(?:10|[1-9])|S(?:1[0-2]|[1-9])|T(?:1[0-2]|[1-9])|K[1-4]|N[12]|O[1-7])\b"
)
_A_MACHINE = re.compile(r"(?<![\w.:/])/(?:home|root|mnt)/[\w.-]+/")
_INLINE = re.compile(
    r"<style|<script(?![^>]*\ssrc=)|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|\|safe\b|autoescape off",
    re.IGNORECASE,
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where the pattern stands, as file:line."""
    return [
        f"{named(path)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_sweep_sees_the_product() -> None:
    assert len(PYTHON) > 80
    assert len(files(".html")) > 30


def test_nothing_is_left_to_do() -> None:
    assert matching(_UNFINISHED, files(".py", ".html", ".js", ".css", ".toml")) == []


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils.py", "helpers.py", "misc.py", "common.py", "util.py"}
    assert [named(path) for path in PYTHON if path.name in drawers] == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    long = {named(path): len(path.read_text().splitlines()) for path in files(".py", ".html", ".js", ".css")}
    assert {name: lines for name, lines in long.items() if lines >= LONGEST} == {}


def test_no_style_and_no_script_stands_in_a_template() -> None:
    assert matching(_INLINE, files(".html")) == []


def test_every_template_that_sends_a_form_protects_it() -> None:
    for path in files(".html"):
        text = path.read_text()
        forms = re.findall(r"<form\b[^>]*method=\"post\"[^>]*>(.{0,40})", text, re.DOTALL)
        # What is the same for everybody ends before the token, which is nobody else's.
        assert all(after.removeprefix("{% endfixed %}").startswith("{% csrf_token %}") for after in forms), named(path)
        fixed = re.findall(r"{% fixed.*?{% endfixed %}", text, re.DOTALL)
        assert not any("csrf_token" in part for part in fixed), named(path)


def inner_imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        # Django's own hook, which runs once all tables are known, is the one place that has to wait.
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "ready":
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    yield inner.module
                elif isinstance(inner, ast.Import):
                    yield from (alias.name for alias in inner.names)


def test_our_packages_are_imported_at_the_top() -> None:
    found = {
        (named(path), name) for path in PYTHON for name in inner_imports(tree(path)) if name.split(".")[0] in PACKAGES
    }
    assert found == set()


def undocumented(path: Path) -> Iterator[str]:
    for node in tree(path).body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and not ast.get_docstring(node):  # type: ignore[arg-type]
            yield f"{named(path)}: {node.name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "package", ["accounts/services", "twofactor/services", "portal/lib", "portal/audit", "portal/messaging"]
)
def test_every_verb_says_what_it_promises(package: str) -> None:
    skipped = {"models.py", "apps.py"}  # tables and Django's own classes
    inside = [path for path in PYTHON if named(path).startswith(package) and path.name not in skipped]
    assert [line for path in inside for line in undocumented(path)] == []


def test_every_module_of_a_service_says_what_it_is() -> None:
    inside = [path for path in PYTHON if "/services/" in named(path) and path.read_text().strip()]
    assert [named(path) for path in inside if not ast.get_docstring(tree(path))] == []


def test_the_product_speaks_of_itself_alone() -> None:
    docs = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    assert matching(_REQUIREMENT, files(".py", ".html", ".js", ".css")) == []
    assert matching(_A_MACHINE, files(".py", ".html", ".js", ".css", ".toml") + docs) == []


def test_only_the_wiring_reads_the_environment() -> None:
    """Settings have one door, with one sentence for every mistake."""
    readers = matching(re.compile(r"\bos\.(environ|getenv)\b"), PYTHON)
    allowed = (
        "portal/env.py",
        "portal/settings.py",
        "portal/celery.py",
        "portal/wsgi.py",
        "portal/demo/",
        "portal/gunicorn_conf.py",
    )
    assert [place for place in readers if not place.startswith(allowed)] == []


def test_time_is_asked_of_one_clock() -> None:
    """`timezone.now()` knows the zone and can be moved in tests; the others do not or cannot."""
    naive = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.sleep\(")
    assert [place for place in matching(naive, PYTHON) if "/demo/" not in place] == []


def test_randomness_is_of_the_unguessable_kind() -> None:
    found = matching(re.compile(r"^\s*(import random|from random import)\b"), PYTHON)
    assert [place for place in found if "/demo/" not in place] == []


def test_what_asks_each_database_in_its_own_words_runs_on_both() -> None:
    written = {path: path.read_text() for name in ONCE for path in (ROOT / "tests" / name).glob("*.py")}
    asking = {path for path, text in written.items() if "connection.vendor" in text}
    assert asking
    assert asking == {path for path, text in written.items() if "pytest.mark.each" in text}
