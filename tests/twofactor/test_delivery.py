"""What became of the text: on the page, for the script of the page, and by which reference."""

import json
import re
from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone

from accounts.models import Customer
from portal.messaging import receipts, relay
from portal.messaging.gateways.base import Fate, Receipt
from portal.messaging.models import Message
from tests.actors import Carrier, Handset, Visitor, run_relay
from tests.twofactor.steps import Clock, another, ask_password_change, page, pend
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


def told(visitor: Visitor, path: str = "login/") -> str:
    """The state as the script is told."""
    return str(json.loads(visitor.get(f"{path}delivery/").content)["state"])


def receipt(state: Fate) -> None:
    """What the carrier reports."""
    message = Message.objects.get(is_code=True)
    receipts.take("http", Receipt(reference=str(message.pk), gateway_reference="c-1", state=state))


def _queued(clock: Clock, carrier: Carrier) -> None:
    """Nothing has happened yet."""


def _sent(clock: Clock, carrier: Carrier) -> None:
    run_relay()


def _delivered(clock: Clock, carrier: Carrier) -> None:
    run_relay()
    receipt("delivered")


def _late_receipt(clock: Clock, carrier: Carrier) -> None:
    run_relay()
    clock.shift(21)


def _late_worker(clock: Clock, carrier: Carrier) -> None:
    clock.shift(21)


def _trying_again(clock: Clock, carrier: Carrier) -> None:
    carrier.answers.append(httpx.Response(503))
    run_relay()


def _refused(clock: Clock, carrier: Carrier) -> None:
    carrier.answers.append(httpx.Response(422))
    run_relay()


def _opted_out(clock: Clock, carrier: Carrier) -> None:
    _refused(clock, carrier)
    Message.objects.update(problem="opted out (Twilio 21610)")


def _reported_lost(clock: Clock, carrier: Carrier) -> None:
    run_relay()
    receipt("failed")


def _held_up(clock: Clock, carrier: Carrier) -> None:
    run_relay()
    receipt("delayed")


def _held_up_and_delivered(clock: Clock, carrier: Carrier) -> None:
    _held_up(clock, carrier)
    receipt("delivered")


def _never_left(clock: Clock, carrier: Carrier) -> None:
    clock.shift(165)
    relay.expire(timezone.now())


@pytest.mark.parametrize(
    ("happens", "state"),
    [
        (_queued, "queued"),
        (_trying_again, "queued"),
        (_sent, "sent"),
        (_delivered, "delivered"),
        (_late_worker, "delayed"),
        (_late_receipt, "delayed"),
        (_refused, "refused"),
        (_opted_out, "opted_out"),
        (_reported_lost, "failed"),
        (_held_up, "delayed"),
        (_held_up_and_delivered, "delivered"),
        (_never_left, "failed"),
    ],
)
def test_page_and_script_say_what_became_of_the_text(
    clock: Clock,
    amy: Customer,
    visitor: Visitor,
    carrier: Carrier,
    happens: Callable[[Clock, Carrier], None],
    state: str,
) -> None:
    """S11"""
    visitor.password_step()
    happens(clock, carrier)
    assert told(visitor) == state
    assert f'class="delivery {state}"' in visitor.get("login/verify/").content.decode()


@pytest.mark.parametrize(("happens", "why"), [(_refused, "takes no text messages"), (_opted_out, "were stopped for")])
def test_a_number_that_no_text_ever_reaches_is_told_what_helps_and_not_to_ask_again(
    clock: Clock,
    amy: Customer,
    visitor: Visitor,
    carrier: Carrier,
    happens: Callable[[Clock, Carrier], None],
    why: str,
) -> None:
    """S6, S11: asking again would only cost time"""
    visitor.password_step()
    happens(clock, carrier)
    markup = visitor.get("login/verify/").content.decode()
    said = page(visitor)
    assert why in said
    assert "asking again will not help" in said
    assert "You can ask for a new code now. Hotline" not in said
    assert "data-delivery-url" not in markup
    assert re.search(r"<div data-lines>.*\+852 5550 0100.*</div>", markup, re.DOTALL), "whom to call, in sight"
    assert 'class="btn primary"' not in markup, "neither typing nor asking again is what helps"


def test_while_the_text_is_on_its_way_nobody_is_sent_to_the_hotline(
    clock: Clock, amy: Customer, visitor: Visitor
) -> None:
    """S11"""
    visitor.password_step()
    assert "<div data-lines hidden>" in visitor.get("login/verify/").content.decode()


def test_a_login_that_was_sent_nothing_says_none(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S11, S2"""
    pend(amy)
    visitor.password_step()
    assert told(visitor) == "none"


def test_the_page_asks_on_while_something_can_still_change(
    clock: Clock, amy: Customer, visitor: Visitor, carrier: Carrier
) -> None:
    """S11: the script asks at the address of the page; nothing is asked once it is delivered."""
    visitor.password_step()
    assert 'data-delivery-url="/en/login/delivery/"' in visitor.get("login/verify/").content.decode()
    _delivered(clock, carrier)
    assert "data-delivery-url" not in visitor.get("login/verify/").content.decode()


def test_after_a_resend_the_state_is_the_new_texts(
    clock: Clock, amy: Customer, visitor: Visitor, carrier: Carrier
) -> None:
    """S11"""
    visitor.password_step()
    _delivered(clock, carrier)
    clock.shift(61)
    visitor.post("login/resend/")
    assert told(visitor) == "queued"


def test_inside_the_journey_has_its_own_state(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """S11"""
    visitor.log_in(handset, amy)
    clock.shift(61)
    ask_password_change(visitor)
    assert told(visitor, "service/prove/") == "queued"
    run_relay()
    assert told(visitor, "service/prove/") == "sent"


def test_without_a_login_there_is_no_state_to_tell(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S11: nor does asking make one, or keep one alive."""
    pend(amy)
    answer = visitor.get("login/delivery/")
    assert answer.status_code == 410
    assert json.loads(answer.content)["state"] == "gone"
    assert visitor.post("login/delivery/").status_code == 405


def test_asking_for_the_state_keeps_no_login_alive(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """S11, L8"""
    visitor.password_step()
    for _ in range(21):
        clock.shift(30)
        last = visitor.get("login/delivery/")
    assert last.status_code == 410


def test_the_reference_on_the_page_is_the_one_in_the_text(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """S10: the first and the next, each time the newest."""
    visitor.password_step()
    seen = []
    for _ in range(2):
        reference = Challenge.objects.latest("created_at").reference
        assert f"Reference {reference}" in page(visitor)
        assert f"Reference {reference}." in handset.texts(amy.mobile)[-1]
        seen.append(reference)
        clock.shift(61)
        another(visitor, handset, amy)
    assert Message.objects.filter(reference__in=seen).count() >= 2


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans", "en"])
def test_the_text_comes_in_the_language_of_the_page(
    clock: Clock, amy: Customer, handset: Handset, language: str
) -> None:
    """S9, O5: also the next one, after the language was changed."""
    visitor = Visitor(language)
    visitor.password_step()
    words = {"zh-hant": "登入驗證碼", "zh-hans": "登录验证码", "en": "login code"}
    assert words[language] in handset.texts(amy.mobile)[-1]
    visitor.language = "en"
    clock.shift(61)
    visitor.post("login/resend/")
    assert words["en"] in handset.texts(amy.mobile)[-1]


def test_the_page_never_shows_the_number_or_the_code(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C6, S10"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    html = visitor.get("login/verify/").content.decode()
    assert "+852 9••• ••67" in html
    assert amy.mobile not in html
    assert "91234567" not in html
    assert not re.search(rf"\b{code}\b", html)
