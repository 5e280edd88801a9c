"""The queue of proposals, one proposal with what can be done about it, and its evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.forms import ReasonForm
from accounts.models import Customer
from accounts.services.staff import NotAllowedError, own_client_ids
from portal.approvals import evidence, policy, proposals
from portal.approvals.models import UNDECIDED, Evidence, FileKind, Proposal, State
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.trail import record
from portal.desk.guards import client_for, door, page, staff_with
from portal.desk.kinds import KINDS
from portal.desk.lines import Line
from portal.desk.proposing import revision_of
from portal.letters.models import Letter
from portal.lib.crypto import CannotOpen

SEES = "accounts.view_customer"
_TYPES = {FileKind.PDF: "application/pdf", FileKind.JPEG: "image/jpeg", FileKind.PNG: "image/png"}
_SUFFIXES = {FileKind.PDF: "pdf", FileKind.JPEG: "jpg", FileKind.PNG: "png"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue: what it is, and how long it has been waiting."""

    proposal: Proposal
    label: str | Promise
    age: str
    level: str  # fresh, soon or late: a word and a colour


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "queue/", queue, "desk_queue"),
        door(site, "queue/<uuid:pk>/", proposal, "desk_proposal"),
        door(site, "queue/<uuid:pk>/evidence/", add_evidence, "desk_evidence"),
        door(site, "queue/<uuid:pk>/evidence/<uuid:file>/", download, "desk_evidence_file"),
    ]


# --- The queue -----------------------------------------------------------------------------------------


def queue(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first, or what is over, the newest first. Who does not decide sees their own."""
    staff = staff_with(request, SEES)
    over = request.GET.get("show") == "over"
    found = _over() if over else proposals.undecided()
    if not _sees_all(staff):
        found = found.filter(maker=staff)
    found = found.exclude(subject__in=own_client_ids(staff))
    paged: Page[Proposal] = Paginator(found, policy.PAGE).get_page(request.GET.get("page"))
    facts = {
        "title": _("Proposals"),
        "lines": [_waiting(each, timezone.now()) for each in paged],
        "paged": paged,
        "over": over,
        "all": _sees_all(staff),
    }
    return page(site, request, "queue", facts)


def _over() -> QuerySet[Proposal]:
    done = Proposal.objects.exclude(state__in=UNDECIDED).select_related("subject", "maker", "checker")
    return done.order_by("-decided_at", "pk")


def _sees_all(staff: Customer) -> bool:
    return staff.has_perm(policy.APPROVE) or staff.has_perm("audit.view_audit")


def _waiting(each: Proposal, now: datetime) -> Waiting:
    age = now - each.sent_at
    level = "late" if age >= policy.LATE else "soon" if age >= policy.SOON else "fresh"
    return Waiting(each, KINDS[each.kind].label, _words(age), level)


def _words(age: timedelta) -> str:
    hours, minutes = divmod(max(0, int(age.total_seconds())) // 60, 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


# --- One proposal ----------------------------------------------------------------------------------------


def proposal(site: AdminSite, request: HttpRequest, pk: str) -> HttpResponse:
    """Read it; with a reason approve, return or reject it; take back one's own."""
    staff = staff_with(request, SEES)
    shown = _shown(pk, staff)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    verdict = request.POST.get("verdict", "")
    if request.method == "POST":
        try:
            if _decided(request, shown, staff, verdict, form):
                return redirect("admin:desk_proposal", pk)
        except (RefusedError, NotAllowedError) as problem:
            form.is_valid()
            form.add_error(None, str(problem))
            shown = proposals.look_up(shown.pk) or shown
        except CannotOpen:
            form.is_valid()
            form.add_error(None, _sealed())
    return page(site, request, "proposal", {**_facts(shown, staff), "form": form})


def _shown(pk: str, staff: Customer) -> Proposal:
    """The proposal as it stands; that it was opened is written down. Raises `Http404`, `PermissionDenied`."""
    found = proposals.look_up(pk)
    if found is None or found.kind not in KINDS:
        raise Http404
    if found.subject_id:
        client_for(found.subject_id, staff, f"proposal {found.reference}")
    else:
        record(Event.PROPOSAL_READ, actor=staff, facts={"reference": found.reference})
    return found


def _decided(request: HttpRequest, shown: Proposal, staff: Customer, verdict: str, form: ReasonForm) -> bool:
    """Do what was asked for; whether that was anything. Raises `RefusedError`, `NotAllowedError`."""
    if verdict == "withdraw":
        proposals.withdraw(shown.pk, maker=staff)
        messages.success(request, _("Withdrawn."))
        return True
    if not form.is_valid():
        return False
    asked: dict[str, Any] = {
        "revision": revision_of(request),
        "checker": staff,
        "reason": form.cleaned_data["reason"],
    }
    deeds: dict[str, Callable[[], Proposal]] = {
        "approve": lambda: proposals.approve(shown.pk, kind=KINDS[shown.kind], **asked),
        "return": lambda: proposals.return_to_maker(shown.pk, **asked),
        "reject": lambda: proposals.reject(shown.pk, **asked),
    }
    if verdict not in deeds:
        form.add_error(None, _("Say whether you approve, return or reject."))
        return False
    done = deeds[verdict]()
    messages.success(request, _said(done))
    return True


def _said(done: Proposal) -> str:
    if done.state == State.APPROVED:
        return _("Approved and done at %(time)s, case number %(reference)s.") % {
            "time": f"{timezone.localtime(done.decided_at):%H:%M:%S}",
            "reference": done.reference,
        }
    return _("Returned to the maker.") if done.state == State.RETURNED else _("Rejected.")


def _facts(shown: Proposal, staff: Customer) -> dict[str, Any]:
    """What the page shows: the facts masked, whether they still hold, and who may do what."""
    mine = shown.maker_id == staff.pk
    lines, holds = _lines(shown)
    return {
        "title": f"{KINDS[shown.kind].label} {shown.reference}",
        "proposal": shown,
        "label": KINDS[shown.kind].label,
        "lines": lines,
        "changed": shown.undecided and lines and not holds,
        "broken": not lines,
        "waiting": _waiting(shown, timezone.now()),
        "files": list(shown.evidence.all()),
        "may_open": _may_open(shown, staff),
        "letters": Letter.objects.filter(customer=shown.subject_id, proposal=shown.reference),
        "mine": mine and shown.undecided,
        "returned": shown.state == State.RETURNED,
        "decides": shown.state == State.OPEN and not mine and staff.has_perm(policy.APPROVE),
        "own_proposal": shown.state == State.OPEN and mine and staff.has_perm(policy.APPROVE),
        "most_files": policy.EVIDENCE_FILES,
        "room": shown.evidence.count() < policy.EVIDENCE_FILES,
        "megabytes": policy.EVIDENCE_SIZE // 1024**2,
    }


def _lines(shown: Proposal) -> tuple[list[Line], bool]:
    """Old and new of each fact, and whether the old ones are still so. Nothing where no key opens them."""
    kind = KINDS[shown.kind]
    try:
        before, after = shown.before, shown.after
        return kind.lines(before, after), not shown.undecided or kind.holds(shown)
    except CannotOpen:
        return [], False


def _sealed() -> str:
    return _("The facts cannot be opened: a key is missing, or they were changed.")


# --- Evidence --------------------------------------------------------------------------------------------


def add_evidence(site: AdminSite, request: HttpRequest, pk: str) -> HttpResponse:
    """Take one file for one's own proposal."""
    staff = staff_with(request, policy.PROPOSE)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    shown = _shown(pk, staff)
    upload = request.FILES.get("file")
    try:
        if upload is None or upload.file is None or not upload.size:
            raise RefusedError(_("Choose a file that is not empty."))
        proposals.add_evidence(shown.pk, upload.file, maker=staff)
        messages.success(request, _("Added. It is kept sealed, and each download is recorded."))
    except RefusedError as problem:
        messages.error(request, str(problem))
    return redirect("admin:desk_proposal", pk)


def download(site: AdminSite, request: HttpRequest, pk: str, file: str) -> HttpResponse | StreamingHttpResponse:
    """One file, to be saved and not to be shown here, for its maker and for those who decide."""
    staff = staff_with(request, SEES)
    shown = _shown(pk, staff)
    if not _may_open(shown, staff):
        raise PermissionDenied
    kept = Evidence.objects.filter(pk=file, proposal=shown).select_related("proposal__subject").first()
    if kept is None:
        raise Http404
    try:
        pieces = evidence.hand_out(kept, to=staff)
    except (CannotOpen, OSError):
        messages.error(request, _("The file cannot be opened: a key is missing, or it was changed or lost."))
        return redirect("admin:desk_proposal", pk)
    kind = FileKind(kept.kind)
    return StreamingHttpResponse(
        pieces,
        content_type=_TYPES[kind],
        headers={
            "Content-Disposition": f'attachment; filename="{shown.reference}-{str(kept.pk)[:8]}.{_SUFFIXES[kind]}"',
            "Content-Length": str(kept.size),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _may_open(shown: Proposal, staff: Customer) -> bool:
    return shown.maker_id == staff.pk or staff.has_perm(policy.APPROVE)
