"""The files of the product."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("portal", "accounts", "twofactor")
_VENDORED = ROOT / "portal" / "static" / "portal" / "altcha"


def files(*endings: str) -> list[Path]:
    """Files of the product with one of these endings; not migrations, not what others wrote."""
    found = [
        path for package in (*PACKAGES, "templates") for path in (ROOT / package).rglob("*") if path.suffix in endings
    ]
    return sorted(path for path in found if "migrations" not in path.parts and _VENDORED not in path.parents)


def copy_to(folder: Path) -> Path:
    """The product in a folder where a test may change it."""
    for name in (*PACKAGES, "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder
