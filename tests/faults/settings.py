"""Settings of the processes that the fault tests start: the portal's own, with shorter waits and a cheap proof.

What is shortened keeps its order: a gateway call ends before its lease, the sweep comes between the two.
"""

from datetime import timedelta

from accounts import policy as accounts_policy
from portal.messaging import policy as messaging_policy
from portal.schedule import BEAT_SCHEDULE
from portal.settings import *  # noqa: F403

accounts_policy.PROOF_COST, accounts_policy.PROOF_TRIES = 1, 2
messaging_policy.GATEWAY_TIMEOUT = 2.0
messaging_policy.CLAIM_LEASE = timedelta(seconds=4)
BEAT_SCHEDULE["sweep-outbox"]["schedule"] = timedelta(seconds=1)
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
