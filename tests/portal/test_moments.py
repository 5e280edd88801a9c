"""The filters of moments print what Django's own would."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template

AT = datetime(2026, 11, 26, 16, 5, 9, 123456, tzinfo=UTC)  # after midnight in Hong Kong


@pytest.mark.parametrize(("ours", "djangos"), [("clock", 'date:"H:i:s"'), ("iso", 'date:"c"')])
@pytest.mark.parametrize("at", [AT, AT.replace(microsecond=0), None])
def test_a_moment_looks_like_djangos_date_in_hong_kong_time(ours: str, djangos: str, at: datetime | None) -> None:
    text = "{% load moments %}{{ at|" + ours + " }} {{ at|" + djangos + " }}"
    first, second = Template(text).render(Context({"at": at})).split(" ")
    assert first == second
    assert not at or "00:05:09" in first
