"""Methods, purposes and results in the client's words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Method, Purpose, Result

PURPOSE_LABELS: dict[str, Promise] = {
    Purpose.LOGIN: _("Log in"),
    Purpose.CHANGE_PASSWORD: _("Change trading password"),
    Purpose.CHANGE_METHOD: _("Change verification method"),
    Purpose.NEW_METHOD: _("Change verification method"),
    Purpose.CHANGE_CONTACT: _("Change contact details"),
    Purpose.NEW_MOBILE: _("Confirm a new mobile number"),
    Purpose.NEW_EMAIL: _("Confirm a new e-mail address"),
    Purpose.RESET_EMAIL: _("Reset trading password"),
    Purpose.RESET: _("Reset trading password"),
}
METHOD_LABELS: dict[str, Promise] = {
    Method.SMS: _("Text message (SMS)"),
    Method.SOFT_TOKEN: _("Mobile security code"),
}
RESULT_LABELS: dict[str, Promise] = {
    Result.STARTED: _("Not completed"),
    Result.NO_VERIFICATION: _("Security check not passed"),
    Result.SLOWED: _("Refused: too many tries"),
    Result.WRONG_PASSWORD: _("Wrong password"),
    Result.FROZEN: _("Refused: online login is frozen"),
    Result.CLOSED: _("Refused: account closed"),
    Result.NO_MOBILE: _("Refused: no mobile number on file"),
    Result.PHONE_LOST: _("Refused: the phone was reported lost"),
    Result.PASSWORD_RIGHT: _("Right password, code not completed"),
    Result.WRONG_CODES: _("Right password, frozen by wrong codes"),
    Result.SUCCESS: _("Logged in"),
    Result.RESET_ASKED: _("Password reset asked for, not completed"),
    Result.RESET_DONE: _("Password reset"),
}
