"""Every limit of accounts, with its unit and its reason."""

from datetime import timedelta

from django.conf import settings

from portal.messaging import policy as sending

# --- Sessions --------------------------------------------------------------------------------------
#: From the right password to the end of the code page: time to fetch a phone, ask for two more codes, and type.
PENDING_LIFETIME = timedelta(minutes=10)

#: The longest a session lives, however busy: one trading day with its evening (8 h).
ABSOLUTE_LIFETIME = timedelta(hours=8)

#: `last_seen_at` is written at most this often; the idle limit is exact to within this.
SEEN_EVERY = timedelta(seconds=5)

#: The warning comes this long before the idle limit; WCAG 2.2.1 asks for at least 20 s to answer.
IDLE_WARNING = timedelta(minutes=2)


def idle_limit() -> timedelta:
    """Set by the operator, 30 minutes at most, never by the client."""
    return timedelta(minutes=settings.IDLE_MINUTES)


# --- The browser that logged in before --------------------------------------------------------------
BROWSER_LIFETIME = timedelta(days=180)

#: So many wrong passwords from a known browser, and it is as unknown as any other.
BROWSER_WRONG_PASSWORDS = 10

# --- Wrong passwords: they slow, they never freeze ----------------------------------------------------
#: Failures older than this are forgotten.
FAILURE_WINDOW = timedelta(minutes=30)

#: So many failures cost no wait: a person mistypes, an office shares an address.
FREE_FAILURES_PER_SOURCE = 20
FREE_FAILURES_PER_NUMBER = 5

#: No wait is longer than this: under a steady attack a right password from a new browser still gets in.
LONGEST_WAIT = timedelta(minutes=5)


def wait_after(failures: int, free: int) -> timedelta:
    """The wait that follows the latest failure: 2, 4, 8 ... seconds beyond the free ones, five minutes at most."""
    excess = failures - free
    if excess < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(excess + 1, 9)), LONGEST_WAIT)


# --- Wrong codes ---------------------------------------------------------------------------------------
#: This many wrong codes in a row freeze the account: the chance to guess one of 10^6 stays below 5 in a million.
FREEZE_AT = 5

#: This many within the window, right ones between or not: whoever has the password is guessing.
SLOW_GUESSES = 20
SLOW_GUESS_WINDOW = timedelta(days=30)

# --- Proving again -------------------------------------------------------------------------------------
#: A proof of password and code is good for one sensitive act within this time.
PROOF_LIFETIME = timedelta(minutes=5)

#: Wrong passwords when proving again; then the session ends, so that a stolen one cannot be used to guess.
PROVE_WRONG_PASSWORDS = 5

# --- Changing the method ------------------------------------------------------------------------------
#: After new contacts or a reset password the method stays as it is for so long: time for the owner to object.
METHOD_HOLD = timedelta(hours=24)

# --- Letters ------------------------------------------------------------------------------------------
#: For so long after an officer lifted the holds a letter can be proposed and approved, whatever was changed before.
LETTER_OVERRIDE = timedelta(hours=24)

# --- Changing a contact ---------------------------------------------------------------------------------
#: After a new contact, method or password the contacts stay as they are for so long: nobody gets both at once.
CONTACT_HOLD = timedelta(hours=24)

#: From the proof of password and method to the new contact in effect: time for an e-mail to come, twice.
CONTACT_CHANGE_LIFETIME = timedelta(minutes=20)

#: Wrong codes of the new contact; then the change is over. They say nothing of the method in use and freeze nothing.
NEW_CONTACT_TRIES = 5

#: What was replaced is deleted once its owner has been told for long enough.
FORMER_CONTACT = sending.TELL_FORMER
REPLACED_SHOWN = 20  # changes that staff can take back
#: A change that was begun and never done is deleted after this.
CONTACT_CHANGE_RETENTION = timedelta(days=1)

#: Lines of an address as the window of an envelope shows them, below the name.
POSTAL_LINES = 6

#: From a browser that the account does not know, a phone is reported lost at most once in this time.
LOSS_REPORT_EVERY = timedelta(hours=24)

# --- Passwords -----------------------------------------------------------------------------------------
PASSWORD_MIN, PASSWORD_MAX = 8, 128  # characters
PASSWORD_HISTORY = 8  # the last ones that may not come back
PASSWORD_REMINDER = timedelta(days=90)  # a reminder only, again after as long: forced expiry makes passwords worse
REMINDERS_AT_ONCE = 5_000  # of one run of the task: everybody who was imported on one day has the same age

# --- A forgotten password --------------------------------------------------------------------------------
#: From asking to the new password: time for an e-mail that is held back, a text message, and a good password.
RESET_LIFETIME = timedelta(minutes=20)

#: Wrong codes of the e-mail or the letter; then the journey is over. Nothing is frozen, and no letter is void.
RESET_TRIES = 5

#: How late a worker still sends a code: what was asked for longer ago was given up.
RESET_ANSWERED_WITHIN = timedelta(minutes=5)
RESETS_AT_ONCE = 500  # of one run of the task

#: The same number is asked for again from the same browser not before this.
RESET_AGAIN_AFTER = sending.RESEND_WAIT

#: What was asked for and how it ended stays in the login history; the journey itself has no use afterwards.
RESET_RETENTION = timedelta(days=1)

# --- System verification ---------------------------------------------------------------------------------
#: Proof of work: PBKDF2 of this many rounds, tried up to this many times. Under a second on a desktop and about
#: two on an eight-year-old phone, while the client types.
PROOF_COST, PROOF_TRIES = 500, 2000
VERIFICATION_LIFETIME = timedelta(minutes=20)  # a page may lie open while the client looks for the password
PICTURE_LENGTH = 6  # digits

# --- Unfreezing --------------------------------------------------------------------------------------------
#: A clerk alone unfreezes an account once in this time.
CLERK_UNFREEZE_EVERY = timedelta(hours=24)

# --- Retention (how long: the settings say) ------------------------------------------------------------
PURGE_BATCH = 5_000  # rows a statement

# --- Pages -------------------------------------------------------------------------------------------------
ACTIVITY_PAGE = 20  # rows
ACTIVITY_WINDOW = timedelta(days=90)
LIVE_SESSIONS_SHOWN = 20

# --- Surveillance: what stands in the daily report ---------------------------------------------------------
#: Different account numbers tried from one address: above what an office or a carrier's shared address brings.
REPORT_ACCOUNTS_OF_ADDRESS = 20
#: Different account numbers tried from one device: above a family's.
REPORT_ACCOUNTS_OF_DEVICE = 4
#: Networks (the first half of an IPv4 address) or addresses from which an account's right password came: home, office,
#: phone and a café are four and a dozen.
REPORT_NETWORKS_OF_ACCOUNT, REPORT_ADDRESSES_OF_ACCOUNT = 5, 13
#: Wrong codes after a right password: two are a slip, three are odd.
REPORT_WRONG_CODES = 3
#: Wrong passwords before a login, and how long before the day they are looked for: nobody stops at midnight.
REPORT_FAILURES_BEFORE_SUCCESS = 10
REPORT_LOOK_BACK = timedelta(hours=24)
#: Deeds of one member of staff on one day: what is above is more than a busy day on the phone.
REPORT_DEEDS_OF_STAFF = {"searches": 200, "reveals": 30, "unfreezes": 30}

#: What nobody does more often on one day: beyond it a colleague has to, and the security officer hears of it.
MOST_DEEDS_OF_STAFF = {"searches": 400, "reveals": 60, "unfreezes": 60}

#: Findings of a kind, clients of a finding, and members of staff that are kept; the rest is counted.
REPORT_FINDINGS, REPORT_CLIENTS, REPORT_STAFF = 50, 20, 200
#: How far back days without a report are made up for: a scheduler that stood still over a long holiday.
REPORT_CATCH_UP = timedelta(days=7)
#: Who works on a report has so long before another may.
REPORT_LEASE = timedelta(minutes=30)

# --- Freezing many ------------------------------------------------------------------------------------------
#: What a list of accounts may have: more than this is everybody, for which there is the switch.
FREEZE_RUN_ROWS = 100_000
FREEZE_RUN_UPLOAD = 2 * 1024 * 1024  # bytes
FREEZE_RUN_PROBLEMS = 200  # lines that are shown; all are counted
#: Rows read at once, accounts frozen before the claim is renewed, and accounts frozen by one run of the task: a task
#: of more than a minute would be given to a second worker.
FREEZE_RUN_READ, FREEZE_RUN_BATCH, FREEZE_RUN_BITE = 2_000, 500, 6_000
FREEZE_RUN_LEASE = timedelta(minutes=2)
#: A list that was read and not confirmed: by then accounts have changed.
FREEZE_RUN_LAPSES = timedelta(hours=24)

#: Test notices of one client: enough to try each channel, too few to annoy.
TEST_NOTICES = 3
TEST_NOTICE_WINDOW = timedelta(hours=24)

# --- Finding a client ----------------------------------------------------------------------------------------
SEARCH_HITS = 20  # clients that a search shows: whoever has more has asked too little
SEARCH_LONGEST = 254  # characters: the longest e-mail address
#: Three letters stand for one login among many: they are looked for among the messages of a call's own day.
SEARCH_LOGIN_REFERENCE = timedelta(hours=24)
SEARCH_MESSAGES = 100  # messages with these letters that are looked at
OPEN_PROPOSALS_SHOWN = 10
LONGEST_CALL_REFERENCE = 40  # characters: recording systems number their calls in up to 36
BROWSERS_LOOKED_AT = 50  # the newest logins of a client, from which the desk tells the browsers in use

# --- Colleagues ----------------------------------------------------------------------------------------------
#: Nobody hands out both factors of one colleague within this time: by then both have been used or missed.
STAFF_FACTORS_APART = timedelta(hours=24)
OWN_CLIENTS = 20  # accounts of one member of staff and whoever is close: more is a mistake
COLLEAGUES_SHOWN = 200  # a broker's customer service, several times over
OWN_LOGINS_SHOWN = 50  # a page
