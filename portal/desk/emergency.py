"""Freezing many: a list of accounts, or everybody by one switch."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.forms import ReasonForm
from accounts.models import Customer, Emergency, FreezeCause, FreezeRun, RunState
from accounts.services import clients, freeze_runs, freezing
from accounts.services.importing import FileRefused
from accounts.services.staff import NotAllowedError
from portal.desk.guards import door, page, staff_with

PERMISSION = "accounts.freeze_all"
#: What has to be typed, in any language, so that no click alone does it.
WORD_ON, WORD_OFF = "FREEZE ALL", "OPEN ALL"
_RUNS_SHOWN = 20


class TypedForm(ReasonForm):
    """Why, and a word that has to be typed."""

    typed = forms.CharField(
        label=gettext_lazy("Type it to confirm"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: object, *, word: str, longest: int | None = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request posts, or nothing
        self.word = word
        if longest:
            self.fields["reason"] = forms.CharField(
                label=gettext_lazy("Reason"),
                min_length=5,
                max_length=longest,
                widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
            )
            self.order_fields(["reason", "typed"])

    def clean_typed(self) -> str:
        """Exactly the word, but for letter case and space around it."""
        typed: str = self.cleaned_data["typed"]
        if typed.strip().upper() != self.word:
            raise forms.ValidationError(_("Type exactly: %(word)s") % {"word": self.word})
        return typed


class ListForm(forms.Form):
    """A file with an account number on each line, and what the freeze is for."""

    file = forms.FileField(
        label=gettext_lazy("File"), widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"})
    )
    cause = forms.ChoiceField(
        label=gettext_lazy("Cause"),
        choices=[
            (FreezeCause.FRAUD.value, FreezeCause.FRAUD.label),
            (FreezeCause.STAFF.value, gettext_lazy("a precaution")),
        ],
        initial=FreezeCause.FRAUD.value,
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """No larger than a list may be."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > policy.FREEZE_RUN_UPLOAD:
            raise forms.ValidationError(
                _("The file is larger than %(size)d MB.") % {"size": policy.FREEZE_RUN_UPLOAD // 1024**2}
            )
        return file


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "emergency/", everybody, "desk_emergency"),
        door(site, "freeze-lists/", lists, "desk_freeze_lists"),
        door(site, "freeze-lists/<int:pk>/", one_list, "desk_freeze_list"),
    ]


def everybody(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Say whom the switch concerns; with a reason and the typed word, use it."""
    staff = staff_with(request, PERMISSION)
    emergency = freezing.emergency()
    longest = Emergency._meta.get_field("reason").max_length
    posted = request.POST if request.method == "POST" else None
    form = TypedForm(posted, word=WORD_OFF if emergency else WORD_ON, longest=longest)
    if form.is_valid():
        try:
            messages.success(request, _switch(staff, form, on=emergency is None))
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("admin:desk_emergency")
    facts = {
        "title": _("Emergency freeze of everybody"),
        "emergency": emergency,
        "concerned": clients.concerned(timezone.now()),
        "form": form,
    }
    return page(site, request, "emergency", facts)


def _switch(staff: Customer, form: TypedForm, *, on: bool) -> str:
    reason = form.cleaned_data["reason"]
    if on:
        freezing.switch_on(staff=staff, reason=reason, now=timezone.now())
        return _("No client can log in from now on, and every session was ended.")
    lasted = freezing.switch_off(staff=staff, reason=reason, now=timezone.now())
    return _("Clients may log in again. It lasted %(time)s.") % {"time": str(lasted).partition(".")[0]}


def lists(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The latest lists, and the door for a new one, which is read and counted but not frozen yet."""
    staff = staff_with(request, PERMISSION)
    form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
    if form.is_valid():
        try:
            run = freeze_runs.check(
                form.cleaned_data["file"].file,
                cause=FreezeCause(form.cleaned_data["cause"]),
                staff=staff,
                now=timezone.now(),
            )
        except (FileRefused, NotAllowedError) as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("admin:desk_freeze_list", run.pk)
    facts = {
        "title": _("Freeze a list of accounts"),
        "form": form,
        "runs": FreezeRun.objects.select_related("made_by")[:_RUNS_SHOWN],
        "rows": policy.FREEZE_RUN_ROWS,
        "size": policy.FREEZE_RUN_UPLOAD // 1024**2,
    }
    return page(site, request, "freeze_lists", facts)


def one_list(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """What a list would do or has done; with a reason and its reference typed, have it done."""
    staff = staff_with(request, PERMISSION)
    run = FreezeRun.objects.select_related("made_by", "confirmed_by").filter(pk=pk).first()
    if run is None:
        raise Http404
    now = timezone.now()
    may_confirm = run.state == RunState.CHECKED and not freeze_runs.lapsed(run, now)
    form = TypedForm(request.POST if request.method == "POST" else None, word=run.reference)
    if request.method == "POST" and form.is_valid():
        try:
            freeze_runs.confirm(run, staff=staff, reason=form.cleaned_data["reason"], now=now)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Confirmed. The accounts are frozen one after the other, from now on."))
            return redirect("admin:desk_freeze_list", run.pk)
    facts: dict[str, Any] = {
        "title": _("List %(reference)s") % {"reference": run.reference},
        "run": run,
        "form": form,
        "may_confirm": may_confirm,
        "progress": freeze_runs.progress(run),
        "problems": [(each["line"], freeze_runs.PROBLEMS[each["what"]]) for each in run.problems],
        "more": max(0, run.refused + run.unknown - len(run.problems)),
    }
    return page(site, request, "freeze_list", facts)
