from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditRecord(models.Model):
    """One thing that was done. Facts hold ids, counts and words, never secrets or full contacts."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    event = models.CharField(max_length=40)  # a value of `events.Event`
    # Who did it; empty for the system itself (an import, a scheduled task).
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_records",
    )
    facts = models.JSONField(default=dict)
    request_id = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        permissions = [
            ("view_audit", "May read the audit trail"),
            ("export_audit", "May verify and export the audit trail"),
        ]
        indexes = [models.Index(fields=["subject", "-id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.event}"
