"""Settings of the portal that the browser tests drive: those of the demo, with a proof of work and a password hash that
cost next to nothing. The browser still does all that the proof asks for, only less often."""

from accounts import policy
from accounts.hashers import PortalArgon2Hasher
from portal.settings import *  # noqa: F403

policy.PROOF_TRIES = 20
PortalArgon2Hasher.time_cost, PortalArgon2Hasher.memory_cost = 1, 8
