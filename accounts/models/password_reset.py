"""A forgotten password on its way to a new one."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.sign_in import SignIn
from portal.letters.models import Letter


class ResetWay(models.TextChoices):
    """How the client is recognised who cannot name the password."""

    EMAIL = "email"
    LETTER = "letter"


class PasswordReset(models.Model):
    """One journey, told apart by a key in a cookie of its own, of which the row has the digest. It makes no session.

    The row is the same for every account number. Whose it is stands in its `sign_in` once somebody was recognised, or
    once the worker has looked; until then nothing about it tells whether there is an account at all.
    """

    sign_in = models.OneToOneField(SignIn, on_delete=models.CASCADE, related_name="password_reset")
    key_digest = models.CharField(max_length=64, unique=True)
    way = models.CharField(max_length=8, choices=ResetWay)
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)  # a worker looked whom to send a code
    tries = models.PositiveSmallIntegerField(default=0)  # wrong codes of the e-mail or the letter
    recognised_at = models.DateTimeField(null=True)  # a code of the e-mail or the letter was right
    letter = models.ForeignKey(Letter, on_delete=models.SET_NULL, null=True, related_name="+")
    method_proven_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)  # there is a new password
    stopped_at = models.DateTimeField(null=True)  # too many wrong codes

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["created_at"],
                name="reset_unanswered",
                condition=Q(answered_at__isnull=True, way=ResetWay.EMAIL),
            ),
            models.Index(fields=["created_at"], name="reset_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_reset_proves_in_order",
                condition=(Q(method_proven_at__isnull=True) | Q(recognised_at__isnull=False))
                & (Q(replaced_at__isnull=True) | Q(method_proven_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="a_stopped_reset_recognised_nobody",
                condition=Q(stopped_at__isnull=True) | Q(recognised_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way}, {self.created_at:%Y-%m-%d %H:%M:%S}"
