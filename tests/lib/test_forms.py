"""Forms that share their fields share nothing that was typed."""

import pytest
from django import forms

from accounts.forms import LoginForm
from portal.lib.forms import shares_fields
from twofactor.forms import CodeForm


@shares_fields
class Two(forms.Form):
    first = forms.CharField(max_length=3)
    second = forms.CharField(required=False)
    field_order = ("second", "first")


def test_each_has_its_own_values_and_errors() -> None:
    wrong, right = Two({"first": "long", "second": "a"}), Two({"first": "yes"})
    assert (wrong.is_valid(), right.is_valid()) == (False, True)
    assert (list(wrong.errors), wrong["first"].value(), right.cleaned_data) == (
        ["first"],
        "long",
        {"second": "", "first": "yes"},
    )
    assert Two()["first"].value() is None


def test_a_field_that_one_drops_is_still_there_for_the_next() -> None:
    one = Two()
    del one.fields["first"]
    assert list(Two().fields) == ["second", "first"]


def test_a_form_that_is_made_of_one_has_fields_of_its_own() -> None:
    class Three(Two):
        third = forms.CharField()

    assert list(Three().fields) == ["second", "first", "third"]
    assert list(Two().fields) == ["second", "first"]


@pytest.mark.parametrize("form", [LoginForm, CodeForm])
def test_nothing_is_copied_for_a_form_of_a_login(form: type[forms.Form]) -> None:
    assert all(form().fields[name] is field for name, field in form.base_fields.items())
