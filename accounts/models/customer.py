"""The account: one table for clients and staff, kept apart by a constraint."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.contact_change import Contact, replaced_since
from portal.lib.prepared import Prepared, slot

TAIL = 4  # digits: what a caller reads out of a mobile number


class Tail(Func):
    """The last four digits of a number. They stand in the text of the statement, so that its index is seen to fit."""

    template = f"RIGHT(%(expressions)s, {TAIL})"
    output_field = models.CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"SUBSTR(%(expressions)s, -{TAIL})", **context)


class Given(Func):
    """A text, or NULL for an empty one. Where nearly all are empty, a plan for any value then expects few."""

    template = "NULLIF(%(expressions)s, '')"
    output_field = models.CharField()


class State(models.TextChoices):
    """Whether the account may be used online."""

    ACTIVE = "active", _("active")
    FROZEN = "frozen", _("frozen")
    CLOSED = "closed", _("closed")


class FreezeCause(models.TextChoices):
    """Who or what froze it; it decides who may unfreeze."""

    WRONG_CODES = "wrong_codes", _("wrong codes")
    CLIENT = "client", _("the client")
    STAFF = "staff", _("staff")
    FRAUD = "fraud", _("suspected fraud")


class Method(models.TextChoices):
    """How the second factor is proven."""

    SMS = "sms", _("text message")
    SOFT_TOKEN = "soft_token", _("mobile security code")


class CustomerManager(BaseUserManager["Customer"]):
    """Makes clients and staff; nothing else makes rows one by one."""

    def create_client(self, login: str, *, password: str | None = None, **fields: object) -> "Customer":
        """A client. Without a password the account starts with one that nothing matches."""
        client = self.model(login=login, is_staff=False, **fields)
        client.set_password(password)
        client.save(using=self._db)
        return client

    def create_staff(self, login: str, *, password: str | None = None, **fields: object) -> "Customer":
        """A member of staff, without any role yet."""
        staff = self.model(login=login, is_staff=True, **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff


class Customer(AbstractBaseUser, PermissionsMixin):
    """Who may log in: a client by account number, or a member of staff by name.

    `method` is never empty and `method_chosen_at` tells whether the client chose it. `security_epoch` is a
    number that every session and every challenge carries: raising it ends them all in one statement.
    """

    login = models.CharField("account number or staff name", max_length=32, unique=True)
    name = models.CharField(max_length=150)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    mobile = models.CharField(max_length=16, blank=True)  # E.164, or empty for none
    email = models.EmailField(blank=True)
    postal_address = models.TextField(max_length=500, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    frozen_at = models.DateTimeField(null=True, blank=True)
    freeze_cause = models.CharField(max_length=12, choices=FreezeCause, blank=True)
    freeze_reference = models.CharField(max_length=12, blank=True)
    unfrozen_at = models.DateTimeField(null=True, blank=True)

    method = models.CharField(max_length=16, choices=Method, default=Method.SMS)
    method_chosen_at = models.DateTimeField(null=True, blank=True)

    security_epoch = models.PositiveIntegerField(default=0)
    wrong_codes = models.PositiveSmallIntegerField(default=0)  # in a row, of the method in use
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(default=timezone.now)
    password_reminded_at = models.DateTimeField(null=True, blank=True)  # the last time that its age was told
    last_security_change_at = models.DateTimeField(null=True, blank=True)
    method_held_from = models.DateTimeField(null=True, blank=True)  # contacts changed, or password reset: no new method
    contact_held_from = models.DateTimeField(
        null=True, blank=True
    )  # contact, method or password changed: no new contact
    created_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[CustomerManager] = CustomerManager()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        permissions = [
            ("unfreeze_wrong_codes", "May unfreeze an account that wrong codes froze"),
            ("end_sessions", "May end every session of a client"),
            ("reveal_contacts", "May see a contact in full, with a reason"),
            ("freeze_one", "May freeze one client"),
            ("freeze_fraud", "May freeze a client for fraud"),
            ("freeze_all", "May freeze many clients, or all"),
            ("propose", "May propose what needs a second person"),
            ("approve", "May approve what a colleague proposed"),
            ("override_hold", "May lift a hold after a change"),
            ("read_surveillance", "May read the daily report"),
            ("list_rights", "May list who may do what"),
            ("manage_staff", "May make and change accounts of colleagues"),
            ("enrol_staff", "May issue the first enrolment code of a colleague"),
        ]
        # With the order of what is found in each of them: a plan for any value reads no more than it shows.
        indexes = [
            models.Index(Given("freeze_reference"), "login", name="client_by_freeze"),
            models.Index(fields=["mobile", "login"], name="client_by_mobile"),
            models.Index(Tail("mobile"), "login", name="client_by_mobile_tail"),
            models.Index(Lower("email"), "login", name="client_by_email"),
        ]
        constraints = [
            models.CheckConstraint(
                name="clients_and_staff_apart",
                condition=Q(is_staff=False, is_superuser=False, login__regex=r"^[0-9]{6}$")
                | (
                    Q(is_staff=True, mobile="", state=State.ACTIVE, wrong_codes=0)
                    & Q(login__regex=r"^[a-z][a-z0-9._-]*$")
                ),
                violation_error_message="A client has a number of six digits; staff have a name and no client data.",
            ),
            models.CheckConstraint(
                name="mobile_is_e164", condition=Q(mobile="") | Q(mobile__regex=r"^\+[1-9][0-9]{6,14}$")
            ),
            models.CheckConstraint(
                name="frozen_tells_when_and_why",
                condition=Q(state=State.FROZEN, frozen_at__isnull=False) & ~Q(freeze_cause="")
                | ~Q(state=State.FROZEN) & Q(frozen_at__isnull=True, freeze_cause=""),
            ),
            models.CheckConstraint(name="known_method", condition=Q(method__in=Method.values)),
        ]

    def __str__(self) -> str:
        return self.login

    @property
    def frozen(self) -> bool:
        return self.state == State.FROZEN

    @property
    def open(self) -> bool:
        """Neither frozen nor closed nor disabled."""
        return self.state == State.ACTIVE and self.is_active

    def former_contacts(self, since: datetime) -> list[tuple[str, str]]:
        """What notices went to and was replaced since then: names of contacts, and where they led."""
        replaced = replaced_since(self.pk, since)
        return [(each.contact, each.old) for each in replaced if each.contact != Contact.POSTAL_ADDRESS and each.old]

    @classmethod
    def lock(cls, pk: int) -> "Customer":
        """The account under its row lock, which every change and every count takes first.

        Call inside a transaction, and trust no instance that was read before.
        """
        customer = _LOCKED.one(id=pk)
        if customer is None:
            raise cls.DoesNotExist
        return customer


_LOCKED = Prepared(lambda: Customer.objects.select_for_update().filter(pk=slot(Customer, "id")))
