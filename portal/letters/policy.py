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

#: Letters of one run of the printer: a morning's work for one person with envelopes.
RUN = 500

#: A run that nobody called good by then counts as failed: the sheets lie somewhere.
CONFIRM_WITHIN = timedelta(hours=24)

#: How often a letter is printed anew after a failed run, before somebody has to ask for it again.
REPRINTS = 3

PAGE = 20  # letters or runs

PURGE_BATCH = 500  # letters a statement; how old they are by then, the settings say
