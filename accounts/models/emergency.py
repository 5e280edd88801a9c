from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Emergency(models.Model):
    """Nobody gets in while one of these is open: the switch that login and every session check."""

    scope = models.CharField(max_length=8, default="all", editable=False)
    began_at = models.DateTimeField(default=timezone.now)
    began_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="one_open_emergency", fields=["scope"], condition=Q(ended_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"since {self.began_at:%Y-%m-%d %H:%M}: {self.reason}"
