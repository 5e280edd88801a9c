"""Every limit of letters, with its unit and its reason."""

from datetime import timedelta

#: Letters of Crockford's alphabet, 5 bits each: 60 bits, which nobody guesses within five tries or five thousand.
CODE_LENGTH = 12
GROUP = 4  # letters that are read at a time

#: From the printer to the end of its worth, a date that stands on the letter: mail takes a week to the far end of the
#: world and lies a holiday long.
LIFETIME = timedelta(days=30)

#: Wrong codes of a rebinding letter; then it is void. Only a right password gets that far.
TRIES = 5

#: Whoever changed the address a moment ago may have changed it to their own.
ADDRESS_HOLD = timedelta(days=14)

#: Both kinds within this time would hand everything to whoever opens the letter-box.
OTHER_KIND_HOLD = timedelta(days=30)

#: The right to print letters and to say that they were posted, by the name that the table of letters gives it.
PRINT = "letters.print_letters"

#: Letters of one run of the printer: a morning's work for one person with envelopes.
RUN = 500

#: A prefilled form is handed out again under the same reference for so long: whoever prints it twice has one case.
FORM_LASTS = timedelta(days=1)

#: How often within that time. Each one is typeset anew, which costs a fifth of a second of a core.
FORM_DOWNLOADS = 10

#: A form may lie in a drawer for years, and the proposals that name it are kept as long.
FORM_RETENTION = timedelta(days=7 * 365 + 2)

#: Seconds for one file: a full run takes five on a slow machine. Whatever takes longer has come to a stop.
TYPESETTING = 120

#: A run that nobody called good by then counts as failed: the sheets lie somewhere.
CONFIRM_WITHIN = timedelta(hours=24)

#: How often a letter is printed anew after a failed run, before somebody has to ask for it again.
REPRINTS = 3

PAGE = 20  # letters or runs
LAPSE_BATCH = 500  # letters that one run of the task closes
REASON_MIN = 5  # characters, of why a letter is withdrawn

PURGE_BATCH = 500  # letters a statement; how old they are by then, the settings say
