from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import SignIn
from portal.letters.models import Letter
from twofactor.models.soft_token import SoftToken


class Rebinding(models.Model):
    """A phone that is being bound with a letter, in a login that waits. Until it is done everything stays as it was.

    A login has one at most, and no login outlives a change of its account's epoch. The letter is named once its code
    was typed, and used by the swap alone.
    """

    sign_in = models.OneToOneField(SignIn, on_delete=models.CASCADE, related_name="rebinding")
    letter = models.ForeignKey(Letter, on_delete=models.SET_NULL, null=True, related_name="+")
    letter_proven_at = models.DateTimeField(null=True)
    letter_tries = models.PositiveSmallIntegerField(default=0)  # wrong letter codes of this login
    token = models.ForeignKey(SoftToken, on_delete=models.SET_NULL, null=True, related_name="+")  # the one to bind
    tries = models.PositiveSmallIntegerField(default=0)  # wrong codes of the new token
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="a_letter_was_proven_before_it_binds",
                condition=Q(done_at__isnull=True) | Q(letter_proven_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="rebinding_by_age")]

    def __str__(self) -> str:
        return f"{self.sign_in_id}: {'done' if self.done_at else 'open'}"
