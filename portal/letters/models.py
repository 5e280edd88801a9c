"""Letters and the runs of the printer. The database keeps the rule that nobody prints what they asked for."""

import json
from collections.abc import Mapping
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib import crypto

_SEAL = "letter"


class Kind(models.TextChoices):
    """What the code of a letter is good for."""

    PASSWORD = "password", _("password letter")
    REBINDING = "rebinding", _("rebinding letter")


class State(models.TextChoices):
    """The life of a letter. Its code is worth something only while it is posted."""

    MADE = "made", _("waiting to be printed")
    PRINTED = "printed", _("printed")
    POSTED = "posted", _("posted")
    USED = "used", _("used")
    LAPSED = "lapsed", _("lapsed")
    VOIDED = "voided", _("voided")


LIVE = [State.MADE, State.PRINTED, State.POSTED]


class Void(models.TextChoices):
    """Why a letter is worth nothing any more."""

    REPLACED = "replaced", _("replaced by a newer letter")
    RUN_FAILED = "run_failed", _("the print run failed")
    TRIES = "tries", _("too many wrong codes")
    STAFF = "staff", _("withdrawn by staff")
    ACCOUNT = "account", _("the account was closed")
    ADDRESS = "address", _("the address changed before it was printed")


class RunState(models.TextChoices):
    """What became of a run: good or bad is said by whoever stands at the printer."""

    OPEN = "open", _("at the printer")
    GOOD = "good", _("printed well")
    FAILED = "failed", _("not printed well")


class PrintRun(models.Model):
    """One file for the printer: its letters' codes were born in it and stand nowhere else."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reference = models.CharField(max_length=12, unique=True)
    printer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.OPEN)
    letters_count = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="a_run_ends_when_it_is_judged",
                condition=Q(state=RunState.OPEN, ended_at__isnull=True)
                | ~Q(state=RunState.OPEN) & Q(ended_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["-started_at"], name="runs_by_time")]

    def __str__(self) -> str:
        return self.reference


class Letter(models.Model):
    """One letter with one code, for one account. A reprint is another letter with another code.

    `maker` asked for it and `checker` approved it, under the proposal of that reference. What was printed, without the
    code, is sealed and bound to the letter.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.MADE)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="letters")
    proposal = models.CharField(max_length=12)
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    reprints = models.PositiveSmallIntegerField(default=0)  # how often it was printed before

    run = models.ForeignKey(PrintRun, on_delete=models.PROTECT, null=True, related_name="letters")
    printer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    printed_at = models.DateTimeField(null=True)
    code_digest = models.CharField(max_length=100, blank=True)
    sealed_content = models.BinaryField(null=True)
    unprintable = models.CharField(max_length=40, blank=True)  # signs of name or address that the font lacks

    posted_at = models.DateTimeField(null=True)
    tracking = models.CharField(max_length=40, blank=True)
    lapses_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)  # wrong codes
    ended_at = models.DateTimeField(null=True)
    void = models.CharField(max_length=10, choices=Void, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["made_at", "pk"]
        permissions = [("print_letters", "May print letters and say that they were posted")]
        constraints = [
            models.CheckConstraint(
                name="requester_is_not_printer", condition=Q(printer__isnull=True) | ~Q(printer=F("maker"))
            ),
            models.CheckConstraint(name="requester_is_not_approver", condition=~Q(checker=F("maker"))),
            models.UniqueConstraint(
                name="one_live_letter_of_a_kind", fields=["customer", "kind"], condition=Q(state__in=LIVE)
            ),
            models.CheckConstraint(
                name="a_code_is_born_at_printing",
                condition=Q(state=State.MADE, code_digest="", run__isnull=True)
                | Q(state__in=[State.PRINTED, State.POSTED, State.USED], run__isnull=False) & ~Q(code_digest="")
                | Q(state__in=[State.LAPSED, State.VOIDED]),
            ),
            models.CheckConstraint(
                name="a_posted_letter_lapses",
                condition=~Q(state=State.POSTED) | Q(posted_at__isnull=False, lapses_at__isnull=False),
            ),
            models.CheckConstraint(
                name="an_ended_letter_says_when",
                condition=Q(state__in=LIVE, ended_at__isnull=True, void="")
                | Q(state__in=[State.USED, State.LAPSED], ended_at__isnull=False, void="")
                | Q(state=State.VOIDED, ended_at__isnull=False) & ~Q(void=""),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-made_at"], name="letters_by_customer"),
            models.Index(fields=["state", "made_at"], name="letters_by_state"),
            models.Index(fields=["ended_at"], name="letters_by_end"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def live(self) -> bool:
        """Neither used nor lapsed nor void."""
        return self.state in LIVE

    @property
    def content(self) -> dict[str, str]:
        """What was printed, without the code; raises `CannotOpen`."""
        opened: dict[str, str] = json.loads(
            crypto.open_sealed(_SEAL, bytes(self.sealed_content or b""), bound_to=str(self.pk))
        )
        return opened

    def seal(self, content: Mapping[str, str]) -> None:
        """Keep what was printed, bound to this letter. The code does not belong in it."""
        self.sealed_content = crypto.seal(_SEAL, json.dumps(dict(content)).encode(), bound_to=str(self.pk))


class IssuedForm(models.Model):
    """A client information update form that was handed out prefilled: its reference leads from paper to account."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reference = models.CharField(max_length=12, unique=True)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    downloads = models.PositiveSmallIntegerField(default=1)

    class Meta:
        default_permissions = ()
        ordering = ["-issued_at", "pk"]
        indexes = [
            models.Index(fields=["customer", "-issued_at"], name="forms_by_customer"),
            models.Index(fields=["issued_at"], name="forms_by_time"),
        ]

    def __str__(self) -> str:
        return self.reference
