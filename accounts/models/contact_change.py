"""A change of one contact on its way, and what stood on file before it."""

from datetime import datetime
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib import crypto

log = structlog.get_logger(__name__)
_SEAL = "contact"


class Contact(models.TextChoices):
    """How a client is reached. The value is the name of the column."""

    MOBILE = "mobile", _("mobile number")
    EMAIL = "email", _("e-mail address")
    POSTAL_ADDRESS = "postal_address", _("correspondence address")


class ChangeState(models.TextChoices):
    """What became of a change of contact."""

    OPEN = "open"
    DONE = "done"


class ContactChange(models.Model):
    """What a client wants to be reached at, bound to the session that asked; once done, what it replaced.

    A change by staff has no session: it was proposed and approved, and stands here from the moment it was done.

    Both contacts are sealed, bound to the row. A session has at most one change that is open, and another one replaces
    it. What was replaced is kept for a while, because its owner has to hear of what happens next.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_changes")
    sign_in = models.ForeignKey("SignIn", on_delete=models.CASCADE, null=True, related_name="contact_changes")
    epoch = models.PositiveIntegerField()  # of the account when it began: whatever ends sessions ends it too
    contact = models.CharField(max_length=16, choices=Contact)
    sealed_old = models.BinaryField()
    sealed_new = models.BinaryField()
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.OPEN)
    tries = models.PositiveSmallIntegerField(default=0)  # wrong codes of the new contact
    created_at = models.DateTimeField(default=timezone.now)
    proven_at = models.DateTimeField(null=True)  # password and method in use
    confirmed_at = models.DateTimeField(null=True)  # the new contact, by a code that was sent to it
    ended_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=12, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="one_open_contact_change", fields=["sign_in"], condition=Q(state=ChangeState.OPEN)
            ),
            models.CheckConstraint(
                name="a_contact_changes_once_proven",
                condition=~Q(state=ChangeState.DONE)
                | Q(ended_at__isnull=False) & ~Q(reference="") & (Q(proven_at__isnull=False) | Q(sign_in__isnull=True)),
            ),
            models.CheckConstraint(
                name="a_new_contact_is_confirmed",
                condition=~Q(state=ChangeState.DONE)
                | Q(contact=Contact.POSTAL_ADDRESS)
                | Q(sign_in__isnull=True)
                | Q(confirmed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-ended_at"], name="contact_change_by_customer"),
            models.Index(fields=["created_at"], name="contact_change_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.contact}: {self.state}"

    @property
    def old(self) -> str:
        """What stood on file when the change began; raises `CannotOpen`."""
        return self._open(self.sealed_old, "old")

    @property
    def new(self) -> str:
        """What shall stand there; raises `CannotOpen`."""
        return self._open(self.sealed_new, "new")

    def seal(self, *, old: str, new: str) -> None:
        """Keep both, bound to this change and to their side of it."""
        self.sealed_old = crypto.seal(_SEAL, old.encode(), bound_to=f"{self.pk}/old")
        self.sealed_new = crypto.seal(_SEAL, new.encode(), bound_to=f"{self.pk}/new")

    def _open(self, sealed: bytes | memoryview, side: str) -> str:
        return crypto.open_sealed(_SEAL, bytes(sealed), bound_to=f"{self.pk}/{side}").decode()


def replaced_since(customer_id: int, since: datetime) -> list[ContactChange]:
    """The changes of this account that were done since then, the newest first.

    One that no key opens any more is left out and logged: it must not keep the owner from changing anything.
    """
    done = ContactChange.objects.filter(customer=customer_id, state=ChangeState.DONE, ended_at__gt=since)
    return [each for each in done.order_by("-ended_at") if _opens(each)]


def _opens(change: ContactChange) -> bool:
    try:
        change.old, change.new  # noqa: B018 - it is the opening that is tried
    except crypto.CannotOpen:
        log.warning("contact.sealed", change=str(change.pk))
        return False
    return True
