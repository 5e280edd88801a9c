"""Every figure that the portal exposes to Prometheus. Labels are words of ours, never data of a client."""

from prometheus_client import Counter, Gauge, Histogram

LOGINS = Counter("portal_logins_total", "Tries to log in, by result", ["platform", "result"])
CODES = Counter("portal_codes_total", "One-time codes, by what happened to them", ["method", "event"])
SEARCHES = Counter("portal_desk_searches_total", "Searches for a client by staff", ["kind", "outcome"])
FREEZES = Counter("portal_freezes_total", "Accounts frozen, by cause", ["cause"])
MESSAGES = Counter("portal_messages_total", "Messages that left the outbox, by outcome", ["channel", "outcome"])
RECEIPTS = Counter(
    "portal_receipts_total", "Delivery receipts, by what they said and did", ["gateway", "state", "result"]
)
SEND_SECONDS = Histogram(
    "portal_send_seconds",
    "From the commit of a message to its acceptance by the carrier",
    ["channel"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 180),
)
GATEWAY_SECONDS = Histogram(
    "portal_gateway_seconds",
    "One call of a gateway, by what it answered",
    ["gateway", "result"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)
DELIVERY_SECONDS = Histogram(
    "portal_delivery_seconds",
    "From the carrier's acceptance of a text to the receipt that it is delivered",
    ["gateway"],
    buckets=(1, 2, 5, 10, 20, 30, 60, 180, 600),
)
GATEWAY_SHARE = Gauge(
    "portal_gateway_share",
    "The part of its usual traffic that a gateway gets: less than 1 after it did badly",
    ["gateway"],
    multiprocess_mode="mostrecent",
)
GATEWAY_ACCEPT = Gauge(
    "portal_gateway_accept_seconds",
    "The median of the last hour: one call that a gateway accepted",
    ["gateway"],
    multiprocess_mode="mostrecent",
)
GATEWAY_DELIVERY = Gauge(
    "portal_gateway_delivery_seconds",
    "The median of the last hour: from the carrier's acceptance of a text to the receipt that it is delivered",
    ["gateway"],
    multiprocess_mode="mostrecent",
)
GATEWAY_MOVES = Counter(
    "portal_gateway_moves_total", "Times that a gateway was left for another", ["gateway", "reason"]
)
SMPP_SUBMITS = Counter("portal_smpp_submits_total", "Answers of the SMPP carrier to a text, by status", ["status"])
SMPP_BOUND_AT = Gauge(
    "portal_smpp_bound_timestamp_seconds",
    "When the SMPP bind was last seen to stand",
    ["bind"],
    multiprocess_mode="mostrecent",
)
SMPP_WAITING = Gauge(
    "portal_smpp_waiting", "Texts on their way over the SMPP bind of this host", multiprocess_mode="mostrecent"
)
QUEUE_AGE = Gauge(
    "portal_queue_age_seconds",
    "Age of the oldest message that waits to be sent",
    multiprocess_mode="mostrecent",
)
OVER_BUDGET = Counter(
    "portal_sms_over_budget_total",
    "Codes beyond a cap or a budget of the day, by its kind and what became of them: refused, passed for a client who"
    " had logged in before, or shadow where it would have been refused",
    ["budget", "fate"],
)
