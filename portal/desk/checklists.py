"""Forms that ask for a reason and for a ticked checklist before something is done to a client."""

from typing import ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import ReasonForm


class ChecklistForm(ReasonForm):
    """Why, and what was done before: every line of the checklist. The keys of the lines go into the audit trail."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {}

    checklist = forms.MultipleChoiceField(
        label=gettext_lazy("Done"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick every line of the checklist.")},
    )
    field_order: tuple[str, ...] = ("checklist", "reason")

    def __init__(self, data: object = None, *, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request posts, or nothing
        field = self.fields["checklist"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it is declared above
        field.choices = list(self.CHECKLIST.items())

    def clean_checklist(self) -> list[str]:
        """Every line, and nothing else."""
        ticked: list[str] = self.cleaned_data["checklist"]
        if set(ticked) != set(self.CHECKLIST):
            raise forms.ValidationError(_("Tick every line of the checklist."))
        return ticked
