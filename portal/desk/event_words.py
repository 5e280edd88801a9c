"""The audit vocabulary in the words of the desk. A test asks for a line for every event and every notice."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.forms import QUESTIONS
from accounts.models import Contact, FreezeCause, ResetWay
from accounts.services.finding import QueryKind
from accounts.words import METHOD_LABELS
from portal.audit.events import Event
from portal.desk.kinds import KINDS
from portal.letters.models import Kind, RunState, Void
from portal.messaging.texts import Notice

EVENTS: dict[Event, str | Promise] = {
    Event.ACCOUNTS_IMPORTED: _("Accounts imported"),
    Event.ACCOUNT_CREATED: _("Account created"),
    Event.ACCOUNT_CLOSED: _("Account closed"),
    Event.ACCOUNT_FROZEN: _("Frozen"),
    Event.ACCOUNT_UNFROZEN: _("Unfrozen"),
    Event.IDENTITY_CHECK_FAILED: _("Identity check not passed"),
    Event.ALL_FROZEN: _("Every client frozen"),
    Event.ALL_UNFROZEN: _("The freeze of every client lifted"),
    Event.PASSWORD_CHANGED: _("Password changed"),
    Event.PASSWORD_CHANGE_FORCED: _("The password has to be changed"),
    Event.PASSWORD_RESET: _("Forgotten password replaced"),
    Event.PASSWORD_VOIDED: _("Password voided by staff"),
    Event.SESSIONS_ENDED: _("Sessions ended"),
    Event.METHOD_CHANGED: _("Verification method changed"),
    Event.CONTACT_CHANGED: _("Contact changed"),
    Event.FORM_ISSUED: _("Prefilled form handed out"),
    Event.HOLD_LIFTED: _("Hold lifted"),
    Event.TOKEN_BOUND: _("Mobile security code bound"),
    Event.TOKEN_REMOVED: _("Mobile security code removed"),
    Event.PHONE_REPORTED_LOST: _("Phone reported lost"),
    Event.STAFF_ENROLMENT_ISSUED: _("Enrolment code issued"),
    Event.STAFF_ENROLLED: _("Authenticator enrolled"),
    Event.STAFF_LOGGED_IN: _("Staff logged in"),
    Event.STAFF_VIEWED_CLIENT: _("Page opened by staff"),
    Event.STAFF_SEARCHED: _("Clients searched for"),
    Event.SURVEILLANCE_READ: _("Surveillance report read"),
    Event.FREEZE_RAISED: _("Freeze raised"),
    Event.FREEZE_RUN_CHECKED: _("List of accounts checked"),
    Event.FREEZE_RUN_CONFIRMED: _("Freeze of a list confirmed"),
    Event.FREEZE_RUN_FINISHED: _("Freeze of a list finished"),
    Event.UNFREEZE_RUN_FINISHED: _("Unfreeze of a list finished"),
    Event.TEST_NOTICE_SENT: _("Test notice sent"),
    Event.STAFF_REVEALED: _("Contacts shown in full"),
    Event.STAFF_ACCOUNTS_SET: _("Own client accounts of staff set"),
    Event.AUDIT_READ: _("Audit trail read"),
    Event.AUDIT_VERIFIED: _("Verification of the audit trail asked for"),
    Event.AUDIT_EXPORTED: _("Audit trail exported"),
    Event.AUDIT_RETIRED: _("Audit trail retired"),
    Event.PROPOSAL_MADE: _("Proposal made"),
    Event.PROPOSAL_APPROVED: _("Proposal approved"),
    Event.PROPOSAL_RETURNED: _("Proposal returned"),
    Event.PROPOSAL_RESUBMITTED: _("Proposal sent again"),
    Event.PROPOSAL_REJECTED: _("Proposal rejected"),
    Event.PROPOSAL_WITHDRAWN: _("Proposal withdrawn"),
    Event.PROPOSAL_LAPSED: _("Proposal lapsed"),
    Event.PROPOSAL_READ: _("Proposal read"),
    Event.EVIDENCE_ADDED: _("Evidence added"),
    Event.EVIDENCE_READ: _("Evidence downloaded"),
    Event.METHOD_WITHDRAWN: _("Verification method withdrawn"),
    Event.LETTER_MADE: _("Letter made"),
    Event.LETTER_PRINTED: _("Letter printed"),
    Event.LETTER_POSTED: _("Letter posted"),
    Event.LETTER_USED: _("Code of a letter used"),
    Event.LETTER_LAPSED: _("Letter lapsed"),
    Event.LETTER_VOIDED: _("Letter void"),
    Event.PRINT_RUN_STARTED: _("Letters printed"),
    Event.PRINT_RUN_JUDGED: _("Print run judged"),
    Event.STAFF_PASSWORD_RESET: _("Password of staff reset"),
    Event.STAFF_LEFT: _("Staff account disabled"),
    Event.RIGHTS_EXPORTED: _("List of rights exported"),
}

NOTICES: dict[str, str | Promise] = {
    Notice.LOGIN: _("login"),
    Notice.PASSWORD_CHANGED: _("password changed"),
    Notice.FROZEN: _("frozen"),
    Notice.UNFROZEN: _("unfrozen"),
    Notice.UNFINISHED_LOGIN: _("a login that was not finished"),
    Notice.FROZEN_LOGIN: _("a login while frozen"),
    Notice.METHOD_CHANGED: _("verification method changed"),
    Notice.TOKEN_BOUND: _("mobile security code bound"),
    Notice.TOKEN_REMOVED: _("mobile security code removed"),
    Notice.PHONE_LOST: _("phone reported lost"),
    Notice.FROZEN_BY_US: _("frozen by staff"),
    Notice.METHOD_WITHDRAWN: _("verification method withdrawn"),
    Notice.LETTER_SPOILT: _("letter void after too many wrong codes"),
    Notice.PASSWORD_RESET: _("password reset"),
    Notice.MOBILE_CHANGED: _("mobile changed"),
    Notice.EMAIL_CHANGED: _("e-mail changed"),
    Notice.ADDRESS_CHANGED: _("correspondence address changed"),
    Notice.PASSWORD_OLD: _("reminder of an old password"),
    Notice.PASSWORD_LETTER_POSTED: _("password letter posted"),
    Notice.REBINDING_LETTER_POSTED: _("rebinding letter posted"),
    Notice.PASSWORD_VOIDED: _("password voided by staff"),
    Notice.FROZEN_RESET: _("a password reset asked for while frozen"),
    Notice.TEST: _("test"),
}

#: The facts of a record that a line shows, in this order. What is not here stays in the audit trail.
FACTS: dict[str, str | Promise] = {
    "page": _("page"),
    "reference": _("reference"),
    "letter": _("letter"),
    "proposal": _("proposal"),
    "kind": _("kind"),
    "cause": _("cause"),
    "from": _("from"),
    "to": _("to"),
    "contacts": _("contacts"),
    "channels": _("channels"),
    "questions": _("asked"),
    "call": _("call reference"),
    "count": _("number"),
    "void": _("because"),
    "result": _("result"),
    "run": _("print run"),
    "tracking": _("tracking number"),
    "maker": _("proposed by"),
    "way": _("way"),
    "reason": _("reason"),
}


#: The pages of a client, by the name under which a look at them is recorded.
PAGES: dict[str, str | Promise] = {
    "client": _("Client"),
    "timeline": _("Timeline"),
    "codes": _("Why no text message?"),
    "contacts": _("Show contacts in full"),
    "unfreeze": _("Unfreeze"),
    "freeze": _("Freeze"),
    "end sessions": _("End sessions"),
    "test notice": _("Send a test notice"),
    "lift hold": _("Lift the hold"),
    "amend contacts": _("Record a signed form"),
    "restore contact": _("Take back a change of contact"),
    "letter": _("Letter"),
    "reset password": _("Start a password reset"),
}

#: How a client was recognised who forgot the password.
RESET_WAYS: dict[str, str | Promise] = {ResetWay.EMAIL: _("e-mail"), ResetWay.LETTER: _("letter")}

#: What a client was searched for by, as it is recorded.
SEARCHED_BY: dict[str, str | Promise] = {
    QueryKind.ACCOUNT_NUMBER: _("account number"),
    QueryKind.MOBILE: _("mobile number"),
    QueryKind.MOBILE_TAIL: _("last four digits of the mobile number"),
    QueryKind.EMAIL: _("e-mail address"),
    QueryKind.FREEZE_REFERENCE: _("reference of a freeze"),
    QueryKind.PROPOSAL_REFERENCE: _("reference of a proposal"),
    QueryKind.FORM_REFERENCE: _("reference of a form"),
    QueryKind.LETTER_REFERENCE: _("reference of a letter"),
    QueryKind.CHANGE_REFERENCE: _("reference of a change"),
    QueryKind.LOGIN_REFERENCE: _("reference beside a code"),
}


def fact_value(name: str, value: object) -> str:
    """A fact as people read it."""
    text = str(value)
    if name == "page":
        return _page(text)
    if name == "way":
        return str(RESET_WAYS.get(text, text))
    if name == "contacts":
        return ", ".join(str(Contact(each).label) if each in Contact.values else each for each in text.split(", "))
    if name == "kind":
        if text in SEARCHED_BY:
            return str(SEARCHED_BY[text])
        return str(KINDS[text].label if text in KINDS else Kind(text).label if text in Kind.values else text)
    if name == "void":
        return str(Void(text).label) if text in Void.values else text
    if name == "result":
        return str(RunState(text).label) if text in RunState.values else text
    if name == "questions":
        return ", ".join(str(QUESTIONS.get(each, each)) for each in text.split(", "))
    if name in {"from", "to"}:
        return str(METHOD_LABELS.get(text, text))
    if name == "cause" and text in FreezeCause.values:
        return str(FreezeCause(text).label)
    return text


def _page(text: str) -> str:
    """A page by its name; one proposal by its reference, and the form of a proposal by what is proposed."""
    first, _space, rest = text.partition(" ")
    if text in PAGES:
        return str(PAGES[text])
    if first == "proposal":
        return f"{FACTS['proposal']} {rest}"
    return str(KINDS[rest].label) if rest in KINDS else text
