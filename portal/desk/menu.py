"""The doors of the desk that stand at the head of every page, for whoever may open them."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One door: its name, its address, and the rights of which one opens it."""

    label: Promise
    url_name: str
    permissions: tuple[str, ...]


MENU = (
    Entry(_("Find a client"), "admin:accounts_customer_changelist", ("accounts.view_customer",)),
    Entry(_("Proposals"), "admin:desk_queue", ("accounts.view_customer",)),
    Entry(_("Letters"), "admin:desk_letters", ("accounts.view_customer",)),
    Entry(_("Text messages"), "admin:desk_gateways", ("accounts.view_customer",)),
    Entry(_("Colleagues"), "admin:desk_colleagues", ("accounts.manage_staff", "accounts.list_rights")),
    Entry(_("Audit trail"), "admin:desk_audit", ("audit.view_audit",)),
    Entry(_("Surveillance"), "admin:desk_surveillance", ("accounts.read_surveillance",)),
    Entry(_("Emergency"), "admin:desk_emergency", ("accounts.freeze_all",)),
    Entry(_("Freeze a list of accounts"), "admin:desk_freeze_lists", ("accounts.freeze_all",)),
)


def menu(request: HttpRequest) -> list[dict[str, object]]:
    """The entries for whoever asks, each with whether it is the page that is open."""
    entries = [(entry, reverse(entry.url_name)) for entry in MENU if any(map(request.user.has_perm, entry.permissions))]
    return [{"label": entry.label, "url": url, "current": request.path == url} for entry, url in entries]
