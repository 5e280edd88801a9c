"""Tables of the second factor."""

from twofactor.models.challenge import Challenge, ChallengeState
from twofactor.models.devices import StaffAuthenticator, StaffEnrolment
from twofactor.models.rebinding import Rebinding
from twofactor.models.soft_token import SoftToken, TokenState
from twofactor.models.switch import MethodSwitch, SwitchState

__all__ = [
    "Challenge",
    "ChallengeState",
    "MethodSwitch",
    "Rebinding",
    "SoftToken",
    "StaffAuthenticator",
    "StaffEnrolment",
    "SwitchState",
    "TokenState",
]
