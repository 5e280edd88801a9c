"""Parts of pages that are rendered once: for each language, for each value they name, and never for a person."""

import pytest
from django.template import Context, Engine
from django.utils import translation

from portal.templatetags import fixed

ENGINE = Engine(
    libraries={"fixed": "portal.templatetags.fixed", "i18n": "django.templatetags.i18n"},
    loaders=[
        (
            "django.template.loaders.cached.Loader",
            [
                (
                    "django.template.loaders.locmem.Loader",
                    {
                        "base": "{% load fixed %}{% fixed %}a{{ count.next }}{% endfixed %}"
                        "{% block main %}{% endblock %}",
                        "page": '{% extends "base" %}{% load fixed %}{% block main %}'
                        "{% fixed %}b{{ count.next }}{% endfixed %}{% endblock %}",
                        "named": "{% load fixed %}{% fixed who %}{{ who }}{{ count.next }}{% endfixed %}",
                        "unless": "{% load fixed %}{% fixed unless=busy %}{{ count.next }}{% endfixed %}",
                        "words": '{% load fixed i18n %}{% fixed %}{% translate "Log in" %}{% endfixed %}',
                        "escaped": "{% load fixed %}{% fixed who %}{{ who }}{% endfixed %}",
                    },
                )
            ],
        )
    ],
)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    fixed.forget()


class Count:
    """Counts how often it was rendered."""

    def __init__(self) -> None:
        self.value = 0

    def next(self) -> int:
        self.value += 1
        return self.value


def shown(name: str, **values: object) -> str:
    return str(ENGINE.get_template(name).render(Context(values)))


def test_a_part_is_rendered_once_in_whatever_page_it_stands() -> None:
    page, count = ENGINE.get_template("page"), Count()
    assert [page.render(Context({"count": count})) for _ in range(3)] == ["a1b2"] * 3


def test_each_value_it_names_has_its_own() -> None:
    named, count = ENGINE.get_template("named"), Count()
    assert [named.render(Context({"who": who, "count": count})) for who in "xyx"] == ["x1", "y2", "x1"]


def test_it_is_rendered_anew_while_its_condition_holds() -> None:
    part, count = ENGINE.get_template("unless"), Count()
    assert [part.render(Context({"busy": busy, "count": count})) for busy in (0, 1, 0, 1)] == ["1", "2", "1", "3"]


def test_each_language_has_its_own() -> None:
    page = ENGINE.get_template("words")
    said = []
    for language in ("en", "zh-hant", "en"):
        with translation.override(language):
            said.append(page.render(Context()))
    assert said == ["Log in", "登入", "Log in"]


def test_what_is_named_is_escaped_all_the_same() -> None:
    assert shown("escaped", who="<script>") == "&lt;script&gt;"


def test_it_keeps_a_bounded_number_of_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed, "_MOST", 2)
    named, count = ENGINE.get_template("named"), Count()
    said = [named.render(Context({"who": who, "count": count})) for who in "abcabc"]
    assert said == ["a1", "b2", "c3", "a1", "b2", "c4"]


def test_what_is_kept_can_be_dropped() -> None:
    part, count = ENGINE.get_template("unless"), Count()
    part.render(Context({"count": count}))
    fixed.forget()
    assert part.render(Context({"count": count})) == "2"
