"""Imports run one way, and the machine that says so can say no."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, copy_to


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of pyproject.toml in a folder."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--no-cache"], cwd=folder, env=os.environ, capture_output=True, text=True, check=False
    )


def test_imports_run_one_way() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout[-3000:]


UPWARDS = {
    "portal/lib/digits.py": "from accounts import policy",
    "portal/messaging/models.py": "from accounts.models import Customer",
    "portal/audit/events.py": "from portal.messaging import policy",
    "accounts/services/login.py": "from twofactor.services import challenges",
    "accounts/models/customer.py": "from accounts.services import lockout",
    "accounts/services/sign_ins.py": "from accounts.services import lockout",
    "accounts/decorators.py": "from accounts.views import session",
    "accounts/policy.py": "from accounts import errors",
    "twofactor/models/challenge.py": "from twofactor.methods import METHODS",
    "twofactor/methods/sms.py": "from twofactor.services import challenges",
    "twofactor/forms.py": "from portal import views",
    "portal/messaging/relay.py": "import celery",
    "portal/messaging/outbox.py": "import httpx",
    "portal/messaging/gateways/http.py": "from portal.messaging.models import Message",
    "portal/urls.py": "import portal.demo.views",
    "accounts/odd.py": "X = 1",
}


def test_an_import_upwards_is_found(tmp_path: Path) -> None:
    """All at once, each in its contract."""
    folder = copy_to(tmp_path)
    for name, line in UPWARDS.items():
        path = folder / name
        path.write_text(f"{line}\n{path.read_text() if path.exists() else ''}")
    result = lint(folder)
    assert result.returncode == 1
    report = " ".join(result.stdout.split())
    for name, line in UPWARDS.items():
        module = name.removesuffix(".py").replace("/", ".")
        if line == "X = 1":
            assert "accounts.odd" in report, "a module that no contract knows"
        elif module != "accounts.policy":
            assert f"{module} -> " in report, module


@pytest.mark.parametrize("kept", ["Packages", "Who", "How", "Messaging", "Audit"])
def test_the_contracts_are_there(kept: str) -> None:
    assert f'name = "{kept}: ' in (ROOT / "pyproject.toml").read_text()
