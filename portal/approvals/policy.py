"""Every limit of proposals and of their evidence, with its unit and its reason."""

from datetime import timedelta

#: A proposal that nobody has decided lapses: by then the call is forgotten and the facts have moved on. Sending it
#: anew, or giving it back, starts the time again.
LIFETIME = timedelta(hours=24)
LAPSE_BATCH = 500  # proposals that one run of the task lapses

REASON_MIN, REASON_MAX = 5, 500  # characters

#: Rights, by the names that the accounts give them.
PROPOSE, APPROVE = "accounts.propose", "accounts.approve"

#: What tells that a member of staff has a second factor, without which nobody gets to the desk: the row lies above.
ENROLLED = {"staffauthenticator__confirmed": True}

#: Accounts that one proposal may concern: they are locked and changed in one transaction, a few seconds at most.
ACCOUNTS = 500

#: Waiting for so long is marked on the page: a caller was told "within the day".
SOON, LATE = timedelta(hours=1), timedelta(hours=8)
PAGE = 20  # proposals

# --- Evidence ---------------------------------------------------------------------------------------------
EVIDENCE_FILES = 5  # of one proposal
EVIDENCE_SIZE = 10 * 1024 * 1024  # bytes, as sent and as kept

#: Pixels of a picture: an A4 page at 500 dpi, or what a good phone takes. Decoded, 75 MB.
EVIDENCE_PIXELS = 25_000_000
JPEG_QUALITY = 85

#: What is looked into of a PDF's packed objects: real ones stay far below, a bomb does not.
PDF_OBJECT_STREAMS = 2_000
PDF_INFLATED = 64 * 1024 * 1024  # bytes

CHUNK = 256 * 1024  # bytes that are read, sealed or opened at a time

PURGE_BATCH = 200  # proposals that one run of the task deletes; how old they are by then, the settings say
#: A file that no row knows belongs to an upload that was broken off, unless it is as young as this.
ORPHAN_AFTER = timedelta(days=1)
