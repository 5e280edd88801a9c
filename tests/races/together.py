"""Many at once: real threads that start together, each with its own browser and its own connection."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections
from django.http import HttpResponse

from tests.actors import PASSWORD, Visitor, solve
from tests.twofactor.steps import with_key

T = TypeVar("T")


def together(deeds: Iterable[Callable[[], T]]) -> list[T]:
    """Do all deeds at the same moment; what each gave back. An exception of one is raised here."""
    waiting = list(deeds)
    start = Barrier(len(waiting))

    def run(deed: Callable[[], T]) -> T:
        try:
            start.wait(30)
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(waiting)) as threads:
        return [done.result(120) for done in [threads.submit(run, deed) for deed in waiting]]


def type_code(key: str, code: str) -> Callable[[], HttpResponse]:
    """The deed of typing a code in a browser of its own that holds this key."""
    visitor = with_key(key)
    return lambda: visitor.code_step(code)


def ask_again(key: str) -> Callable[[], HttpResponse]:
    """The deed of asking for a new code."""
    visitor = with_key(key)
    return lambda: visitor.post("login/resend/")


def log_in(number: str, *, address: str) -> Callable[[], HttpResponse]:
    """The deed of sending number and password; the page with its verification is open already."""
    visitor = Visitor("en", address=address)
    solved = solve(visitor.get("login/").content.decode())
    form = {"number": number, "password": PASSWORD, "altcha": solved}
    return lambda: visitor.post("login/", form)
