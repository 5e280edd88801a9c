"""Tables of the second factor."""

from twofactor.models.challenge import Challenge, ChallengeState
from twofactor.models.devices import StaffAuthenticator, StaffEnrolment

__all__ = ["Challenge", "ChallengeState", "StaffAuthenticator", "StaffEnrolment"]
