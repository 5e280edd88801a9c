"""Moments as the pages of a login print them, without the many formats that `date` can do."""

from datetime import datetime

from django import template

register = template.Library()


@register.filter(expects_localtime=True)
def clock(at: datetime | None) -> str:
    """The time of day to the second, in the time zone of the page; empty without a moment."""
    return f"{at:%H:%M:%S}" if at else ""


@register.filter(expects_localtime=True)
def iso(at: datetime | None) -> str:
    """For a `datetime` attribute: ISO 8601 with the offset; empty without a moment."""
    return at.isoformat() if at else ""
