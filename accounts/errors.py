"""The client's wording for everything that accounts can refuse. Lazy, because the language is the reader's."""

from django.utils.translation import gettext_lazy as _

NUMBER_SHAPE = _("Enter your 6-digit account number")
PASSWORD_MISSING = _("Enter your trading password")
WRONG_CREDENTIALS = _("Account number or trading password is incorrect. Too many wrong tries will pause online login.")
VERIFICATION_FAILED = _("The security check did not finish. Select “Log in” again.")
PICTURE_WRONG = _("Enter the digits that the picture shows now.")
PASSWORD_WRONG = _("The trading password is incorrect.")
PASSWORDS_DIFFER = _("The two new passwords are not the same.")
PASSWORD_CHANGED = _("Your trading password was changed.")
SESSION_ENDED_BY_YOU = _("The session was ended.")
SESSIONS_ENDED_BY_YOU = _("All other sessions were ended.")
