from django.conf import settings
from django.db import models
from django.utils import timezone


class PasswordHistory(models.Model):
    """A hash that was in use before, so that the password does not come back."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_history")
    password = models.CharField(max_length=128)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["customer", "-at"], name="password_by_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} until {self.at:%Y-%m-%d}"
