"""The trail and what is said of it. Three of these tables are only ever added to: the database refuses the rest."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditRecord(models.Model):
    """One thing that was done. Facts hold ids, counts and words, never secrets or full contacts.

    The row is signed when it is written (`portal.audit.chain`), so that nobody without the key adds or changes one.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    event = models.CharField(max_length=40)  # a value of `events.Event`
    # Who did it; empty for the system itself (an import, a scheduled task).
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_records",
        db_index=False,
    )
    facts = models.JSONField(default=dict)
    request_id = models.CharField(max_length=32, blank=True)
    mark = models.UUIDField(default=uuid4, unique=True, editable=False)  # no two rows are signed alike
    mac = models.CharField(max_length=81, editable=False)  # keyname:hex

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        permissions = [
            ("view_audit", "May read the audit trail"),
            ("export_audit", "May verify and export the audit trail"),
        ]
        indexes = [  # each begins with what is looked for, so that the two references need none of their own
            models.Index(fields=["subject", "-at", "-id"], name="audit_by_subject"),
            models.Index(fields=["actor", "event", "at"], name="audit_by_actor"),
            # How many accounts were frozen lately, by whomever.
            models.Index(fields=["at"], name="audit_of_freezes", condition=models.Q(event="account.frozen")),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.event}"


class AuditLink(models.Model):
    """The place of one record in the chain. Positions are dense: 1, 2, 3 ..., in the order of sealing."""

    position = models.BigIntegerField(primary_key=True)
    # No constraint in the database: a record that is gone is for the verifier to find, and not to be hidden.
    record = models.OneToOneField(AuditRecord, on_delete=models.PROTECT, db_constraint=False, related_name="link")
    sealed_at = models.DateTimeField()
    digest = models.CharField(max_length=81)  # keyname:hex over this link, its record and the link before

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.position}: {self.record_id}"


class AuditHead(models.Model):
    """The end of the chain on one day, as it was published off the box."""

    day = models.DateField(primary_key=True)  # in Hong Kong
    position = models.BigIntegerField()  # 0: the trail was empty
    digest = models.CharField(max_length=81, blank=True)
    made_at = models.DateTimeField()
    text = models.TextField()  # the signed file

    class Meta:
        ordering = ["-day"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day}: {self.position}"


class AuditCheck(models.Model):
    """The result of one verification."""

    at = models.DateTimeField()
    seconds = models.PositiveIntegerField()
    records = models.BigIntegerField()  # chained and looked at
    last = models.BigIntegerField()  # position
    heads = models.PositiveIntegerField()
    faults = models.PositiveIntegerField()
    worst = models.JSONField(default=list)  # the first faults, each as code and values
    unchecked = models.JSONField(default=list)  # what could not be checked, likewise

    class Meta:
        ordering = ["-at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.faults} faults"


class AuditDuty(models.Model):
    """Who is at it: one sealer at a time, and one daily check. Nothing that is verified rests on this row."""

    name = models.CharField(max_length=10, primary_key=True)
    taken_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
