from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.lib import crypto

_SEAL = "soft-token"


class TokenState(models.TextChoices):
    """The life of a token. It only ever moves down this list."""

    SHOWN = "shown"  # the key was shown; no code has proven that it arrived
    BOUND = "bound"
    SUSPENDED = "suspended"  # reported lost: it opens nothing, and nothing revives it
    REMOVED = "removed"  # its seed is erased


class SoftToken(models.Model):
    """A mobile security code: an RFC 6238 seed on a client's phone (SHA-1, 6 digits, 30 s).

    The seed is sealed, bound to its account. `last_step` is the step of the last accepted code: only a greater one
    opens anything, on all platforms together. `drift` is by how many steps the phone's clock is ahead of ours, as
    two codes in a row have shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="soft_tokens")
    name = models.CharField(max_length=40)  # of the device, as the client calls it
    sealed_seed = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=TokenState, default=TokenState.SHOWN)
    last_step = models.BigIntegerField(default=-1)
    drift = models.SmallIntegerField(default=0)  # steps of 30 s
    created_at = models.DateTimeField(default=timezone.now)
    bound_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # suspended or removed

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="one_token_per_account", fields=["customer"], condition=Q(state__in=["bound", "suspended"])
            ),
            models.CheckConstraint(
                name="removed_token_has_no_seed",
                condition=Q(state="removed", sealed_seed__isnull=True)
                | ~Q(state="removed") & Q(sealed_seed__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

    @property
    def seed(self) -> bytes:
        """The opened seed; raises `CannotOpen`, also for one that was sealed for another account."""
        return crypto.open_sealed(_SEAL, bytes(self.sealed_seed or b""), bound_to=str(self.customer_id))

    def seal(self, seed: bytes) -> None:
        """Keep a seed, under the first key of the ring and bound to the account."""
        self.sealed_seed = crypto.seal(_SEAL, seed, bound_to=str(self.customer_id))
