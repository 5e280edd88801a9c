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
BUDGET_GONE = _(
    "So many text messages were sent today that no new code can be sent before %(time)s (Hong Kong time). If you cannot"
    " wait, call our hotline."
)
RESENT = _("A new code was sent. The earlier code no longer works.")
TOKEN_TRIES_LEFT = ngettext_lazy(
    "That security code is incorrect. You have %(count)d try left.",
    "That security code is incorrect. You have %(count)d tries left.",
    "count",
)
TOKEN_ONE_TRY_LEFT = _("That security code is incorrect. One more wrong code will freeze online login.")
TOKEN_USED = _("That code was used. Wait for the next one (up to 30 seconds).")
TOKEN_EXPIRED = _("That took too long. Please start again.")
WRONG_AND_WHY = _("%(tries)s %(why)s")
CLOCK_UNKNOWN = _("Check that your phone sets its time automatically.")
CLOCK_SLOW = ngettext_lazy(
    "It is about %(count)d minute old, or your phone’s clock is about %(count)d minute slow.",
    "It is about %(count)d minutes old, or your phone’s clock is about %(count)d minutes slow.",
    "count",
)
CLOCK_MENDED = _("Your phone’s clock is right now, but at an earlier login it was not.")
CLOCK_HELP = _(
    "Let your phone set its time automatically and enter the newest code. If that does not help, enter two codes in"
    " a row instead."
)
TWO_CODES_SHAPE = _("Enter two codes of 6 digits each: the one that the app shows, and the one after it")
RESEND_WAIT = ngettext_lazy("You can resend in %(count)d second.", "You can resend in %(count)d seconds.", "count")

# --- Changing the method ---
METHOD_MISSING = _("Choose a verification method")
METHOD_IN_USE = _("You are using this method.")
METHOD_HELD = _("The verification method cannot be changed at the moment.")
METHOD_NOT_OFFERED = _("This method cannot be chosen at the moment.")
SWITCH_GONE = _("That change is finished, was stopped, or took too long. Nothing was changed now. You can start again.")
SWITCH_STOPPED = _("The change was stopped. Your present method stays.")
SWITCH_TOO_MANY = _("Too many wrong codes. The change was stopped and your present method stays.")
DEVICE_NAME = _("Enter a name of 1 to 40 characters for the phone, in ordinary letters and digits")
APP_CODE_SHAPE = _("Enter the 6-digit code that the app shows")
APP_CODE_WRONG = ngettext_lazy(
    "That code is incorrect. You have %(count)d try left. The key is already in your app: enter the code that it"
    " shows now, and check that the phone sets its time automatically.",
    "That code is incorrect. You have %(count)d tries left. The key is already in your app: enter the code that it"
    " shows now, and check that the phone sets its time automatically.",
    "count",
)
NEW_CONTACT_CODE_SHAPE = _("Enter the 6-digit code from the message")
NEW_CODE_USED = _("That code has been used. Ask for a new one.")

# --- Binding again with a letter ---
REBIND_WRONG = ngettext_lazy(
    "That activation code is incorrect. You have %(count)d try left. Compare it with the letter, sign by sign.",
    "That activation code is incorrect. You have %(count)d tries left. Compare it with the letter, sign by sign.",
    "count",
)
REBIND_SPOILT_NOW = _(
    "That activation code is incorrect, once too often: the letter is no longer valid. Please call our hotline and ask"
    " for another."
)
REBIND_SPOILT = _(
    "This letter is no longer valid, because of too many wrong codes. Please call our hotline and ask for another."
)
REBIND_LAPSED = _("This letter has expired. Please call our hotline and ask for another.")
REBIND_USED = _(
    "This letter has been used: a phone was bound with it. If that was not you, please call our hotline at once."
)
REBIND_REPLACED = _("A newer letter has taken the place of this one. Enter the activation code of the newest letter.")
REBIND_WITHDRAWN = _("This letter is no longer valid. Please call our hotline.")
REBIND_NOT_POSTED = _("By our records this letter has not been posted yet. Please call our hotline before you go on.")
REBIND_HELD = _(
    "The letter is valid, but contact details or the password were changed less than 24 hours ago. You can use it from"
    " %(time)s on (Hong Kong time)."
)
REBIND_OVER = _("Too many wrong activation codes. Please compare your letter and log in again.")
REBIND_GONE = _(
    "That took too long, or the letter is no longer valid. Nothing was changed. Enter the activation code again."
)
REBIND_TOO_MANY = _(
    "Too many wrong codes of the app. Nothing was changed, and your letter is still valid. Enter the activation code"
    " again to start over."
)
REBOUND = _(
    "“%(phone)s” is bound now, and an earlier phone no longer works. From your next login on we ask for the code that"
    " its app shows. Reference number: %(reference)s."
)

# --- Reporting a phone as lost ---
REPORTED_TODAY = _("A loss was reported today from a browser that we do not know. Please call our hotline.")

# --- A forgotten password ---
RESET_CODE_SHAPE = _("Enter the 6-digit code from the e-mail")
RESET_CODE_EXPIRED = _("That code has expired. Ask for a new one.")
RESET_CODE_OTHER = _("That code belongs to another request, reference %(other)s. Use the code of your newest request.")
LETTER_LAPSED = _("The time of that letter is over. Call our hotline and ask for a new one.")
LETTER_USED = _("The activation code of that letter was used before. Call our hotline if you need a new letter.")
LETTER_REPLACED = _("That letter is no longer valid. Use the newest letter, or call our hotline.")
LETTER_NOT_POSTED = _("That letter has not been sent to you. Call our hotline now.")
