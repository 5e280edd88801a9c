"""The daily report: what looked wrong on one day, and which clients it concerns."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class FindingKind(models.TextChoices):
    """What was found. The order is that of the report."""

    SUCCESS_AFTER_FAILURES = "success_after_failures", _("Login after many failures")
    RIGHT_PASSWORD_WRONG_CODES = "right_password_wrong_codes", _("Right password with wrong codes")
    ACCOUNTS_OF_ADDRESS = "accounts_of_address", _("Many accounts from one network address")
    ACCOUNTS_OF_DEVICE = "accounts_of_device", _("Many accounts from one device")
    PLACES_OF_ACCOUNT = "places_of_account", _("One account from many places")
    SEARCHES_OF_STAFF = "searches_of_staff", _("Many searches by one member of staff")
    REVEALS_OF_STAFF = "reveals_of_staff", _("Many contacts shown to one member of staff")
    UNFREEZES_OF_STAFF = "unfreezes_of_staff", _("Many accounts unfrozen by one member of staff")


class SurveillanceReport(models.Model):
    """One day in Hong Kong, looked at once. A row without `made_at` is being worked on, or was given up."""

    day = models.DateField(unique=True)
    claimed_until = models.DateTimeField()  # whoever works on it has so long
    made_at = models.DateTimeField(null=True)
    attempts = models.PositiveBigIntegerField(default=0)
    totals = models.JSONField(default=dict)  # kind: how many were found, kept or not

    class Meta:
        default_permissions = ()
        ordering = ["-day"]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What the e-mail and the page call it."""
        return f"S{self.day:%Y%m%d}"


class Finding(models.Model):
    """One address, device, account or member of staff that stood out. `measure` is what was counted."""

    report = models.ForeignKey(SurveillanceReport, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=32, choices=FindingKind)
    place = models.PositiveSmallIntegerField()  # within its kind, the worst first
    key = models.CharField(max_length=64)  # the address, the device, the account number or the staff name
    measure = models.PositiveBigIntegerField()
    successes = models.PositiveBigIntegerField(null=True)  # logins among what was counted, where that says something
    clients = models.PositiveBigIntegerField(default=0)  # how many it concerns; the first of them are listed

    class Meta:
        default_permissions = ()
        ordering = ["report", "kind", "place"]
        constraints = [
            models.UniqueConstraint(name="one_finding_a_place", fields=["report", "kind", "place"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"


class FindingClient(models.Model):
    """A client whom a finding concerns."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="concerned")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()  # those who were got into first

    class Meta:
        default_permissions = ()
        ordering = ["finding", "place"]
        constraints = [models.UniqueConstraint(name="one_client_a_finding", fields=["finding", "customer"])]

    def __str__(self) -> str:
        return f"{self.customer_id}"


class StaffDay(models.Model):
    """What one member of staff did on the day of a report."""

    report = models.ForeignKey(SurveillanceReport, on_delete=models.CASCADE, related_name="staff_days")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    searches = models.PositiveIntegerField(default=0)
    reveals = models.PositiveIntegerField(default=0)
    unfreezes = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        ordering = ["report", "-searches", "staff"]
        constraints = [models.UniqueConstraint(name="one_line_a_colleague", fields=["report", "staff"])]

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.searches}, {self.reveals}, {self.unfreezes}"
