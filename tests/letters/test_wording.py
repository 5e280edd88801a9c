"""The words of the letters are those that the client then sees on the pages."""

import pytest
from django.utils import translation

from portal.letters.models import Kind
from portal.letters.wording import CODE, STEPS

LANGUAGES = ["zh-hant", "zh-hans", "en"]
BUTTONS = [
    (Kind.PASSWORD, "Forgotten password or first login"),
    (Kind.PASSWORD, "I have a letter"),
    (Kind.REBINDING, "I have a rebinding letter"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "button"), BUTTONS)
def test_a_letter_names_what_to_press_as_the_page_does(kind: Kind, button: str, language: str) -> None:
    """T8, O5"""
    marks = {"zh-hant": "「{}」", "zh-hans": "“{}”", "en": '"{}"'}[language]
    with translation.override(language):
        pressed = marks.format(translation.gettext(button))
    assert any(pressed in step.in_language(language) for step in STEPS[kind])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_has_one_name_on_paper_and_on_the_page(language: str) -> None:
    """T8, O5"""
    with translation.override(language):
        assert translation.gettext("Activation code") == CODE.in_language(language)
