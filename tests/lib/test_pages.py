"""Addresses that are found once: each language has its own."""

import pytest
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from portal.lib.pages import go_to


@pytest.mark.parametrize("name", ["home", "twofactor:challenge"])
def test_it_leads_where_reverse_leads_in_every_language(name: str) -> None:
    for language in ("zh-hant", "en", "zh-hans", "zh-hant"):
        with translation.override(language):
            answer = go_to(name)
            assert (answer.status_code, answer.url) == (302, reverse(name))
            assert answer.url.startswith(f"/{language}/")


def test_a_page_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(NoReverseMatch):
        go_to("https://evil.example/")
