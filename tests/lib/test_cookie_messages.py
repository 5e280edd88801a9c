"""Messages that wait in a cookie for the next page."""

from django.contrib import messages
from django.http import HttpResponse
from django.test import RequestFactory

from portal.lib.cookie_messages import LazyCookieStorage


def storage(cookie: str = "") -> LazyCookieStorage:
    request = RequestFactory().get("/")
    request.COOKIES = {"messages": cookie} if cookie else {}
    return LazyCookieStorage(request)


def left_by(text: str) -> str:
    left, response = storage(), HttpResponse()
    left.add(messages.SUCCESS, text)
    left.update(response)
    return response.cookies["messages"].value


def test_the_next_page_says_what_was_left_for_it() -> None:
    assert [str(each) for each in storage(left_by("A new code is on its way."))] == ["A new code is on its way."]


def test_a_message_that_another_wrote_is_not_said() -> None:
    content, _, signature = left_by("A new code is on its way.").rpartition(":")
    others = left_by("Call this number.").rpartition(":")[0]
    for forged in (content, f"{content}:{signature[::-1]}", f"{others}:{signature}"):
        assert list(storage(forged)) == []


def test_a_page_without_a_message_makes_no_signer() -> None:
    silent = storage()
    assert list(silent) == []
    silent.update(HttpResponse())
    assert "signer" not in vars(silent)
