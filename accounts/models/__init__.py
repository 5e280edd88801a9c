"""Tables of accounts."""

from accounts.models.contact_change import ChangeState, Contact, ContactChange, replaced_since
from accounts.models.customer import TAIL, Customer, FreezeCause, Given, Method, Tail
from accounts.models.customer import State as AccountState
from accounts.models.emergency import Emergency
from accounts.models.freeze_run import FreezeRun, FreezeRunItem, ItemState, RunState, UnfreezeRun
from accounts.models.password import PasswordHistory
from accounts.models.password_reset import PasswordReset, ResetWay
from accounts.models.sign_in import AWAY, STRANDED, EndReason, Purpose, Result, SignIn
from accounts.models.staff_client import StaffClient
from accounts.models.surveillance import Finding, FindingClient, FindingKind, StaffDay, SurveillanceReport

__all__ = [
    "AWAY",
    "STRANDED",
    "TAIL",
    "AccountState",
    "ChangeState",
    "Contact",
    "ContactChange",
    "Customer",
    "Emergency",
    "EndReason",
    "Finding",
    "FindingClient",
    "FindingKind",
    "FreezeCause",
    "FreezeRun",
    "FreezeRunItem",
    "Given",
    "ItemState",
    "Method",
    "PasswordHistory",
    "PasswordReset",
    "Purpose",
    "ResetWay",
    "Result",
    "RunState",
    "SignIn",
    "StaffClient",
    "StaffDay",
    "SurveillanceReport",
    "Tail",
    "UnfreezeRun",
    "replaced_since",
]
