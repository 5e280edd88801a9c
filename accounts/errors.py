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

# --- A forgotten password ---
WAY_MISSING = _("Choose how we recognise you")
RESET_VERIFICATION_FAILED = _("The security check did not finish. Select “Continue” again.")
LETTER_SHAPE = _("Enter the activation code of the letter: 12 letters and digits. The hyphens do not matter.")
RESET_GONE = _("That took too long, was stopped or is finished. You can start again.")
RESET_TOO_MANY = _("Too many wrong codes. You can start again.")

# --- Contacts ---
MOBILE_SHAPE = _("Enter a mobile number, such as 9123 4567 or +86 138 0013 8000")
SEVERAL_NUMBERS = _("Enter one mobile number only")
EXTENSION = _("Enter the mobile number without an extension")
COUNTRY_NOT_ALLOWED = _(
    "Our text messages do not reach numbers of that country. Enter another number, or call our hotline."
)
LANDLINE = _("That is a landline. Enter a mobile number, which can receive text messages.")
NOT_MOBILE = _("That number cannot receive our text messages. Enter a mobile number.")
EMAIL_SHAPE = _("Enter one e-mail address, such as name@example.com")
ADDRESS_MISSING = _("Enter your correspondence address")
ADDRESS_LONG = _("Enter the address in at most %(lines)d lines and %(letters)d letters")
ADDRESS_SIGNS = _("The address holds a sign that cannot be printed. Use letters, digits and punctuation only.")
CONTACT_SAME = _("That is what we have on file already")
CONTACT_HELD = _("Contact details cannot be changed at the moment.")
CONTACT_GONE = _(
    "That change is finished, was stopped, or took too long. Nothing was changed now. You can start again."
)
CONTACT_STOPPED = _("The change was stopped. Your contact details stay as they are.")
CONTACT_TOO_MANY = _("Too many wrong codes. The change was stopped and your contact details stay as they are.")
FORM_TOO_OFTEN = _(
    "You have downloaded this form many times today. Print the copy that you have, or download the blank form."
)

# --- Sessions ---
SESSION_ENDED_BY_YOU = _("The session was ended.")
SESSIONS_ENDED_BY_YOU = _("All other sessions were ended.")
