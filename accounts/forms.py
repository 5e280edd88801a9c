"""The shape of what clients type. Forms never ask the database; the templates draw the inputs."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import errors, policy
from accounts.models import Contact, ResetWay
from portal.letters import codes
from portal.lib.addresses import MAX_POSTAL, AddressRefused, parse_email, parse_postal_address, printable
from portal.lib.digits import six_digits
from portal.lib.forms import shares_fields
from portal.lib.phone import MobileProblem, MobileRefused, parse_mobile

#: No password of ours is longer; anything above is refused before it costs a hash.
_TYPED_MAX = 1024

_ADDRESS_ROOM = {"lines": policy.POSTAL_LINES, "letters": MAX_POSTAL}
_MOBILE_PROBLEMS = {
    MobileProblem.MALFORMED: errors.MOBILE_SHAPE,
    MobileProblem.SEVERAL_NUMBERS: errors.SEVERAL_NUMBERS,
    MobileProblem.EXTENSION: errors.EXTENSION,
    MobileProblem.COUNTRY_NOT_ALLOWED: errors.COUNTRY_NOT_ALLOWED,
    MobileProblem.LANDLINE: errors.LANDLINE,
    MobileProblem.NOT_MOBILE: errors.NOT_MOBILE,
}


class NumberForm(forms.Form):
    """Account number and system verification: the picture code where scripts are off."""

    number = forms.CharField(
        label=_("Account number"),
        required=False,
        max_length=64,
        error_messages={"max_length": errors.NUMBER_SHAPE},
    )
    picture = forms.CharField(
        label=_("Picture code"),
        required=False,
        max_length=64,
    )
    picture_token = forms.CharField(required=False, max_length=512, widget=forms.HiddenInput)
    altcha = forms.CharField(required=False, max_length=4096, widget=forms.HiddenInput)

    def clean_number(self) -> str:
        number = six_digits(self.cleaned_data["number"])
        if number is None:
            raise forms.ValidationError(errors.NUMBER_SHAPE)
        return number

    def clean_picture(self) -> str:
        return six_digits(self.cleaned_data["picture"]) or ""


@shares_fields
class LoginForm(NumberForm):
    """Account number, password and system verification."""

    password = forms.CharField(
        label=_("Trading password"),
        required=False,
        strip=False,
        max_length=_TYPED_MAX,
        widget=forms.PasswordInput,
        error_messages={"max_length": errors.PASSWORD_MISSING},
    )
    field_order = ("number", "password", "picture")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not password:
            raise forms.ValidationError(errors.PASSWORD_MISSING)
        return password


class ResetForm(NumberForm):
    """Whose password is forgotten, and how the client is recognised instead."""

    way = forms.ChoiceField(
        choices=ResetWay.choices,
        error_messages={"required": errors.WAY_MISSING, "invalid_choice": errors.WAY_MISSING},
    )
    field_order = ("number", "way", "picture")


class LetterForm(forms.Form):
    """The activation code of a letter, however it was typed."""

    letter = forms.CharField(
        label=_("Activation code"),
        required=False,
        error_messages={"null_characters_not_allowed": errors.LETTER_SHAPE},
    )

    def clean_letter(self) -> str:
        code = codes.normalised(self.cleaned_data["letter"])
        if code is None:
            raise forms.ValidationError(errors.LETTER_SHAPE)
        return code


class PasswordForm(forms.Form):
    """The password once more, to prove again."""

    password = forms.CharField(
        label=_("Trading password"),
        required=False,
        strip=False,
        max_length=_TYPED_MAX,
        widget=forms.PasswordInput,
        error_messages={"max_length": errors.PASSWORD_WRONG},
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not password:
            raise forms.ValidationError(errors.PASSWORD_MISSING)
        return password


class NewPasswordForm(forms.Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label=_("New trading password"),
        strip=False,
        max_length=policy.PASSWORD_MAX,
        widget=forms.PasswordInput,
    )
    repeat_password = forms.CharField(
        label=_("New trading password again"),
        strip=False,
        max_length=policy.PASSWORD_MAX,
        widget=forms.PasswordInput,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, second = cleaned.get("new_password"), cleaned.get("repeat_password")
        if first and second and first != second:
            self.add_error("repeat_password", errors.PASSWORDS_DIFFER)
        return cleaned


class MobileForm(forms.Form):
    """A new mobile number, however it is grouped."""

    mobile = forms.CharField(
        label=_("New mobile number"),
        required=False,
        max_length=64,
        error_messages={"max_length": errors.MOBILE_SHAPE, "null_characters_not_allowed": errors.MOBILE_SHAPE},
    )

    def clean_mobile(self) -> str:
        try:
            return parse_mobile(self.cleaned_data["mobile"], countries=settings.SMS_COUNTRIES)
        except MobileRefused as refused:
            raise forms.ValidationError(_MOBILE_PROBLEMS[refused.reason]) from None


class EmailForm(forms.Form):
    """A new e-mail address."""

    email = forms.CharField(
        label=_("New e-mail address"),
        required=False,
        max_length=_TYPED_MAX,
        error_messages={"max_length": errors.EMAIL_SHAPE, "null_characters_not_allowed": errors.EMAIL_SHAPE},
    )

    def clean_email(self) -> str:
        try:
            return parse_email(self.cleaned_data["email"])
        except AddressRefused:
            raise forms.ValidationError(errors.EMAIL_SHAPE) from None


class PostalAddressForm(forms.Form):
    """A new correspondence address, as it stands on an envelope."""

    postal_address = forms.CharField(
        label=_("New correspondence address"),
        required=False,
        error_messages={"null_characters_not_allowed": errors.ADDRESS_SIGNS},
    )

    def clean_postal_address(self) -> str:
        typed = self.cleaned_data["postal_address"]
        if not printable("".join(typed.split())):
            raise forms.ValidationError(errors.ADDRESS_SIGNS)
        try:
            address = parse_postal_address(typed)
        except AddressRefused:
            raise forms.ValidationError(errors.ADDRESS_LONG % _ADDRESS_ROOM) from None
        if not address:
            raise forms.ValidationError(errors.ADDRESS_MISSING)
        if address.count("\n") >= policy.POSTAL_LINES:
            raise forms.ValidationError(errors.ADDRESS_LONG % _ADDRESS_ROOM)
        return address


#: What is asked for a new contact. The field has the name of the contact.
CONTACT_FORMS: dict[Contact, type[forms.Form]] = {
    Contact.MOBILE: MobileForm,
    Contact.EMAIL: EmailForm,
    Contact.POSTAL_ADDRESS: PostalAddressForm,
}


# --- Staff -----------------------------------------------------------------------------------------------

#: What a caller can be asked. The key goes into the audit trail, the answer nowhere.
QUESTIONS = {
    "full name": _("Full name"),
    "date of birth": _("Date of birth"),
    "identity document": _("Identity document number"),
    "address": _("Correspondence address"),
    "recent trade": _("A recent trade"),
}
LEAST_QUESTIONS = 2


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=5,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class UnfreezeForm(ReasonForm):
    """Why, and how the caller was recognised."""

    questions = forms.MultipleChoiceField(
        label=_("Asked"),
        choices=list(QUESTIONS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick what you asked the caller.")},
    )
    passed = forms.BooleanField(label=_("Every answer was right"), required=False)

    def clean_questions(self) -> list[str]:
        """As many as recognise somebody."""
        asked: list[str] = self.cleaned_data["questions"]
        if len(asked) < LEAST_QUESTIONS:
            raise forms.ValidationError(_("Ask at least two questions."))
        return asked


class CallForm(UnfreezeForm):
    """Why, how the caller was recognised, and which call it was."""

    call = forms.CharField(
        label=_("Call reference (if there is one)"),
        required=False,
        max_length=policy.LONGEST_CALL_REFERENCE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "aria-describedby": "call-help"}),
    )
