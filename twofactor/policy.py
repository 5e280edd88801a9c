"""Every limit of the second factor, with its unit and its reason."""

from datetime import timedelta

#: A code is accepted for this long from its creation, by the server's clock (the broker's client guide: 180 s).
CODE_LIFETIME = timedelta(seconds=180)

#: A code by e-mail: servers that see a sender for the first time hold a message back for minutes.
EMAIL_CODE_LIFETIME = timedelta(minutes=10)

CODE_DIGITS = 6

#: Letters of the reference that tells which message is live: short enough to read, 24,389 of them.
REFERENCE_LENGTH = 3

#: For this long an expired, used or replaced code is still recognised and named as such.
RECOGNISED_FOR = timedelta(minutes=15)

PURGE_BATCH = 5_000  # rows a statement

#: A login that stopped after the right password is told to its owner after this: a code lives 3 minutes, a
#: pending login 10.
UNFINISHED_AFTER = timedelta(minutes=10)

#: A staff member's first enrolment code.
ENROLMENT_LIFETIME = timedelta(hours=24)
ENROLMENT_TRIES = 5
#: RFC 6238 steps of 30 s that a staff code may be off, before and after.
STAFF_STEPS_OFF = 1
STAFF_SEED_BYTES = 20  # 160 bits, RFC 4226

# --- Changing the method ------------------------------------------------------------------------------
#: From the proof of the current method to the proof of the new one: time to install an app and to scan.
KEY_LIFETIME = timedelta(minutes=10)

#: Wrong codes of the new method; then the change is over. They say nothing of the method in use and freeze nothing.
NEW_METHOD_TRIES = 5

DEVICE_NAME_MAX = 40  # characters
SWITCH_RETENTION = timedelta(days=90)

# --- Binding again with a letter ------------------------------------------------------------------------
#: Wrong letter codes of one login, whether or not a letter is under way; then it is over. A letter counts its own.
LETTER_TRIES = 5

# --- The mobile security code -------------------------------------------------------------------------
#: A code is good for this many steps of 30 s, its own included: 60 s from its start (the broker's client guide).
STEPS_ACCEPTED = 2

#: Steps of 30 s either way within which two codes in a row teach us a phone's clock, and of the past within which a
#: wrong code is known as one of a slow clock: ten minutes.
CLOCK_SEARCH = 20

#: A key that was shown and never confirmed is deleted after this; it is void after ten minutes.
UNBOUND_RETENTION = timedelta(days=1)

#: Seeds that are sealed anew in one transaction: short, because logins wait for the rows.
RESEAL_BATCH = 100
