"""The outbox and what became of its messages."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """How a message travels."""

    SMS = "sms", _("text message")
    EMAIL = "email", _("e-mail")


class State(models.TextChoices):
    """Where a message is. Receipts only ever move it to the right."""

    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")


class Phase(models.TextChoices):
    """How far a message is, as the indexes see it: a claim, and a try that failed, move it nowhere."""

    WAITING = "waiting"
    UNREPORTED = "unreported"
    OVER = "over"


class Message(models.Model):
    """One message to one place. Its row commits with its cause; the payload is sealed, and erased once sent."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    channel = models.CharField(max_length=8, choices=Channel)
    kind = models.CharField(max_length=40)  # the purpose of a code ("code.login") or a notice ("notice.login")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    is_code = models.BooleanField(default=False)
    sealed = models.BinaryField(null=True)  # {"to", "text", "subject"} sealed; None once it was handed over
    to_index = models.CharField(max_length=32, blank=True)  # blind index of the destination, for caps and search
    to_masked = models.CharField(max_length=80)
    reference = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    # PostgreSQL writes a row beside its old version, and nothing into any index, if no index asks for what has changed.
    phase = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=[State.QUEUED, State.SENDING], then=models.Value(Phase.WAITING)),
            models.When(state=State.SENT, channel=Channel.SMS, then=models.Value(Phase.UNREPORTED)),
            default=models.Value(Phase.OVER),
        ),
        output_field=models.CharField(max_length=10, choices=Phase),
        db_persist=True,
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    due_at = models.DateTimeField(default=timezone.now)  # not to be tried (again) before
    claim = models.UUIDField(null=True)  # who holds it; settles only what it still holds
    tries = models.PositiveSmallIntegerField(default=0)
    gateway = models.CharField(max_length=20, blank=True)
    gateway_reference = models.CharField(max_length=80, blank=True)
    problem = models.CharField(max_length=80, blank=True)  # the last failure, in a word of ours
    sent_at = models.DateTimeField(null=True)
    delayed_at = models.DateTimeField(null=True)  # the network said that it holds the text up: a note, no state
    asked_at = models.DateTimeField(null=True)  # when the carrier was last asked for a receipt that did not come
    settled_at = models.DateTimeField(null=True)
    request_id = models.CharField(max_length=32, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [
            # In the order in which a sweep hands them out, and in which their time is over.
            models.Index(
                fields=["-is_code", "created_at"],
                name="message_to_hand_out",
                condition=models.Q(phase="waiting"),
            ),
            models.Index(
                fields=["expires_at"],
                name="message_to_expire",
                condition=models.Q(phase="waiting"),
            ),
            models.Index(fields=["customer", "-created_at"], name="message_by_customer"),
            models.Index(fields=["reference", "-created_at"], name="message_by_reference"),
            models.Index(fields=["created_at"], name="message_by_age", condition=~models.Q(to_index="")),
            # A receipt that names the carrier's reference alone, and the receipts that are missing.
            models.Index(
                fields=["gateway_reference"],
                name="message_by_carrier",
                condition=~models.Q(gateway_reference=""),
            ),
            # What a gateway delivered lately.
            models.Index(
                fields=["gateway", "-sent_at"],
                name="message_by_gateway",
                condition=models.Q(channel="sms", sent_at__isnull=False),
            ),
            models.Index(fields=["sent_at"], name="message_unreported", condition=models.Q(phase="unreported")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.kind} to {self.to_masked}: {self.state}"


class Attempt(models.Model):
    """One call of a gateway for one message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    gateway = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField()
    result = models.CharField(max_length=80)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["gateway", "-at"], name="attempt_by_gateway")]

    def __str__(self) -> str:
        return f"{self.gateway}: {self.result}"


class GatewayHealth(models.Model):
    """Since when a gateway is left, and why; workers agree on this row."""

    gateway = models.CharField(primary_key=True, max_length=20)
    left_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=20, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.gateway}: {self.reason or 'well'}"


class SendCount(models.Model):
    """How many codes one number or source has had in its window: counted before sending, in one statement."""

    key = models.CharField(max_length=48, primary_key=True)  # kind and blind index
    resets_at = models.DateTimeField()  # the end of the window; the next send after it starts a new one
    used = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key.partition(':')[0]}: {self.used}"
