from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Method, SignIn
from twofactor.models.soft_token import SoftToken


class SwitchState(models.TextChoices):
    """What became of a change of method."""

    OPEN = "open"
    DONE = "done"
    ABANDONED = "abandoned"  # replaced by another, too many wrong codes, or the client went back


class MethodSwitch(models.Model):
    """A change of method on its way, bound to the session that began it. Until it is done the old method stands.

    What the client chose is a row and never a form field; a session has at most one that is open.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="method_switches")
    sign_in = models.ForeignKey(SignIn, on_delete=models.CASCADE, related_name="method_switches")
    epoch = models.PositiveIntegerField()  # of the account when it began: whatever ends sessions ends it too
    from_method = models.CharField(max_length=16, choices=Method)
    to_method = models.CharField(max_length=16, choices=Method)
    state = models.CharField(max_length=10, choices=SwitchState, default=SwitchState.OPEN)
    token = models.ForeignKey(SoftToken, on_delete=models.SET_NULL, null=True, related_name="+")  # the one to bind
    tries = models.PositiveSmallIntegerField(default=0)  # wrong codes of the new method
    created_at = models.DateTimeField(default=timezone.now)
    proven_at = models.DateTimeField(null=True)  # password and current method
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="one_open_switch_per_session", fields=["sign_in"], condition=Q(state="open"))
        ]
        indexes = [models.Index(fields=["created_at"], name="switch_by_age")]

    def __str__(self) -> str:
        return f"{self.from_method} to {self.to_method}: {self.state}"
