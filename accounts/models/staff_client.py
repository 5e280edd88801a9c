"""Which client accounts a member of staff holds as a client."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class StaffClient(models.Model):
    """One client account of a member of staff, or of somebody close: nobody acts on those."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="own_clients")
    client = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="one_line_an_own_account", fields=["staff", "client"]),
            models.CheckConstraint(name="staff_are_not_their_own_clients", condition=~Q(staff=F("client"))),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.client_id}"
