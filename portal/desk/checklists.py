"""Forms that ask for a reason and for a ticked checklist before something is done to a client."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import CONTACT_FORMS, ReasonForm
from accounts.models import Contact
from accounts.services import paper

_LONGEST_REFERENCE = 20  # characters, with whatever a scanner adds

#: How a signed form came back to us.
CHANNELS: dict[str, str | Promise] = {
    "email": gettext_lazy("E-mail"),
    "fax": gettext_lazy("Fax"),
    "in_person": gettext_lazy("In person"),
    "post": gettext_lazy("Post"),
}


class ChecklistForm(ReasonForm):
    """Why, and what was done before: every line of the checklist. The keys of the lines go into the audit trail."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {}

    checklist = forms.MultipleChoiceField(
        label=gettext_lazy("Done"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick every line of the checklist.")},
    )
    field_order: tuple[str, ...] = ("checklist", "reason")

    def __init__(self, data: object = None, files: object = None, *, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, files, initial=initial)  # type: ignore[arg-type]  # what a request posts, or nothing
        field = self.fields["checklist"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it is declared above
        field.choices = list(self.CHECKLIST.items())

    def clean_checklist(self) -> list[str]:
        """Every line, and nothing else."""
        ticked: list[str] = self.cleaned_data["checklist"]
        if set(ticked) != set(self.CHECKLIST):
            raise forms.ValidationError(_("Tick every line of the checklist."))
        return ticked


class PaperForm(ChecklistForm):
    """What a signed form says, how it came, what was checked, and its scan."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {
        "signature": gettext_lazy("The signature is that of the specimen"),
        "document": gettext_lazy("The identity document was compared"),
        "call_back": gettext_lazy("The client confirmed it on a call to the number that was on file before"),
    }

    mobile = forms.CharField(label=gettext_lazy("New mobile number"), required=False)
    email = forms.CharField(label=gettext_lazy("New e-mail address"), required=False)
    postal_address = forms.CharField(
        label=gettext_lazy("New correspondence address"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("The form came by"), choices=list(CHANNELS.items()), widget=forms.RadioSelect
    )
    form = forms.CharField(
        label=gettext_lazy("Reference printed on the form (U…), if there is one"),
        required=False,
        max_length=_LONGEST_REFERENCE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    scan = forms.FileField(
        label=gettext_lazy("Scan of the signed form: a PDF, JPEG or PNG"),
        error_messages={
            "required": gettext_lazy("Attach the scan of the signed form."),
            "empty": gettext_lazy("Choose a file that is not empty."),
        },
    )
    field_order = ("mobile", "email", "postal_address", "channel", "form", "scan", "checklist", "reason")

    @classmethod
    def without_contacts(cls, data: object, *, reason: str) -> "PaperForm":
        """To send a returned proposal again: what it would change stays as it was."""
        form = cls(data, initial={"reason": reason})
        for name in ("mobile", "email", "postal_address", "channel", "form", "scan"):
            del form.fields[name]
        return form

    def clean_form(self) -> str:
        """The reference as it is kept, or nothing."""
        typed: str = self.cleaned_data["form"]
        reference = paper.reference(typed)
        if typed and not reference:
            raise forms.ValidationError(_("The reference of a form is U and seven letters or digits."))
        return reference

    def clean(self) -> dict[str, Any]:
        """Each contact that was filled in, as a client's own form would take it; one at least."""
        cleaned = super().clean() or self.cleaned_data
        for contact, form in CONTACT_FORMS.items():
            if cleaned.get(contact):
                checked = form({contact.value: cleaned[contact]})
                if checked.is_valid():
                    cleaned[contact] = checked.cleaned_data[contact]
                else:
                    self.add_error(contact, checked.errors[contact])
        if "mobile" in self.fields and not self.errors and not any(cleaned.get(contact) for contact in Contact):
            raise forms.ValidationError(_("Fill in what the client wants to change."))
        return cleaned

    @property
    def contacts(self) -> dict[str, str]:
        """What the form says, by the name of the contact."""
        return {contact.value: self.cleaned_data[contact] for contact in Contact if self.cleaned_data.get(contact)}
