"""Proposals and their evidence. The database keeps the rule that nobody approves what they proposed."""

import json
from collections.abc import Mapping
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib import crypto

_SEAL = "proposal"


class State(models.TextChoices):
    """Where a proposal is. The first two wait for somebody; the others are final."""

    OPEN = "open", _("waiting for approval")
    RETURNED = "returned", _("returned to the maker")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    LAPSED = "lapsed", _("lapsed")
    WITHDRAWN = "withdrawn", _("withdrawn by the maker")


UNDECIDED = [State.OPEN, State.RETURNED]
_BY_CHECKER = [State.RETURNED, State.APPROVED, State.REJECTED]


class Proposal(models.Model):
    """What one member of staff wants done, and what became of it.

    The facts before and after are sealed, bound to the proposal: they may hold contacts in full. `revision` grows
    with everything that the maker changes, so that nobody approves what they have not seen.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    revision = models.PositiveIntegerField(default=1)
    # The one client whom it concerns; none where it is about many, of whom the facts hold the list.
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="proposals")
    matter = models.CharField(max_length=64)  # no two that are undecided are of one kind and about the same
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    sealed_before = models.BinaryField()
    sealed_after = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField()  # made, or sent anew after it came back
    lapses_at = models.DateTimeField()
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)  # the latest; stays when it is sent anew

    class Meta:
        default_permissions = ()
        ordering = ["sent_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="maker_is_not_checker", condition=Q(checker__isnull=True) | ~Q(checker=F("maker"))
            ),
            models.UniqueConstraint(
                name="one_undecided_proposal", fields=["kind", "matter"], condition=Q(state__in=UNDECIDED)
            ),
            models.CheckConstraint(
                name="a_decision_has_checker_and_time",
                condition=Q(state=State.OPEN, checker__isnull=True, decided_at__isnull=True)
                | Q(state__in=_BY_CHECKER, checker__isnull=False, decided_at__isnull=False) & ~Q(decision_reason="")
                | Q(state__in=[State.LAPSED, State.WITHDRAWN], decided_at__isnull=False),
            ),
            models.CheckConstraint(name="a_proposal_has_a_reason", condition=~Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["sent_at"], name="proposals_undecided", condition=Q(state__in=UNDECIDED)),
            models.Index(fields=["maker", "-made_at"], name="proposals_by_maker"),
            models.Index(fields=["decided_at"], name="proposals_by_end"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def before(self) -> dict[str, str]:
        """The facts as the maker found them; raises `CannotOpen`."""
        return self._open(self.sealed_before, "before")

    @property
    def after(self) -> dict[str, str]:
        """The facts as they shall be; raises `CannotOpen`."""
        return self._open(self.sealed_after, "after")

    def seal(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Keep both, bound to this proposal and to their side of it."""
        self.sealed_before = self._sealed(before, "before")
        self.sealed_after = self._sealed(after, "after")

    def _sealed(self, facts: Mapping[str, str], side: str) -> bytes:
        return crypto.seal(_SEAL, json.dumps(dict(facts)).encode(), bound_to=f"{self.pk}/{side}")

    def _open(self, sealed: bytes | memoryview, side: str) -> dict[str, str]:
        opened: dict[str, str] = json.loads(crypto.open_sealed(_SEAL, bytes(sealed), bound_to=f"{self.pk}/{side}"))
        return opened


class FileKind(models.TextChoices):
    """What a file is, by its content."""

    PDF = "pdf", "PDF"
    JPEG = "jpeg", "JPEG"
    PNG = "png", "PNG"


class Evidence(models.Model):
    """One file of a proposal. The row says what it is; the file lies sealed in the evidence directory."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=4, choices=FileKind)
    size = models.PositiveIntegerField()  # bytes, as kept
    sha256 = models.CharField(max_length=64)  # of what is kept, opened
    file = models.CharField(max_length=32, unique=True)  # a random name
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ["added_at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.size}"
