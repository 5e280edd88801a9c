"""Verifying the audit trail from the desk: asked for here, done by a worker, told on the page of the trail."""

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from portal import tasks
from portal.audit import checking, heads
from portal.audit.events import Event
from portal.audit.models import AuditCheck
from portal.audit.trail import record
from portal.audit.words import Finding
from portal.desk.guards import door, page, staff_with

VERIFIES = "audit.export_audit"
_SHOWN = 10  # checks


class HeadForm(forms.Form):
    """A head that somebody kept, as a file or as the e-mail that brought it."""

    head = forms.FileField(
        label=gettext_lazy("Head that was kept elsewhere"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".txt,.eml,text/plain,message/rfc822"}),
    )

    def clean_head(self) -> dict[str, str]:
        """The text of the head by the name of its file; nothing without a file."""
        file: UploadedFile[bytes] | None = self.cleaned_data["head"]
        if file is None:
            return {}
        try:
            head = heads.parse(file.read(heads.LARGEST).decode("utf-8", "replace"))
        except heads.HeadError as problem:
            raise forms.ValidationError(_("This is no head of the audit trail.")) from problem
        return {(file.name or "head")[:100]: head.text}


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of this page."""
    return [door(site, "audit/verify/", verify, "desk_audit_verify")]


def verify(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The latest checks with what they found, and the button for another."""
    staff = staff_with(request, VERIFIES)
    running = checking.is_asked(timezone.now())
    form = HeadForm(request.POST, request.FILES) if request.method == "POST" else HeadForm()
    if form.is_valid() and not running:
        kept = form.cleaned_data["head"]
        try:
            tasks.verify.apply_async((kept,), expires=600)
        except OperationalError:
            form.add_error(None, _("No worker can be reached now: try again in a minute."))
        else:
            record(Event.AUDIT_VERIFIED, actor=staff, facts={"heads": ", ".join(kept)})
            messages.success(request, _("The trail is being verified. The result stands here in a minute or two."))
            return redirect("admin:desk_audit_verify")
    facts = {
        "title": _("Verification of the audit trail"),
        "form": form,
        "running": running,
        "checks": [(each, _found(each.worst), _found(each.unchecked)) for each in AuditCheck.objects.all()[:_SHOWN]],
    }
    return page(site, request, "audit_verify", facts)


def _found(stored: list[dict[str, dict[str, str]]]) -> list[str]:
    return [str(Finding(str(each["code"]), each["values"])) for each in stored]
