"""Every limit of the audit trail, with its unit and its reason."""

from datetime import timedelta

#: Rows that one transaction of the sealer chains: short enough that nobody waits for it.
SEAL_BATCH = 1000

#: The sealer looks this many ids behind the newest chained row for rows whose transaction took long. What is older is
#: found when everything is looked at, before each head and each verification.
STRAGGLERS = 10_000

#: Rows that the verifier and the exporter hold at a time. Bounds their memory.
PAGE = 2000

#: Faults that a verification lists; it counts all.
FAULTS = 20

#: Gaps between ids that a verification lists; it counts all. Every transaction that is rolled back leaves one.
GAPS = 20

#: How long one process owns a daily duty. Longer than the longest verification.
DUTY_LEASE = timedelta(hours=2)

#: The daily check is asked for hourly, so that a night without a scheduler is made up for, and done once in this time.
CHECK_EVERY = timedelta(hours=20)

#: Days that one export may span: a year is what auditors ask for.
EXPORT_DAYS = 366
