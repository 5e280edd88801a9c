"""Whatever is done to an account is told to its owner, or there is a reason why not."""

import pytest

from portal.audit.events import Event
from portal.messaging.texts import Notice

#: What touches a client's account, and what the client is told.
TOLD: dict[Event, set[Notice]] = {
    Event.ACCOUNT_FROZEN: {Notice.FROZEN, Notice.FROZEN_BY_US},
    Event.ACCOUNT_UNFROZEN: {Notice.UNFROZEN},
    Event.PASSWORD_CHANGED: {Notice.PASSWORD_CHANGED},
    Event.PASSWORD_RESET: {Notice.PASSWORD_RESET},
    Event.PASSWORD_VOIDED: {Notice.PASSWORD_VOIDED},
    Event.METHOD_CHANGED: {Notice.METHOD_CHANGED},
    Event.CONTACT_CHANGED: {Notice.MOBILE_CHANGED, Notice.EMAIL_CHANGED, Notice.ADDRESS_CHANGED},
    Event.METHOD_WITHDRAWN: {Notice.METHOD_WITHDRAWN},
    Event.TOKEN_BOUND: {Notice.TOKEN_BOUND},
    Event.TOKEN_REMOVED: {Notice.TOKEN_REMOVED},
    Event.PHONE_REPORTED_LOST: {Notice.PHONE_LOST},
    Event.LETTER_POSTED: {Notice.PASSWORD_LETTER_POSTED, Notice.REBINDING_LETTER_POSTED},
}
#: What is not told, and why.
UNTOLD: dict[Event, str] = {
    Event.ACCOUNT_CREATED: "the client does not know the portal yet",
    Event.ACCOUNT_CLOSED: "the back office closes, and writes",
    Event.IDENTITY_CHECK_FAILED: "nothing was changed",
    Event.PASSWORD_CHANGE_FORCED: "the next login says it, and whoever guesses is not warned",
    Event.HOLD_LIFTED: "what began the hold was told; what the client changes next is told too",
    Event.FREEZE_RAISED: "it is frozen as before, and was told then",
    Event.LETTER_MADE: "told once it leaves: until then it may still come to nothing",
    Event.LETTER_PRINTED: "told once it leaves: until then it may still come to nothing",
    Event.LETTER_USED: "what the code did is told",
    Event.LETTER_LAPSED: "the last day stands on the letter",
    Event.LETTER_VOIDED: "nothing works that did not work before, and what the client did to void it is told",
    Event.SESSIONS_ENDED: "the client ends them, or asked for it on the phone",
}
#: Notices of what is no event of the trail: logins stand in the login history.
OF_LOGINS = {
    Notice.LOGIN, Notice.UNFINISHED_LOGIN, Notice.FROZEN_LOGIN, Notice.FROZEN_RESET, Notice.LETTER_SPOILT,
}  # fmt: skip
_OF_ACCOUNTS = (
    "account.",
    "password.",
    "method.",
    "token.",
    "phone.",
    "contact.",
    "mobile.",
    "email.",
    "sessions.",
    "letter.",
)


@pytest.mark.parametrize("event", [event for event in Event if event.value.startswith(_OF_ACCOUNTS)])
def test_every_event_of_an_account_is_told_or_has_a_reason(event: Event) -> None:
    """N1"""
    assert (event in TOLD) != (event in UNTOLD)


def test_logins_freezes_and_changes_have_a_notice_of_their_own() -> None:
    """N1"""
    told = set().union(*TOLD.values()) | OF_LOGINS
    assert told | {Notice.TEST, Notice.PASSWORD_OLD} == set(Notice)
