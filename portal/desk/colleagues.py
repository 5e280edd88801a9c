"""Colleagues: who they are, what they may do; making, resetting and disabling an account; one's own logins."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.forms import ReasonForm
from accounts.models import Customer, SignIn
from accounts.services import rights, staff
from accounts.services.staff import ROLES, NotAllowedError
from portal.desk.guards import door, page, staff_with
from portal.desk.happenings import of_sign_in
from portal.lib.digits import six_digits
from twofactor.models import StaffAuthenticator
from twofactor.policy import ENROLMENT_LIFETIME
from twofactor.services.staff import AlreadyEnrolledError, issue_enrolment, leave

MANAGES, LISTS = "accounts.manage_staff", "accounts.list_rights"

ROLE_LABELS: dict[str, str | Promise] = {
    "clerk": gettext_lazy("clerk"),
    "supervisor": gettext_lazy("supervisor"),
    "officer": gettext_lazy("security officer"),
    "auditor": gettext_lazy("auditor"),
}


class NewColleagueForm(ReasonForm):
    """Who, as what, and why."""

    login = forms.CharField(
        label=gettext_lazy("Login"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=list(ROLE_LABELS.items()))

    field_order = ("login", "name", "role", "reason")


class OwnClientsForm(ReasonForm):
    """The client accounts that a colleague holds, and how that is known."""

    accounts = forms.CharField(
        label=gettext_lazy("Account numbers"),
        required=False,
        max_length=policy.OWN_CLIENTS * 8,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("accounts", "reason")

    def clean_accounts(self) -> list[str]:
        """Six digits each."""
        words = self.cleaned_data["accounts"].replace(",", " ").split()
        numbers = [six_digits(word) for word in words]
        if None in numbers:
            raise forms.ValidationError(_("Account numbers of six digits, with a space between them."))
        return [number for number in numbers if number]


@dataclass(frozen=True, slots=True)
class Colleague:
    """One line of the list."""

    person: Customer
    roles: str
    enrolled: bool


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "colleagues/", colleagues, "desk_colleagues"),
        door(site, "colleagues/new/", new, "desk_colleague_new"),
        door(site, "colleagues/rights.csv", download, "desk_rights"),
        door(site, "colleagues/<int:pk>/", colleague, "desk_colleague"),
        door(site, "logins/", logins, "desk_logins"),
    ]


def colleagues(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Everybody, with role and state."""
    asks = staff_with(request, MANAGES, LISTS)
    people = Customer.objects.filter(is_staff=True).prefetch_related("groups").order_by("-is_active", "login")
    shown = list(people[: policy.COLLEAGUES_SHOWN])
    enrolled = set(StaffAuthenticator.objects.filter(user__in=shown).values_list("user_id", flat=True))
    facts = {
        "title": _("Colleagues"),
        "lines": [Colleague(each, _roles(each), each.pk in enrolled) for each in shown],
        "manages": asks.has_perm(MANAGES),
        "lists": asks.has_perm(LISTS),
    }
    return page(site, request, "colleagues", facts)


def _roles(person: Customer) -> str:
    return ", ".join(str(ROLE_LABELS.get(group.name, group.name)) for group in person.groups.all())


def new(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Make an account; the password is in the answer, once. Somebody else hands out the enrolment code."""
    by = staff_with(request, MANAGES)
    form = NewColleagueForm(request.POST if request.method == "POST" else None)
    given = [name for name in ROLES if all(map(by.has_perm, ROLES[name]))]
    field = form.fields["role"]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - it is declared above
    field.choices = [(name, label) for name, label in ROLE_LABELS.items() if name in given]
    made, password = None, ""
    if form.is_valid():
        try:
            made, password = staff.create_staff(**form.cleaned_data, password=None, by=by)
        except ValidationError as problem:
            form.add_error(None, problem.messages)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        except Group.DoesNotExist:
            form.add_error(None, _("There are no roles yet: the operator has to make them."))
    facts = {"title": _("New colleague"), "form": form, "made": made, "secret": password}
    return page(site, request, "colleague_new", facts)


def colleague(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """One colleague, and what can be done. A password or code is in the answer to the click, once."""
    by = staff_with(request, MANAGES, LISTS)
    person = Customer.objects.filter(pk=pk, is_staff=True).prefetch_related("groups").first()
    if person is None:
        raise Http404
    told: dict[str, str] = {}
    if request.method == "POST":
        staff_with(request, MANAGES)
    own = request.POST.get("deed") == "accounts"
    accounts = OwnClientsForm(
        request.POST if own else None,
        initial={"accounts": " ".join(staff.own_client_numbers(person))},
        prefix="own",
    )
    form = ReasonForm(request.POST if request.method == "POST" and not own else None)
    if own and accounts.is_valid() and _set_accounts(person, by, accounts):
        messages.success(request, _("The own accounts are written down."))
        return redirect("admin:desk_colleague", person.pk)
    if form.is_valid():
        try:
            told = _do(request.POST.get("deed", ""), person, by, form.cleaned_data["reason"])
        except (NotAllowedError, AlreadyEnrolledError) as problem:
            form.add_error(None, str(problem))
        else:
            if not told:
                messages.success(request, _("The account is disabled."))
                return redirect("admin:desk_colleague", person.pk)
    facts = {
        "title": f"{person.login} {person.name}",
        "person": person,
        "roles": _roles(person),
        "enrolled": StaffAuthenticator.objects.filter(user=person).exists(),
        "form": form,
        "accounts": accounts,
        "own_numbers": staff.own_client_numbers(person),
        "told": told,
        "refusal": _refusal(by, person),
        "hours": int(ENROLMENT_LIFETIME.total_seconds() // 3600),
    }
    return page(site, request, "colleague", facts)


def _set_accounts(person: Customer, by: Customer, form: OwnClientsForm) -> bool:
    """Whether the own accounts were set; if not, the form says why."""
    try:
        staff.set_own_clients(person, form.cleaned_data["accounts"], by=by, reason=form.cleaned_data["reason"])
    except ValidationError as problem:
        form.add_error("accounts", problem.messages)
    except NotAllowedError as problem:
        form.add_error(None, str(problem))
    return form.is_valid()


def _refusal(by: Customer, person: Customer) -> str:
    try:
        staff.ensure_may_manage(by, person)
    except NotAllowedError as problem:
        return str(problem)
    return "" if person.is_active else _("This account is disabled.")


def _do(deed: str, person: Customer, by: Customer, reason: str) -> dict[str, str]:
    """What the button says; what has to be told to the colleague, once. Raises `NotAllowedError`."""
    now = timezone.now()
    if deed == "password":
        return {"label": _("Password"), "secret": staff.reset_password(person, by=by, reason=reason, now=now)}
    if deed == "enrolment":
        code = issue_enrolment(person, now=now, actor=by, replace=True, reason=reason)
        return {"label": _("Enrolment code"), "secret": code}
    if deed == "leave":
        leave(person, by=by, reason=reason, now=now)
        return {}
    raise NotAllowedError(_("Say what should be done."))


def download(site: AdminSite, request: HttpRequest) -> StreamingHttpResponse:
    """Who may do what, as CSV."""
    by = staff_with(request, LISTS)
    name = f"rights-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(rights.export(by=by), content_type="text/csv; charset=utf-8", headers=headers)


def logins(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The own tries to log in, those of others with the own name among them."""
    if not isinstance(request.user, Customer):
        raise PermissionDenied
    tries = SignIn.objects.filter(customer=request.user).order_by("-at", "-pk")
    paged = Paginator(tries, policy.OWN_LOGINS_SHOWN).get_page(request.GET.get("page"))
    facts = {"title": _("My logins"), "lines": [of_sign_in(each) for each in paged], "paged": paged}
    return page(site, request, "logins", facts)
