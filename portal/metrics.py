"""Every figure that the portal exposes to Prometheus. Labels are words of ours, never data of a client."""

from prometheus_client import Counter, Gauge, Histogram

LOGINS = Counter("portal_logins_total", "Tries to log in, by result", ["platform", "result"])
CODES = Counter("portal_codes_total", "One-time codes, by what happened to them", ["method", "event"])
SEARCHES = Counter("portal_desk_searches_total", "Searches for a client by staff", ["kind", "outcome"])
FREEZES = Counter("portal_freezes_total", "Accounts frozen, by cause", ["cause"])
MESSAGES = Counter("portal_messages_total", "Messages that left the outbox, by outcome", ["channel", "outcome"])
SEND_SECONDS = Histogram(
    "portal_send_seconds",
    "From the commit of a message to its acceptance by the carrier",
    ["channel"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 180),
)
QUEUE_AGE = Gauge(
    "portal_queue_age_seconds",
    "Age of the oldest message that waits to be sent",
    multiprocess_mode="mostrecent",
)
