from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Method, Purpose, SignIn
from portal.messaging.models import Message


class ChallengeState(models.TextChoices):
    """What became of a challenge. Expiry is not a state: the clock tells it."""

    OPEN = "open"
    SUPERSEDED = "superseded"  # a newer code of the same journey was sent
    USED = "used"


class Challenge(models.Model):
    """One question for a second factor, bound to its session, its purpose and the facts it was asked under.

    For a text message there is one row per code. `code_digest` is empty when no code was sent, because the
    last one was too recent: then the client asks for one on the page. It is always empty for a method that sends
    nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="challenges")
    sign_in = models.ForeignKey(SignIn, on_delete=models.CASCADE, related_name="challenges")
    purpose = models.CharField(max_length=24, choices=Purpose)
    method = models.CharField(max_length=16, choices=Method)
    reference = models.CharField(max_length=8)
    code_digest = models.CharField(max_length=100, blank=True)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=ChallengeState, default=ChallengeState.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    resend_at = models.DateTimeField(null=True)  # from when on the next code can be asked for
    capped = models.BooleanField(default=False)  # no code, because too many were sent
    over_budget = models.BooleanField(default=False)  # not by this client: the texts of the day are gone

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["customer", "purpose", "-created_at"], name="challenge_by_customer"),
            models.Index(fields=["sign_in", "-created_at"], name="challenge_by_sign_in"),
            models.Index(fields=["created_at"], name="challenge_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.reference}: {self.state}"

    @property
    def withheld(self) -> bool:
        """No code was sent, because the last one was too recent or there were too many."""
        return not self.code_digest and self.resend_at is not None
