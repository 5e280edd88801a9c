"""Who names an account number learns nothing about an account: not from answer, bytes, statements or rows."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from accounts.models import AccountState, Customer, FreezeCause, PasswordReset, Result, SignIn
from portal.messaging.models import Message
from tests.accounts.steps import MORNING, anonymous
from tests.actors import Visitor, emails, text_of
from tests.reset.steps import START, begin, place, posted, type_email_code, type_letter_code, worker
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
Make = Callable[..., Customer]
FROZEN = {"state": AccountState.FROZEN, "frozen_at": MORNING, "freeze_cause": FreezeCause.CLIENT}
NUMBER, NOBODYS = "200001", "999999"


def known(make: Make) -> None:
    make(NUMBER)


def frozen(make: Make) -> None:
    make(NUMBER, **FROZEN, freeze_reference="FABCDEFG")


def closed(make: Make) -> None:
    make(NUMBER, state=AccountState.CLOSED)


def disabled(make: Make) -> None:
    make(NUMBER, is_active=False)


def without_email(make: Make) -> None:
    make(NUMBER, email="")


def without_mobile(make: Make) -> None:
    make(NUMBER, mobile="")


def without_password(make: Make) -> None:
    make(NUMBER, password="!never")


def with_a_letter(make: Make) -> None:
    posted(make(NUMBER))


KINDS = [known, frozen, closed, disabled, without_email, without_mobile, without_password, with_a_letter]
EVERY = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
WAYS = pytest.mark.parametrize("way", ["email", "letter"])


def seen(response: HttpResponse, number: str) -> tuple[object, ...]:
    """Status, headers, cookies and body, without what is drawn anew each time."""
    headers = {name: value for name, value in response.headers.items() if name not in {"X-Request-ID", "Expires"}}
    cookies = {name: dict(morsel, length=len(morsel.value)) for name, morsel in response.cookies.items()}
    return response.status_code, headers, _steady(cookies), anonymous(response.content.decode(), number)


def _steady(cookies: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    return {name: morsel | {"length": 0} if name == "messages" else morsel for name, morsel in cookies.items()}


def shape(statements: CaptureQueriesContext) -> list[str]:
    """The statements without their values. The banner's copy of the emergency is read every few seconds."""
    texts = [each["sql"] for each in statements if not each["sql"].startswith('SELECT 1 AS "a" FROM "accounts_em')]
    return [re.sub(r"\b(NULL|\d+|s\d+_x\d+)\b", "?", re.sub(r"'[^']*'", "?", text)) for text in texts]


def asked(number: str, way: str) -> tuple[list[str], list[object]]:
    """The statements of asking and of what comes after it, a guess included, and every answer."""
    visitor = Visitor("en")
    with CaptureQueriesContext(connection) as captured:
        answers = [begin(visitor, number, way), visitor.get(f"{START}{way}/")]
    statements = shape(captured)
    worker()
    guess = type_email_code if way == "email" else type_letter_code
    with CaptureQueriesContext(connection) as captured:
        answers += [guess(visitor, "000000" if way == "email" else "0000-0000-0000"), visitor.get(f"{START}{way}/")]
    return statements + shape(captured), [seen(answer, number) for answer in answers]


@EVERY
@WAYS
def test_every_number_gets_the_same_answers_by_the_same_statements(
    way: str, kind: Callable[[Make], None], make_client: Make, clock: Clock
) -> None:
    """L10, L3"""
    kind(make_client)
    unknown = asked(NOBODYS, way)
    assert len(unknown[0]) > 8
    assert asked(NUMBER, way) == unknown


@EVERY
def test_the_row_is_the_same_until_a_worker_has_looked(
    kind: Callable[[Make], None], make_client: Make, clock: Clock
) -> None:
    """L10"""
    kind(make_client)
    for number in (NOBODYS, NUMBER):
        begin(Visitor("en"), number)
    journeys: list[dict[str, object]] = [dict(row) for row in PasswordReset.objects.order_by("pk").values()]
    tries: list[dict[str, object]] = [dict(row) for row in SignIn.objects.order_by("pk").values()]
    for rows, own in ((journeys, {"id", "key_digest", "sign_in_id"}), (tries, {"id", "verification", "number"})):
        unknown, known_one = ({name: row[name] for name in row if name not in own} for row in rows)
        assert known_one == unknown


@pytest.mark.parametrize(
    ("kind", "codes", "notices"),
    [(known, 1, 0), (without_mobile, 1, 0), (without_password, 1, 0), (frozen, 0, 1), (closed, 0, 0),
     (disabled, 0, 0), (without_email, 0, 0)],
    ids=lambda part: getattr(part, "__name__", ""),
)  # fmt: skip
def test_only_the_owner_hears_more(
    kind: Callable[[Make], None], codes: int, notices: int, make_client: Make, clock: Clock
) -> None:
    """L10"""
    kind(make_client)
    begin(Visitor("en"), NUMBER)
    assert worker() == codes
    assert Message.objects.filter(kind="code.reset_email").count() == codes
    assert Message.objects.filter(kind="notice.frozen_reset").count() == notices
    assert not Message.objects.filter(channel="sms").exists()


def test_the_owner_of_a_frozen_account_is_told_whom_to_call_once_an_hour(make_client: Make, clock: Clock) -> None:
    """L10, N1"""
    make_client(NUMBER, **FROZEN, language="en")
    for place_ in range(5):
        begin(Visitor("en", f"198.51.100.{place_}"), NUMBER)
        worker()
    told = emails(f"c{NUMBER}@example.com")
    assert len(told) == 1
    assert "online login is frozen" in str(told[0].body)


def test_a_wrong_letter_code_ends_the_journey_after_five_for_every_number(make_client: Make, clock: Clock) -> None:
    """L10"""
    made, code = posted(make_client(NUMBER))
    for number in (NUMBER, NOBODYS):
        visitor = Visitor("en")
        begin(visitor, number, "letter")
        for _ in range(4):
            assert place(type_letter_code(visitor, "0000-0000-0000")) == "letter/"
        assert place(type_letter_code(visitor, "0000-0000-0000")) == ""
        assert place(type_letter_code(visitor, code)) == ""
    made.refresh_from_db()
    assert (made.state, made.tries) == ("posted", 0), "strangers do not void it"


def test_a_frozen_account_is_named_to_whoever_holds_its_letter_alone(make_client: Make, clock: Clock) -> None:
    """L10, L3"""
    client = make_client(NUMBER)
    _, code = posted(client)
    Customer.objects.filter(pk=client.pk).update(**FROZEN)
    visitor = Visitor("en")
    begin(visitor, NUMBER, "letter")
    assert place(type_letter_code(visitor, "0000-0000-0000")) == "letter/"
    assert type_letter_code(visitor, code).headers["Location"] == "/en/help/frozen/"
    assert place(visitor.get(f"{START}code/")) == "letter/"
    assert not Message.objects.exists()


def test_the_key_of_the_journey_is_worth_nothing_elsewhere(make_client: Make, clock: Clock) -> None:
    """L2, L5"""
    make_client(NUMBER)
    visitor = Visitor("en")
    begin(visitor, NUMBER)
    worker()
    cookie = visitor.client.cookies[settings.RESET_COOKIE_NAME]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Strict")
    assert settings.RESET_COOKIE_NAME.startswith("__Host-")
    thief = Visitor("en")
    thief.client.cookies[settings.CLIENT_COOKIE_NAME] = cookie.value
    assert not thief.inside
    assert thief.get("login/verify/").status_code == 302
    assert cookie.value not in str(list(PasswordReset.objects.values()))


def test_asking_slows_nobody_and_is_on_record(make_client: Make, clock: Clock) -> None:
    """L6, L11"""
    make_client(NUMBER)
    for _ in range(30):
        begin(Visitor("en", "198.51.100.7"), NUMBER)
    assert set(SignIn.objects.values_list("result", "address")) == {(Result.RESET_ASKED, "198.51.100.7")}
    assert Visitor("en", "198.51.100.7").password_step(NUMBER).status_code == 302
    assert "Logged out" not in text_of(Visitor("en").get(START))
