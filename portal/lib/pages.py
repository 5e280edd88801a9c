"""The way to pages of ours."""

from functools import cache

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language


def go_to(name: str) -> HttpResponseRedirect:
    """To the page with this URL name, in the language of the moment."""
    return HttpResponseRedirect(address(name, get_language() or ""))


@cache
def address(name: str, language: str) -> str:
    """Where it is, in a language that is in force: found once, and not anew for each client."""
    return reverse(name)
