"""The shape of a code, and of a phone's name."""

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.lib.digits import six_digits
from portal.lib.forms import shares_fields
from twofactor import errors, policy

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINER = "\u200d"  # holds some emoji together


@shares_fields
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

    def clean(self) -> dict[str, str]:
        """The answer, as the method takes it."""
        code = self.cleaned_data.get("code", "")
        return {"code": code, "answer": code}


class TwoCodesForm(forms.Form):
    """Two codes that the app shows one after the other."""

    code1 = forms.CharField(label=_("First code"), required=False, max_length=64)
    code2 = forms.CharField(label=_("Next code"), required=False, max_length=64)

    def clean(self) -> dict[str, str]:
        """Both in one answer, as the method takes it."""
        pair = [six_digits(self.cleaned_data.get(name, "")) for name in ("code1", "code2")]
        if None in pair:
            raise forms.ValidationError(errors.TWO_CODES_SHAPE)
        return {"answer": " ".join(map(str, pair))}


AnswerForm = CodeForm | TwoCodesForm


class DeviceForm(forms.Form):
    """How the client calls the phone, and which key it comes after."""

    name = forms.CharField(
        label=_("Name of the phone"),
        required=False,
        max_length=policy.DEVICE_NAME_MAX,
        error_messages={"max_length": errors.DEVICE_NAME, "null_characters_not_allowed": errors.DEVICE_NAME},
    )
    after = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)

    def clean_name(self) -> str:
        """One line that prints as it is: nothing that moves the cursor, hides, or turns the direction of writing."""
        name = unicodedata.normalize("NFC", self.cleaned_data["name"])
        unprintable = any(unicodedata.category(sign) in _UNPRINTABLE and sign != _JOINER for sign in name)
        if not name or unprintable:
            raise forms.ValidationError(errors.DEVICE_NAME)
        return name
