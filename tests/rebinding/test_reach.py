"""A right password whose method cannot be asked for reaches the page of the letter, and nothing else."""

from collections.abc import Callable

import pytest

from accounts import policy
from accounts.models import Customer, Result, SignIn
from tests.actors import Handset, Visitor, text_of
from tests.rebinding.steps import PHONE, START, at_the_letter, lose_phone, posted, rebind, type_letter
from tests.sweeps.routes import client_paths
from tests.sweeps.test_every_route import PUBLIC
from tests.twofactor.steps import Clock, code_for, pend, with_key
from twofactor.services.challenges import Verdict
from twofactor.services.login import second_step

pytestmark = pytest.mark.django_db
OPEN = PUBLIC | {START} | {f"help/{slug}/" for slug in ("faq",)}


@pytest.fixture(params=[Result.PHONE_LOST, Result.NO_MOBILE])
def stranded(request: pytest.FixtureRequest, ben: Customer) -> Visitor:
    """Ben's browser after the right password, without anything that could be asked for."""
    if request.param == Result.PHONE_LOST:
        lose_phone(ben)
    else:
        Customer.objects.filter(pk=ben.pk).update(mobile="")
    visitor = at_the_letter(ben)
    assert SignIn.objects.get().result == request.param
    return visitor


def test_every_other_page_sends_me_back(stranded: Visitor) -> None:
    """L2, T12"""
    for path in sorted(set(client_paths()) - OPEN):
        for answer in (stranded.get(path), stranded.post(path)):
            assert answer.status_code in {302, 405}, path
            location = answer.headers.get("Location", f"/en/{START}")
            assert location.removeprefix("/en/") in {START, "login/verify/", PHONE, "login/reset/"}, (path, location)
    assert stranded.get("login/verify/").headers["Location"] == f"/en/{START}"
    assert stranded.get(START).status_code == 200


def test_no_code_of_any_kind_leads_on(stranded: Visitor, ben: Customer, handset: Handset) -> None:
    """L2, T12"""
    for code in ("000000", "123456"):
        assert stranded.code_step(code).headers["Location"] == f"/en/{START}"
    stranded.post("login/resend/")
    assert handset.texts(ben.mobile) == []
    ben.refresh_from_db()
    assert ben.wrong_codes == 0
    assert not stranded.inside


def test_even_a_question_that_was_answered_rightly_lets_nobody_in(
    stranded: Visitor, ben: Customer, handset: Handset
) -> None:
    """L2: the ordinary second step completes no login of this kind, however it came by a code"""
    sign_in, key = pend(ben)
    SignIn.objects.filter(pk=sign_in.pk).update(result=SignIn.objects.exclude(pk=sign_in.pk).get().result)
    looked_up = SignIn.objects.select_related("customer").get(pk=sign_in.pk)
    outcome, granted = second_step(looked_up, code_for(looked_up) if ben.method == "sms" else "000000", device="")
    assert granted is None
    assert outcome.verdict != Verdict.PASSED
    assert not with_key(key).inside


def test_nothing_can_be_reported_or_switched_from_there(stranded: Visitor, ben: Customer) -> None:
    """T12"""
    epoch = ben.security_epoch
    for path in ("login/lost/", "service/2fa/", "service/2fa/stop/", "service/contact/review/", "service/prove/"):
        stranded.post(path, {"method": "sms"})
    ben.refresh_from_db()
    assert ben.security_epoch == epoch


def test_it_stands_in_the_history_as_what_it_was(stranded: Visitor, ben: Customer) -> None:
    """L11: until a letter makes a login of it"""
    before = SignIn.objects.get().result
    type_letter(stranded, "0" * 12)
    assert SignIn.objects.get().result == before
    posted(ben)
    rebind(stranded)
    assert SignIn.objects.get().result == Result.SUCCESS


def test_it_is_over_after_ten_minutes(stranded: Visitor, ben: Customer, clock: Clock) -> None:
    """L5"""
    posted(ben)
    clock.shift(policy.PENDING_LIFETIME)
    assert stranded.get(START).status_code == 200
    clock.shift(1)
    assert stranded.get(START).headers["Location"].startswith("/en/login/session-ended/")


def test_it_ends_with_a_logout_and_with_a_new_login(stranded: Visitor, ben: Customer) -> None:
    """L5"""
    stranded.password_step(ben.login)
    assert SignIn.objects.order_by("at", "pk")[0].end_reason == "replaced"
    stranded.post("logout/")
    assert stranded.get(START).headers["Location"].startswith("/en/login/session-ended/")


def test_a_wrong_password_never_gets_to_the_letter(ben: Customer, clock: Clock) -> None:
    """T8: useless without the password"""
    posted(ben)
    visitor = Visitor("en")
    visitor.password_step(ben.login, "Wrong-2026-guess")
    for path in (START, PHONE):
        assert visitor.get(path).headers["Location"].startswith("/en/login/session-ended/")
    assert "session-ended" in type_letter(visitor).headers["Location"]


def test_the_help_page_tells_the_way_of_a_letter(make_client: Callable[..., Customer]) -> None:
    """O5: linked from where people look for it"""
    for language in ("zh-hant", "zh-hans", "en"):
        visitor = Visitor(language)
        page = visitor.get("help/rebind-letter/")
        assert page.status_code == 200
        assert "30" in text_of(page)
        for slug in ("lost-phone", "faq"):
            assert f"/{language}/help/rebind-letter/" in visitor.get(f"help/{slug}/").content.decode()
