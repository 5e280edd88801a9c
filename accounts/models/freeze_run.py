"""Freezing many at once: one run, and a row for each account that it concerns."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import FreezeCause


class RunState(models.TextChoices):
    """How far a run is."""

    CHECKED = "checked", _("checked, nothing frozen yet")
    CONFIRMED = "confirmed", _("being frozen")
    FINISHED = "finished", _("finished")


class ItemState(models.TextChoices):
    """What became of one account."""

    PENDING = "pending", _("still to be frozen")
    FROZEN = "frozen", _("frozen by this run")
    ALREADY = "already", _("was frozen already")
    CLOSED = "closed", _("closed")


class FreezeRun(models.Model):
    """A list of accounts that was read and counted and, once it was confirmed, is frozen one by one."""

    reference = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.CHECKED)
    cause = models.CharField(max_length=12, choices=FreezeCause)
    reason = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)  # whoever freezes now has so long before another may go on

    # What the file said, as things stood when it was read.
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)  # accounts that would be frozen
    already = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)  # the first lines that were refused or unknown, and why

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="a_run_is_confirmed_with_a_reason",
                condition=Q(state=RunState.CHECKED, confirmed_at__isnull=True)
                | ~Q(state=RunState.CHECKED) & Q(confirmed_at__isnull=False) & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="a_run_freezes_for_staff_or_fraud", condition=Q(cause__in=[FreezeCause.STAFF, FreezeCause.FRAUD])
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class FreezeRunItem(models.Model):
    """One account of a run. `reference` is that of the freeze which the run made."""

    run = models.ForeignKey(FreezeRun, on_delete=models.CASCADE, related_name="items")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ItemState, default=ItemState.PENDING)
    reference = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        indexes = [models.Index(fields=["run", "id"], name="freeze_pending", condition=Q(state=ItemState.PENDING))]
        constraints = [
            models.UniqueConstraint(name="one_item_an_account", fields=["run", "customer"]),
            models.CheckConstraint(
                name="a_freeze_of_a_run_has_a_reference",
                condition=Q(state=ItemState.FROZEN) & ~Q(reference="") | ~Q(state=ItemState.FROZEN) & Q(reference=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.state}"


class UnfreezeRun(models.Model):
    """The way back of a list, which two people agreed on: what it still holds frozen is unfrozen one by one."""

    run = models.ForeignKey(FreezeRun, on_delete=models.PROTECT, related_name="unfreezes")
    proposal = models.CharField(max_length=12, unique=True)  # its reference
    facts = models.JSONField(default=dict)  # for the record of each account: who proposed it, and why
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    accounts = models.PositiveIntegerField()  # held frozen by the list when it was approved
    unfrozen = models.PositiveIntegerField(default=0)
    through = models.BigIntegerField(default=0)  # the key of the last item that was looked at
    claimed_until = models.DateTimeField()  # whoever unfreezes now has so long before another may go on
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_way_back_at_a_time", fields=["run"], condition=Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal}: {self.unfrozen}"

    @property
    def left(self) -> int:
        """Accounts that are not unfrozen: yet, or because they have changed since it was approved."""
        return self.accounts - self.unfrozen
