"""Settings of processes whose gateways get as long as in production; only the proof is cheap."""

from accounts import policy as accounts_policy
from portal.settings import *  # noqa: F403

accounts_policy.PROOF_COST, accounts_policy.PROOF_TRIES = 1, 2
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
