"""What stands in the tables, as lines of a client's timeline: plain words, contacts masked, no text of any message."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Result, SignIn
from accounts.words import METHOD_LABELS, PURPOSE_LABELS, RESULT_LABELS
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.desk.event_words import EVENTS, FACTS, NOTICES, fact_value
from portal.lib.masking import mask_address
from portal.lib.user_agent import device_label
from portal.messaging.models import Message, State
from twofactor.models import Challenge, ChallengeState


@dataclass(frozen=True, slots=True)
class Happening:
    """One line. `key` is unlike that of any other line of the client: a colleague can be sent to it."""

    at: datetime
    key: str
    what: str
    detail: str
    level: str = ""  # good or bad: a colour besides the words
    who: str = ""
    technical: tuple[tuple[str, str], ...] = ()  # what an engineer or a carrier asks for, by label; shown on request


def of_sign_in(each: SignIn) -> Happening:
    """A try to log in, and how its session ended."""
    parts = [
        str(METHOD_LABELS.get(each.method, each.method)),
        each.platform,
        mask_address(each.address),
        device_label(each.user_agent),
    ]
    if each.wrong_codes:
        parts.append(_("wrong codes: %(count)d") % {"count": each.wrong_codes})
    if each.ended_at:
        parts.append(_("ended at %(time)s") % {"time": clock(each.ended_at)})
    good = each.proven_at is not None or each.result == Result.RESET_DONE
    return Happening(
        each.at,
        f"login-{each.pk}",
        str(RESULT_LABELS.get(each.result, each.result)),
        ", ".join(part for part in parts if part),
        "good" if good else "bad",
        technical=_known((_("Device"), str(each.device or ""))),
    )


def _known(*facts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in facts if value)


def of_message(each: Message, answers: Mapping[UUID, Challenge]) -> Happening:
    """A code or a notice: where to, and how far it got."""
    parts = [f"{each.get_channel_display()} {each.to_masked}"]
    if each.reference:
        parts.append(_("reference %(reference)s") % {"reference": each.reference})
    parts.append(_state(each))
    if each.gateway:
        parts.append(each.gateway)
    challenge = answers.get(each.pk)
    if challenge:
        parts.append(answer(challenge))
    bad = each.state in {State.FAILED, State.EXPIRED}
    return Happening(
        each.created_at,
        f"message-{each.pk}",
        kind_label(each),
        ", ".join(parts),
        "bad" if bad else "good" if each.state == State.DELIVERED else "",
        technical=_known(
            (_("Request"), each.request_id),
            (_("Message"), str(each.pk)),
            (_("Reference of the gateway"), each.gateway_reference),
        ),
    )


def _state(each: Message) -> str:
    said = str(each.get_state_display())
    if each.settled_at and each.state not in {State.QUEUED, State.SENDING}:
        said = _("%(state)s at %(time)s") % {"state": said, "time": clock(each.settled_at)}
    if each.delayed_at and each.state == State.SENT:
        said = _("%(state)s, held up by the network since %(time)s") % {"state": said, "time": clock(each.delayed_at)}
    return f"{said} ({each.problem})" if each.problem else said


def kind_label(each: Message) -> str:
    """What a message was for."""
    family, _dot, name = each.kind.partition(".")
    if family == "code":
        return _("Code: %(purpose)s") % {"purpose": PURPOSE_LABELS.get(name, name)}
    label: str | Promise = NOTICES.get(name, name or family)
    return _("Notice: %(subject)s") % {"subject": label}


def answer(challenge: Challenge) -> str:
    """What the client did with a code."""
    if challenge.state == ChallengeState.USED:
        at = clock(challenge.answered_at) if challenge.answered_at else "—"
        return _("answered rightly at %(time)s") % {"time": at}
    if challenge.state == ChallengeState.SUPERSEDED:
        return _("replaced by a newer code")
    if challenge.expires_at <= timezone.now():
        return _("not answered rightly before it expired at %(time)s") % {"time": clock(challenge.expires_at)}
    return _("waiting for an answer until %(time)s") % {"time": clock(challenge.expires_at)}


#: What an event says of how it went.
_BAD = {Event.ACCOUNT_FROZEN, Event.FREEZE_RAISED, Event.IDENTITY_CHECK_FAILED, Event.PHONE_REPORTED_LOST}


def of_record(each: AuditRecord, *, client: int) -> Happening:
    """What was done to the account, or seen of it, and by whom."""
    facts = [f"{FACTS[name]}: {fact_value(name, each.facts[name])}" for name in FACTS if each.facts.get(name)]
    event = Event(each.event) if each.event in set(Event) else None
    return Happening(
        each.at,
        f"record-{each.pk}",
        str(EVENTS[event]) if event else each.event,
        "; ".join(facts),
        "bad" if event in _BAD else "",
        who=_who(each, client),
        technical=_known((_("Request"), each.request_id)),
    )


def _who(each: AuditRecord, client: int) -> str:
    if each.actor_id is None:
        return _("the system")
    if each.actor_id == client:
        return pgettext("who did it", "the client")
    return each.actor.login if each.actor else ""


def answers_to(messages: Iterable[Message]) -> dict[UUID, Challenge]:
    """The challenges behind some codes, in one query. They are kept for a day."""
    codes = [each.pk for each in messages if each.is_code]
    found = Challenge.objects.filter(message__in=codes) if codes else []
    return {each.message_id: each for each in found if each.message_id}


def clock(at: datetime) -> str:
    """A time of day in Hong Kong, to the second."""
    return f"{timezone.localtime(at):%H:%M:%S}"
