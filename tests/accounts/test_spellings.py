"""However the form is filled in: a clear answer, no error page, and no counter moved by what nobody types."""

import pytest

from accounts.models import Customer, SignIn
from portal.messaging.models import Message
from tests.accounts.steps import WRONG
from tests.actors import PASSWORD, Visitor, solve, text_of

pytestmark = pytest.mark.django_db

SAME = [
    "100001",
    " 100001 ",
    "100 001",
    "100-001",
    "1 0 0 0 0 1",
    "１００００１",
    "１００－００１",
    "　100001　",
    "100\u00a0001",
    "\u200b100001\ufeff",
    "\t100001\r\n",
    "100\u2011001",
    "10０００1",
    " " * 10_000 + "100001",
]
REFUSED = [
    "",
    " ",
    "-",
    "10001",
    "1000011",
    "10000a",
    "abcdef",
    "100001\x00",
    "\x00",
    "100\x00001",
    "9" * 10_000,
    "¹⁰⁰⁰⁰¹",
    "¹²³⁴⁵⁶",
    "①②③④⑤⑥",
    "१०००० १",
    "٠١٢٣٤٥",
    "𝟏𝟎𝟎𝟎𝟎𝟏",
    "+100001",
    "1e5001",
    "0x1000",
    "100001;--",
    "100001' OR '1'='1",
    "<script>",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace") * 6,
    "１００００",
]


@pytest.mark.parametrize("typed", SAME, ids=lambda typed: ascii(typed)[-24:])
def test_every_spelling_of_a_number_is_the_same_number(typed: str, amy: Customer) -> None:
    """L4"""
    visitor = Visitor("en")
    assert visitor.password_step(typed, WRONG).status_code == 200
    tried = SignIn.objects.get()
    assert tried.number == "100001"
    assert tried.customer == amy


def test_all_spellings_share_one_counter(amy: Customer) -> None:
    """L4, L6"""
    for place, typed in enumerate(SAME[:6]):
        last = Visitor("en", f"198.51.100.{place}").password_step(typed, WRONG)
    assert last.status_code == 429


@pytest.mark.parametrize("typed", REFUSED, ids=lambda typed: ascii(typed)[:24])
def test_what_is_no_number_gets_a_clear_answer_and_moves_nothing(typed: str, amy: Customer) -> None:
    """L4"""
    page = Visitor("en").password_step(typed, PASSWORD)
    assert page.status_code == 200
    complaint = "Null characters are not allowed" if "\x00" in typed else "Enter your 6-digit account number"
    assert complaint in text_of(page)
    assert PASSWORD not in page.content.decode()
    assert "<script>" not in page.content.decode()
    assert not SignIn.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "typed", ["", "\x00", "Harbour\x00-2026-demo", "x1" * 5_000], ids=lambda typed: ascii(typed)[:24]
)
def test_what_is_no_password_gets_a_clear_answer_and_moves_nothing(typed: str, amy: Customer) -> None:
    """L4"""
    page = Visitor("en").password_step("100001", typed)
    assert page.status_code == 200
    assert "There is a problem" in text_of(page)
    assert 'value="100001"' in page.content.decode(), "the number stays as it was typed"
    assert not SignIn.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        " ",
        PASSWORD + " ",
        " " + PASSWORD,
        PASSWORD.upper(),
        "Ｈａｒｂｏｕｒ-2026-demo",
        "密碼二零二六",
        "\u202e" * 9,
        "%s%n{0}",
    ],
    ids=ascii,
)
def test_a_password_is_taken_as_it_was_typed(typed: str, amy: Customer) -> None:
    """L4"""
    page = Visitor("en").password_step("100001", typed)
    assert "is incorrect" in text_of(page)
    assert SignIn.objects.get().result == "wrong_password"
    assert typed.strip() not in page.content.decode() or not typed.strip()


@pytest.mark.parametrize(
    "fields",
    [
        "number=999999&number=100001&password=Wrong-1&password={right}",
        "number=100001&number=999999&password={right}&password={right}",
        "number=100001&password={right}&password=Wrong-1",
        "number[]=100001&password={right}",
        "number=100001&password[]={right}",
    ],
)
def test_two_fields_of_one_name_are_at_most_one_try(fields: str, amy: Customer) -> None:
    """L4"""
    visitor = Visitor("en")
    proof = solve(visitor.get("login/").content.decode())
    body = fields.format(right=PASSWORD) + "&altcha=" + proof.replace("+", "%2B").replace("=", "%3D")
    response = visitor.client.post("/en/login/", body, content_type="application/x-www-form-urlencoded", secure=True)
    assert response.status_code in {200, 302}
    assert SignIn.objects.count() <= 1
    assert not visitor.inside
    assert amy.wrong_codes == 0


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x"]
)
def test_a_body_that_is_no_form_gets_a_clear_answer(kind: str, amy: Customer) -> None:
    """L4"""
    visitor = Visitor("en")
    response = visitor.client.post("/en/login/", b'{"number": "100001"}', content_type=kind, secure=True)
    assert response.status_code in {200, 400}
    assert not SignIn.objects.exists()
