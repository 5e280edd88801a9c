"""Every scheduled task, with its period and its reason. Each is safe to run twice, also at once."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A nudge can be lost with the broker; the row cannot. Ten seconds of a code's 180 is what a client can bear.
    # The nudge expires: a beat that outruns its workers must not pile up work. It goes where the codes go: behind a
    # burst of notices it would be of no use to them.
    "sweep-outbox": {
        "task": "messaging.sweep",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10, "queue": "codes"},
    },
    # A right password without a code is told to the owner; a minute's delay is prompt enough.
    "report-unfinished-logins": {
        "task": "twofactor.report_unfinished_logins",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    # Whoever forgot the password waits at a page for an e-mail. Nothing is looked up while that page is asked for.
    "answer-resets": {
        "task": "twofactor.answer_resets",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    # A receipt can be lost on its way to us; what the carrier knows it can be asked for. The desk wants the truth, and
    # the choice of gateways lives on it.
    "ask-receipts": {
        "task": "messaging.ask_receipts",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    # Medians of the last hour do not move faster, and a look at them costs two queries for each gateway.
    "show-gateways": {
        "task": "messaging.show_gateways",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    # A list of accounts is confirmed in an emergency: who confirmed it sees the first ones frozen within seconds.
    "freeze-on": {
        "task": "accounts.freeze_on",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    # Yesterday's report, soon after midnight. Hourly, so that a night without a scheduler is made up for by day.
    "surveil": {"task": "accounts.surveil", "schedule": crontab(minute="35"), "options": {"expires": 3000}},
    # What was written is chained soon after its commit: only until then could a row be taken away without a trace.
    "seal-audit": {"task": "audit.seal", "schedule": timedelta(seconds=10), "options": {"expires": 10}},
    # The head of the day leaves soon after midnight, and the trail is checked by night. Both are asked for hourly, so
    # that a night without a scheduler, or a folder that was away, is made up for.
    "publish-audit-head": {
        "task": "audit.publish_head",
        "schedule": crontab(minute="15"),
        "options": {"expires": 3000},
    },
    "check-audit": {"task": "audit.check", "schedule": crontab(minute="45"), "options": {"expires": 3000}},
    # Hourly through the day, because whoever was imported on one day is due on one day.
    "remind-of-passwords": {
        "task": "accounts.remind_of_passwords",
        "schedule": crontab(minute="25", hour="10-17"),
        "options": {"expires": 3000},
    },
    # A page that shows a proposal knows by itself that its time is over; the task is for the record and the lists.
    "lapse-proposals": {"task": "approvals.lapse", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    # A code is worth nothing after its time anyway; the task is for the lists. A run that nobody judged is another
    # matter: its sheets lie somewhere, and the letters have to be printed anew.
    "end-letters": {"task": "letters.end", "schedule": timedelta(minutes=5), "options": {"expires": 300}},
    # Retention. Small bites by night, when nobody logs in.
    "purge-challenges": {"task": "twofactor.purge", "schedule": crontab(minute="10")},
    "watch-budgets": {
        "task": "messaging.watch_budgets",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "purge-messages": {"task": "messaging.purge", "schedule": crontab(hour="3", minute="20")},
    "purge-sign-ins": {"task": "accounts.purge", "schedule": crontab(hour="3", minute="40")},
    "purge-proposals": {"task": "approvals.purge", "schedule": crontab(hour="4", minute="10")},
    "purge-letters": {"task": "letters.purge", "schedule": crontab(hour="4", minute="20")},
    "clear-staff-sessions": {
        "task": "accounts.clear_staff_sessions",
        "schedule": crontab(hour="3", minute="50"),
    },
}
