"""What an account may not do for a while, because something else about it has just changed."""

from datetime import datetime

from accounts import policy
from accounts.models import Customer


def method_held_until(customer: Customer, *, now: datetime) -> datetime | None:
    """From when on the verification method may be changed again; None if it may be changed now."""
    held_from = customer.method_held_from
    if held_from is None or now - held_from >= policy.METHOD_HOLD:
        return None
    return held_from + policy.METHOD_HOLD
