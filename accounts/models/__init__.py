"""Tables of accounts."""

from accounts.models.customer import Customer, FreezeCause, Method
from accounts.models.customer import State as AccountState
from accounts.models.emergency import Emergency
from accounts.models.password import PasswordHistory
from accounts.models.sign_in import AWAY, EndReason, Purpose, Result, SignIn

__all__ = [
    "AWAY",
    "AccountState",
    "Customer",
    "Emergency",
    "EndReason",
    "FreezeCause",
    "Method",
    "PasswordHistory",
    "Purpose",
    "Result",
    "SignIn",
]
