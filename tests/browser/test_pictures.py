"""The pictures of the README: drawn here, so that they show what there is.

When a page has changed, `UPDATE_PICTURES=1 make test` (or only this file) draws the pictures anew.
"""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.browser.conftest import OpenPage, Portal, fill_login

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
#: Mean difference of a colour channel (0 to 255): a clock's digits stay below, another page does not.
_SAME = 2.0
_GAP = 24  # pixels between the screens


def test_the_picture_of_the_readme_shows_the_login_as_it_is(portal: Portal, open_page: OpenPage) -> None:
    """Number and password, the code, the menu, as a phone shows them."""
    mobile = portal.new_client("250000", name="Amy Chan")
    page = open_page("en", width=390, device_scale_factor=1)
    fill_login(page, "250000")
    page.get_by_text("Security check: passed").wait_for()
    screens = [page.screenshot()]
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.get_by_text("Delivered to your phone").wait_for()
    screens.append(page.screenshot())
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    screens.append(page.screenshot())
    _compare(PICTURES / "login.png", _side_by_side(screens))


def _side_by_side(screens: list[bytes]) -> Image.Image:
    pictures = [Image.open(BytesIO(screen)).convert("RGB") for screen in screens]
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) + 1)
    sheet = Image.new("RGB", (width, pictures[0].height + 2 * _GAP), "#d5dbe5")
    left = _GAP
    for picture in pictures:
        sheet.paste(picture, (left, _GAP))
        left += picture.width + _GAP
    return sheet


def _compare(path: Path, drawn: Image.Image) -> None:
    if os.environ.get("UPDATE_PICTURES") == "1":
        drawn.save(path, optimize=True)
    kept = Image.open(path).convert("RGB")
    assert kept.size == drawn.size, f"{path.name} is stale: UPDATE_PICTURES=1 draws it anew"
    difference = max(ImageStat.Stat(ImageChops.difference(kept, drawn)).mean)
    assert difference < _SAME, f"{path.name} is stale ({difference:.1f}): UPDATE_PICTURES=1 draws it anew"
