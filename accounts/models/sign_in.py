"""Every try to get in, and the session that came of it: the login history and the session registry in one row."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.lib.masking import mask_address
from portal.lib.user_agent import device_label


class Result(models.TextChoices):
    """What became of a try."""

    STARTED = "started", "started"  # counted as a failure until something better is known
    NO_VERIFICATION = "no_verification", "wrong picture code"
    SLOWED = "slowed", "refused: too many tries"
    WRONG_PASSWORD = "wrong_password", "wrong account number or password"
    FROZEN = "frozen", "right password, account frozen"
    CLOSED = "closed", "right password, account closed"
    NO_MOBILE = "no_mobile", "right password, no mobile number"
    PHONE_LOST = "phone_lost", "right password, phone reported lost"
    PASSWORD_RIGHT = "password_right", "right password, code not proven"
    WRONG_CODES = "wrong_codes", "right password, frozen by wrong codes"
    SUCCESS = "success", "logged in"
    RESET_ASKED = "reset_asked", "forgotten password, not replaced"
    RESET_DONE = "reset_done", "forgotten password replaced"


#: Results that count against the source and the number.
FAILURES = [Result.STARTED, Result.WRONG_PASSWORD]
SLOWING = [*FAILURES, Result.SLOWED]

#: The password was right and the method cannot be asked for: only a rebinding letter leads on from here.
STRANDED = [Result.NO_MOBILE, Result.PHONE_LOST]


class EndReason(models.TextChoices):
    """Why a session is over. The value is also what the page after it is told."""

    USER = "user", "logged out"
    IDLE = "idle", "idle for too long"
    ABSOLUTE = "absolute", "longest time reached"
    ELSEWHERE = "elsewhere", "ended elsewhere, or by a change of the account"
    FROZEN = "frozen", "the account was frozen"
    REPLACED = "replaced", "a new login in the same browser"
    GUESSING = "limit", "too many wrong passwords"


#: The client did nothing wrong and is likely to come back.
AWAY = frozenset({EndReason.IDLE, EndReason.ABSOLUTE})


class Purpose(models.TextChoices):
    """What a code is good for. A code for one is worth nothing for another."""

    LOGIN = "login"
    CHANGE_PASSWORD = "change_password"  # noqa: S105
    CHANGE_METHOD = "change_method"  # the current method, proven before it is given up
    NEW_METHOD = "new_method"  # the method that takes its place
    CHANGE_CONTACT = "change_contact"  # the method in use, proven before a contact is changed
    NEW_MOBILE = "new_mobile"  # the number that takes its place
    NEW_EMAIL = "new_email"
    RESET_EMAIL = "reset_email"  # who forgot the password, recognised by the e-mail address on file
    RESET = "reset"  # the method in use, proven in place of the password


class SignIn(models.Model):
    """One row per try. Until both factors are proven it is a pending login; then it is the session.

    The cookie holds a random key, the row its digest. There is no free-form session data: what a session may
    remember is a column here, so that a password or a code has no place to be kept in.
    """

    at = models.DateTimeField(default=timezone.now)
    number = models.CharField(max_length=32)  # as it was tried; it need not exist
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sign_ins")
    address = models.GenericIPAddressField()
    user_agent = models.CharField(max_length=200, blank=True)
    device = models.UUIDField(null=True)  # which browser, as its cookie says
    browser_seen = models.CharField(max_length=64, blank=True)  # digest of the device cookie that came with the try
    known_browser = models.BooleanField(default=False)  # it had completed a login on this account before
    platform = models.CharField(max_length=16, default="web")
    method = models.CharField(max_length=16, blank=True)
    result = models.CharField(max_length=16, choices=Result, default=Result.STARTED)
    verification = models.CharField(max_length=64, unique=True)  # the system verification that this try spent

    # The session.
    key_digest = models.CharField(max_length=64, unique=True, null=True)
    browser_digest = models.CharField(max_length=64, blank=True)  # of the device cookie that this login gave out
    previous = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")  # login before
    epoch = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=10, blank=True)
    proven_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=10, choices=EndReason, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    wrong_passwords = models.PositiveSmallIntegerField(default=0)  # when proving again
    reported_at = models.DateTimeField(null=True)  # the owner was told that this login was not finished

    # Proving again: for what, since when the password, since when the code too, and under which facts.
    proving = models.CharField(max_length=24, choices=Purpose, blank=True)
    password_proven_at = models.DateTimeField(null=True)
    proof = models.CharField(max_length=24, choices=Purpose, blank=True)
    proof_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["customer", "-at"], name="signin_by_customer"),
            models.Index(fields=["address", "-at"], name="signin_failed_source", condition=Q(result__in=SLOWING)),
            models.Index(fields=["number", "-at"], name="signin_failed_number", condition=Q(result__in=SLOWING)),
            models.Index(fields=["browser_digest"], name="signin_browser", condition=~Q(browser_digest="")),
            models.Index(fields=["browser_seen"], name="signin_browser_seen", condition=~Q(browser_seen="")),
            models.Index(fields=["at"], name="signin_unfinished", condition=Q(result=Result.PASSWORD_RIGHT)),
            models.Index(fields=["at"], name="signin_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="session_needs_both_factors",
                condition=Q(proven_at__isnull=True) | Q(result=Result.SUCCESS, customer__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.result}"

    @property
    def device_label(self) -> str:
        """The browser in words."""
        return device_label(self.user_agent)

    @property
    def address_masked(self) -> str:
        """The address, in part."""
        return mask_address(self.address)

    @property
    def inside(self) -> bool:
        """Both factors were proven and nothing has ended it."""
        return self.proven_at is not None and self.ended_at is None

    @property
    def pending(self) -> bool:
        """The password was right and the code is still to come."""
        return self.result == Result.PASSWORD_RIGHT and self.ended_at is None

    @property
    def stranded(self) -> bool:
        """The password was right, no code can be asked for, and a letter may still come."""
        return self.result in STRANDED and self.ended_at is None
