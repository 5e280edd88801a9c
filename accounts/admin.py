"""The staff desk's pages about clients: find one, read one, unfreeze one. Nothing here edits a row."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.models import Customer
from accounts.services import clients, lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Customer]
else:  # the class takes a type argument in its stubs alone
    _ModelAdmin = admin.ModelAdmin

#: What a caller can be asked. The key goes into the audit trail, the answer nowhere.
QUESTIONS = {
    "full name": gettext_lazy("Full name"),
    "date of birth": gettext_lazy("Date of birth"),
    "identity document": gettext_lazy("Identity document number"),
    "address": gettext_lazy("Correspondence address"),
    "recent trade": gettext_lazy("A recent trade"),
}
LEAST_QUESTIONS = 2


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=5,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class UnfreezeForm(ReasonForm):
    """Why, and how the caller was recognised."""

    questions = forms.MultipleChoiceField(
        label=gettext_lazy("Asked"),
        choices=list(QUESTIONS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick what you asked the caller.")},
    )
    passed = forms.BooleanField(label=gettext_lazy("Every answer was right"), required=False)

    def clean_questions(self) -> list[str]:
        asked: list[str] = self.cleaned_data["questions"]
        if len(asked) < LEAST_QUESTIONS:
            raise forms.ValidationError(_("Ask at least two questions."))
        return asked


@admin.register(Customer)
class ClientAdmin(_ModelAdmin):
    """Clients alone; staff have no page. The stock pages that list, filter and edit are not routed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("", guarded(self.find), name="accounts_customer_changelist"),
            path("<int:pk>/", guarded(self.show), name="accounts_customer_change"),
            path("<int:pk>/unfreeze/", guarded(self.unfreeze), name="accounts_customer_unfreeze"),
            path("<int:pk>/end-sessions/", guarded(self.end_sessions), name="accounts_customer_end_sessions"),
        ]

    def find(self, request: HttpRequest) -> HttpResponse:
        """One box, one exact hit. The query travels in the body, so that no log of addresses keeps it."""
        staff = self._staff(request)
        found = clients.search(request.POST.get("query", ""), staff=staff) if request.method == "POST" else None
        if found and found.client:
            return redirect("admin:accounts_customer_change", found.client.pk)
        return self._page(request, "find", {"title": _("Find a client"), "found": found})

    def show(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One client: state, attempts, messages."""
        staff = self._staff(request)
        client = self._client(pk, staff, "client")
        facts = {
            "title": f"{client.login} {client.name}",
            "file": clients.read(client),
            "freeze_at": policy.FREEZE_AT,
            "refusal": lockout.may_unfreeze(client, staff, now=timezone.now()),
        }
        return self._page(request, "client", facts)

    def unfreeze(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for reason and identity check, and unfreeze."""
        staff = self._staff(request)
        client = self._client(pk, staff, "unfreeze")
        form = UnfreezeForm(request.POST if request.method == "POST" else None)
        refusal = lockout.may_unfreeze(client, staff, now=timezone.now())
        if not refusal and form.is_valid():
            try:
                self._unfreeze(client, staff, form)
            except NotAllowedError as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, self._read_back(client))
                return redirect("admin:accounts_customer_change", client.pk)
        facts = {
            "title": _("Unfreeze %(client)s") % {"client": f"{client.login} {client.name}"},
            "client": client,
            "form": form,
            "refusal": refusal,
        }
        return self._page(request, "unfreeze", facts)

    def end_sessions(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a reason, and end every session of the client."""
        staff = self._staff(request)
        client = self._client(pk, staff, "end sessions")
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                lockout.end_sessions(client, staff=staff, reason=form.cleaned_data["reason"])
            except NotAllowedError as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("Every session of this client was ended."))
                return redirect("admin:accounts_customer_change", client.pk)
        facts = {"title": _("End sessions of %(client)s") % {"client": f"{client.login} {client.name}"}}
        return self._page(request, "end_sessions", {**facts, "client": client, "form": form})

    @staticmethod
    def _unfreeze(client: Customer, staff: Customer, form: UnfreezeForm) -> None:
        check = IdentityCheck(tuple(form.cleaned_data["questions"]), passed=form.cleaned_data["passed"])
        lockout.unfreeze(client, staff=staff, reason=form.cleaned_data["reason"], check=check, now=timezone.now())

    @staticmethod
    def _read_back(client: Customer) -> str:
        told = _("A notice is on its way to the client.") if client.email else _("There is no e-mail to tell by.")
        return _(
            'Unfrozen at %(time)s, reference %(reference)s. %(told)s Tell the caller: "Your online login is open '
            'again. Log in with your trading password and a new code."'
        ) % {
            "time": f"{timezone.localtime():%H:%M:%S}",
            "reference": client.freeze_reference,
            "told": told,
        }

    def _staff(self, request: HttpRequest) -> Customer:
        if not isinstance(request.user, Customer) or not self.has_view_permission(request):
            raise PermissionDenied
        return request.user

    @staticmethod
    def _client(pk: int, staff: Customer, page: str) -> Customer:
        try:
            client = clients.view(pk, staff=staff, page=page)
        except NotAllowedError as problem:
            raise PermissionDenied(str(problem)) from problem
        if client is None:
            raise Http404
        return client

    def _page(self, request: HttpRequest, name: str, facts: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **facts}
        return TemplateResponse(request, f"admin/accounts/customer/{name}.html", context)
