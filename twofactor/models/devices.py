"""Factors of staff. Seeds are sealed: a dump of the database cannot make a code."""

import time
from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django_otp.models import Device, DeviceManager, ThrottlingMixin
from django_otp.oath import TOTP

from portal.lib import crypto
from twofactor import policy

_SEAL = "staff-seed"


class StaffAuthenticatorManager(DeviceManager):
    """Makes authenticators from a seed that is sealed on the way in."""

    def create_with_seed(
        self, user: models.Model, seed: bytes, *, name: str = "default", last_step: int = -1
    ) -> "StaffAuthenticator":
        """A confirmed authenticator. `default` is the name under which the staff door looks for it.

        `last_step` is the RFC 6238 step of the code that proved it: that code opens nothing any more.
        """
        authenticator: StaffAuthenticator = self.create(
            user=user, name=name, confirmed=True, sealed_seed=crypto.seal(_SEAL, seed), last_step=last_step
        )
        return authenticator

    def of(self, user: models.Model) -> "StaffAuthenticator | None":
        """The authenticator that opens the staff door to this member of staff."""
        found: StaffAuthenticator | None = self.filter(user=user, name="default", confirmed=True).first()
        return found


class StaffAuthenticator(ThrottlingMixin, Device):
    """A TOTP authenticator (RFC 6238, SHA-1, 6 digits, 30 s) of a member of staff.

    The last accepted step is stored and only a greater one passes, judged under the row's lock.
    """

    sealed_seed = models.BinaryField()
    last_step = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[StaffAuthenticatorManager] = StaffAuthenticatorManager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_authenticator_per_name")]

    @property
    def seed(self) -> bytes:
        """The opened seed; raises `CannotOpen`."""
        return crypto.open_sealed(_SEAL, bytes(self.sealed_seed))

    def seal(self, seed: bytes) -> None:
        """Keep a seed, under the first key of the ring."""
        self.sealed_seed = crypto.seal(_SEAL, seed)

    def get_throttle_factor(self) -> int:
        """Seconds after the first wrong code; doubled by each further one."""
        return 1

    def verify_token(self, token: str) -> bool:
        """Whether the code is right now and was not used before. Counts a wrong one."""
        with transaction.atomic():
            locked = StaffAuthenticator.objects.select_for_update().get(pk=self.pk)
            allowed, _ = locked.verify_is_allowed()
            if not allowed or not (token.isascii() and token.isdigit() and len(token) == 6):
                return False
            totp = TOTP(locked.seed, step=30, digits=6)
            totp.time = time.time()
            lowest = locked.last_step + 1
            if not totp.verify(int(token), tolerance=policy.STAFF_STEPS_OFF, min_t=lowest):
                locked.throttle_increment()
                return False
            locked.last_step = totp.t()
            locked.throttle_reset(commit=False)
            locked.save()
        return True


class StaffEnrolment(models.Model):
    """A one-time code that lets a member of staff bind the first factor."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="enrolments")
    code_digest = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%Y-%m-%d %H:%M}"
