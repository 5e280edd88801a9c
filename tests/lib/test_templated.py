"""Templates and rules of a carrier: what they take, and what they refuse at the start."""

from collections.abc import Callable

import pytest

from portal.lib import templated


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (templated.headers, "[]", "JSON object"),
        (templated.headers, '{"A": 1}', "strings alone"),
        (templated.headers, '{"A b": "x"}', "header names"),
        (templated.headers, '{"A": "é"}', "plain values"),
        (templated.headers, '{"A": "{text}"}', "number or the text"),
        (templated.headers, '{"A": "{token"}', "brace"),
        (templated.headers, '{"A": "{token!r}"}', "fields"),
        (templated.headers, '{"A": "{token:>99999999}"}', "fields"),
        (templated.headers, '{"A": "{}"}', "fields"),
        (templated.headers, "x" * 5000, "JSON object"),
        (templated.rule, "2xx,6xx", "must read like"),
        (templated.rule, "a=1,a=2", "must read like"),
        (templated.place, "a b", "a place"),
    ],
)
def test_a_mistake_is_refused(read: Callable[[str], object], text: str, said: str) -> None:
    """O2"""
    with pytest.raises(ValueError, match=said):
        read(text)


def test_a_body_is_of_bounded_depth() -> None:
    """O2"""
    deep = '{"to": "{to}", "text": "{text}", "a": ' + '{"a": ' * 9 + '"x"' + "}" * 10
    with pytest.raises(ValueError, match="levels deep"):
        templated.body(deep, form=False)
    with pytest.raises(ValueError, match="strings alone"):
        templated.body('{"to": "{to}", "text": "{text}", "a": {}}', form=True)


@pytest.mark.parametrize(
    ("answer", "place", "expected"),
    [
        ({"a": {"b": ["x", 7]}}, "a.b.1", "7"),
        ({"a": True}, "a", "true"),
        ({"a": None}, "a", ""),
        ({"a": {"b": 1}}, "a", ""),
        ([{"a": "x"}], "0.a", "x"),
        ([1], "9", ""),
        ([1], "99999999999999999999", ""),
        ("text", "a", ""),
        (None, "a", ""),
    ],
)
def test_a_place_is_looked_up_and_nothing_else_is_an_error(answer: object, place: str, expected: str) -> None:
    """S6"""
    assert templated.found(answer, place) == expected


def test_an_acceptance_needs_status_and_values_and_a_refusal_either() -> None:
    """S6"""
    rule = templated.rule("2xx,status=0|ok")
    assert rule.holds(202, {"status": 0})
    assert rule.holds(200, {"status": "ok"})
    assert not rule.holds(202, {})
    assert not rule.holds(400, {"status": 0})
    assert rule.touches(202, {})
    assert rule.touches(500, {"status": "ok"})
    assert not rule.touches(500, {"status": "1"})
