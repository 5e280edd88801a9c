"""Why no text message? Each request for a code as a story: asked for, limits, queue, gateway, receipt, answer.

A story ends with what the clerk can say. Challenges are kept for a day: of older codes only the message is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer, Method, Result, SignIn
from accounts.words import PURPOSE_LABELS, RESULT_LABELS
from portal.desk.guards import client_for, door, page, staff_with
from portal.desk.happenings import Happening, answer, kind_label
from portal.lib.user_agent import device_label
from portal.messaging import policy
from portal.messaging.models import Attempt, Channel, Message, State
from twofactor.models import Challenge, ChallengeState

SEES = "accounts.view_customer"
STORIES = 10  # requests: more than anybody makes in a call
TRIES = 5  # that led to no code
ATTEMPTS = 20  # calls of gateways that a message shows


@dataclass(slots=True)
class Story:
    """One request for a code: its steps in their order, and what to say about it."""

    at: datetime
    title: str
    steps: list[Happening] = field(default_factory=list)
    advice: str = ""

    def tell(self, at: datetime, key: str, what: str, detail: str = "", level: str = "") -> None:
        """Add a step."""
        self.steps.append(Happening(at, key, what, detail, level))


def stories(client: Customer, *, now: datetime) -> list[Story]:
    """The latest requests for a code by text message, the newest first. Four statements."""
    asked = list(
        Challenge.objects.filter(customer=client, method=Method.SMS)
        .select_related("sign_in", "message")
        .order_by("-created_at")[:STORIES]
    )
    known = {each.message_id for each in asked}
    older = Message.objects.filter(customer=client, channel=Channel.SMS, is_code=True).order_by("-created_at")[
        : 2 * STORIES
    ]
    alone = [each for each in older if each.pk not in known]
    sent = [each.message for each in asked if each.message] + alone
    attempts = _attempts(sent)
    told = [_of_challenge(each, attempts, now) for each in asked]
    told += [_of_message(each, attempts, now) for each in alone]
    return sorted(told, key=lambda each: each.at, reverse=True)[:STORIES]


def _attempts(messages: Sequence[Message]) -> dict[object, list[Attempt]]:
    found: dict[object, list[Attempt]] = {}
    calls = Attempt.objects.filter(message__in=[each.pk for each in messages]).order_by("at")
    for each in calls[: ATTEMPTS * max(1, len(messages))]:
        found.setdefault(each.message_id, []).append(each)
    return found


def _of_challenge(each: Challenge, attempts: dict[object, list[Attempt]], now: datetime) -> Story:
    purpose = PURPOSE_LABELS.get(each.purpose, each.purpose)
    story = Story(each.created_at, _("Code: %(purpose)s") % {"purpose": purpose})
    asked = _("reference %(reference)s, %(device)s") % {
        "reference": each.reference,
        "device": device_label(each.sign_in.user_agent),
    }
    story.tell(each.created_at, "request", _("The client asked for a code"), asked)
    if each.message is None and not each.code_digest:
        _withheld(story, each)
        return story
    story.tell(each.created_at, "limits", _("Within the limits"), "", "good")
    if each.message:
        _sent(story, each.message, attempts, now)
    at = each.answered_at or min(each.expires_at, now)
    used = each.state == ChallengeState.USED
    story.tell(at, "answer", _("The code was %(fate)s") % {"fate": answer(each)}, "", "good" if used else "")
    if used:
        story.advice = _("The code arrived and was used: nothing is missing.")
    elif each.state == ChallengeState.SUPERSEDED:
        story.advice = _("A newer code replaced this one: only the code of the newest message opens anything.")
    elif each.expires_at <= now and each.message and each.message.state == State.DELIVERED:
        story.advice = _("It arrived, but was not typed in time. Have the client log in again and type the new code.")
    return story


def _of_message(each: Message, attempts: dict[object, list[Attempt]], now: datetime) -> Story:
    story = Story(each.created_at, kind_label(each))
    asked = _("reference %(reference)s") % {"reference": each.reference}
    story.tell(each.created_at, "request", _("The client asked for a code"), asked)
    _sent(story, each, attempts, now)
    return story


def _withheld(story: Story, each: Challenge) -> None:
    again = timezone.localtime(each.resend_at) if each.resend_at else None
    at = f"{again:%H:%M:%S}" if again else "—"
    if each.over_budget:
        story.tell(each.created_at, "limits", _("No code was sent: the text messages of today are used up"), "", "bad")
        story.advice = _(
            "The budget of the day is gone, and this client has not logged in before. The next code can be asked for "
            "at midnight; no member of staff can send one. Dealing by phone is open."
        )
    elif each.capped:
        story.tell(each.created_at, "limits", _("No code was sent: too many were sent lately"), "", "bad")
        story.advice = _(
            "The limit on text messages was reached, of this account, of its number or of the network address. "
            "The next code can be asked for at %(time)s; no member of staff can send one."
        ) % {"time": at}
    else:
        story.tell(each.created_at, "limits", _("No new code was sent: the last one was too recent"), "", "bad")
        story.advice = _("The code of the message before is still good, or ask for another from %(time)s on.") % {
            "time": at
        }


def _sent(story: Story, each: Message, attempts: dict[object, list[Attempt]], now: datetime) -> None:
    """Queue, gateway and receipt of a message, and what to say about them."""
    waited = _("to %(number)s") % {"number": each.to_masked}
    story.tell(each.created_at, "queue", _("Put into the queue"), waited)
    for call in attempts.get(each.pk, [])[:ATTEMPTS]:
        accepted = call.result == "accepted"
        words = _("Accepted by gateway %(name)s") if accepted else _("Not accepted by gateway %(name)s")
        detail = _("%(milliseconds)d ms") % {"milliseconds": call.milliseconds}
        if not accepted:
            detail = f"{call.result}, {detail}"
        elif call.gateway == each.gateway and each.gateway_reference:
            known_as = _("the gateway calls it %(reference)s") % {"reference": each.gateway_reference}
            detail = f"{detail}, {known_as}"
        story.tell(call.at, "gateway", words % {"name": call.gateway}, detail, "good" if accepted else "bad")
    settled = each.settled_at or now
    if each.state in {State.QUEUED, State.SENDING}:
        story.tell(now, "queue", _("Still on its way to the gateway"), each.problem)
        story.advice = _("It has not left us yet. If this lasts longer than a minute, tell the operator on duty.")
    elif each.state == State.EXPIRED:
        story.tell(settled, "queue", _("Given up: its time was over before a gateway took it"), each.problem, "bad")
        story.advice = _("We could not send it. Have the client ask again; if that fails too, tell the operator.")
    elif each.state == State.FAILED:
        story.tell(settled, "receipt", _("Not delivered"), each.problem, "bad")
        story.advice = _(
            "The network refused it. Compare the number with what the caller says, and ask whether the phone is on, "
            "abroad, or blocks messages from companies."
        )
    elif each.state == State.DELIVERED:
        story.tell(settled, "receipt", _("Delivered to the phone"), "", "good")
        story.advice = _("The network says that it is on the phone: look among blocked and filtered messages.")
    else:
        left = each.sent_at or settled
        if each.delayed_at:
            story.tell(each.delayed_at, "receipt", _("The network holds it up"), each.problem, "bad")
        late = now - left > policy.DELAYED_AFTER
        words = _("No receipt came") if late else _("No receipt yet")
        story.tell(now, "receipt", words, "", "bad" if late else "")
        story.advice = _(
            "The network has it, and has not said that it arrived: the phone may be off or without a signal. Wait a "
            "minute, then have the client ask again."
        )


def without_code(client: Customer) -> list[Happening]:
    """The latest tries that came to no code, in words that a clerk may say once the caller is known."""
    others = [Result.SUCCESS, Result.PASSWORD_RIGHT, Result.WRONG_CODES, Result.RESET_ASKED, Result.RESET_DONE]
    tries = SignIn.objects.filter(customer=client).exclude(result__in=others).order_by("-at")[:TRIES]
    return [
        Happening(each.at, f"login-{each.pk}", str(RESULT_LABELS.get(each.result, each.result)),
                  device_label(each.user_agent), "bad")
        for each in tries
    ]  # fmt: skip


# --- The page ------------------------------------------------------------------------------------------


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of the stories."""
    return [door(site, "accounts/customer/<int:pk>/codes/", show, "desk_story")]


def show(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """What became of the latest codes of a client."""
    staff = staff_with(request, SEES)
    client = client_for(pk, staff, "codes")
    facts = {
        "title": _("Why no text message? %(client)s") % {"client": f"{client.login} {client.name}"},
        "client": client,
        "stories": stories(client, now=timezone.now()),
        "tries": without_code(client),
        "by_text": client.method == Method.SMS,
    }
    return page(site, request, "story", facts)
