"""The shape of a code."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.lib.digits import six_digits
from twofactor import errors


class CodeForm(forms.Form):
    """Six digits in one field, however they were typed or pasted."""

    code = forms.CharField(
        label=_("6-digit code"),
        required=False,
        max_length=64,
        error_messages={"max_length": errors.CODE_SHAPE},
    )

    def clean_code(self) -> str:
        code = six_digits(self.cleaned_data["code"])
        if code is None:
            raise forms.ValidationError(errors.CODE_SHAPE)
        return code
