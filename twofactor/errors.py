"""The client's wording for everything that a code can meet."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

CODE_SHAPE = _("Enter the 6-digit code from the text message")
ONE_TRY_LEFT = _("That code is incorrect. One more wrong code will freeze online login.")
TRIES_LEFT = ngettext_lazy(
    "That code is incorrect. You have %(count)d try left.",
    "That code is incorrect. You have %(count)d tries left.",
    "count",
)
EXPIRED = _("That code has expired. Select “Resend”.")
SUPERSEDED = _("That is an earlier code. Enter the code from the newest message.")
USED = _("That code has been used. Log in again.")
OTHER_LOGIN = _(
    "That code belongs to another request, reference %(other)s. Enter the code with reference %(reference)s."
)
OTHER_LOGIN_UNSENT = _("That code belongs to another request, reference %(other)s. Ask for a new code here.")
TOO_MANY_CODES = _("You have asked for too many codes. Try again after %(time)s (Hong Kong time).")
RESENT = _("A new code was sent. The earlier code no longer works.")
RESEND_WAIT = ngettext_lazy("You can resend in %(count)d second.", "You can resend in %(count)d seconds.", "count")
