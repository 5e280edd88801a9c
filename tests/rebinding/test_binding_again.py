"""With a letter a client binds a phone again and is inside; until then everything is as it was."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Customer, Method, Result, SignIn
from accounts.services import holds
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters.models import Letter, State
from tests.accounts.steps import choose, key_of, with_cookie
from tests.actors import Handset, Visitor, emails, text_of
from tests.rebinding.steps import (
    PHONE,
    START,
    at_the_letter,
    letter_state,
    posted,
    rebind,
    show_key,
    to_key,
    type_app,
    type_letter,
)
from tests.twofactor.phone import Phone, give_phone
from tests.twofactor.steps import Clock, english, freeze, unfreeze
from tests.twofactor.switches import A_MINUTE, app_code, key_on, log_in_with_app, not_the_code
from twofactor import errors, policy
from twofactor.models import Rebinding, SoftToken, TokenState
from twofactor.tasks import purge

pytestmark = pytest.mark.django_db


def test_with_the_letter_i_bind_a_new_phone_and_am_inside(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """T8: one transaction: letter used, old key erased, new phone bound, session begun"""
    seed = rebind(waiting)
    page = text_of(waiting.get("home/"))
    assert "“New phone” is bound now" in page
    assert letter_state(letter) == (State.USED, 0)
    ben.refresh_from_db()
    assert (ben.method, ben.method_chosen_at) == (Method.SOFT_TOKEN, timezone.now())
    assert ben.last_security_change_at == ben.contact_held_from == timezone.now()
    old, new = SoftToken.objects.get(name="Lost phone"), SoftToken.objects.get(name="New phone")
    assert (old.state, old.sealed_seed) == (TokenState.REMOVED, None)
    assert (new.state, new.seed) == (TokenState.BOUND, seed)


def test_the_next_login_asks_for_the_code_of_the_new_phone(
    waiting: Visitor, ben: Customer, lost: Phone, clock: Clock
) -> None:
    """T8"""
    seed = rebind(waiting)
    clock.shift(A_MINUTE)
    assert not log_in_with_app(Visitor("en", "192.0.2.9"), ben, lost.seed)
    assert log_in_with_app(Visitor("en", "192.0.2.9"), ben, seed)


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans", "en"])
def test_the_whole_way_reads_in_my_language(language: str, ben: Customer, letter: Letter) -> None:
    """O5"""
    visitor = Visitor(language)
    pages = [visitor.password_step(ben.login)]
    assert f"/{language}/{START}" in pages[0].content.decode(), "the way on stands on the page"
    pages.append(visitor.get(START))
    type_letter(visitor)
    pages.append(visitor.get(PHONE))
    pages.append(show_key(visitor))
    type_app(visitor, app_code(key_on(pages[-1])))
    pages.append(visitor.get("home/"))
    for page in pages:
        assert page.status_code == 200
        chinese = re.search(
            r"[\u4e00-\u9fff]{4}", re.sub(r"<header.*?</header>", "", page.content.decode(), flags=re.S)
        )
        assert bool(chinese) == (language != "en")


def test_the_letter_is_used_only_when_the_phone_is_bound(
    waiting: Visitor, ben: Customer, letter: Letter, lost: Phone
) -> None:
    """T8: whoever stops at any step finds everything as it was"""
    before = Customer.objects.values().get(pk=ben.pk)
    to_key(waiting)
    type_app(waiting, not_the_code(SoftToken.objects.get(state=TokenState.SHOWN).seed))
    assert letter_state(letter) == (State.POSTED, 0)
    assert Customer.objects.values().get(pk=ben.pk) == before
    assert SoftToken.objects.get(name="Lost phone").state == TokenState.SUSPENDED
    assert rebind(at_the_letter(ben))


@pytest.mark.parametrize("other", ["nothing", "text messages", "a bound phone"])
def test_a_letter_works_whatever_the_method_was(other: str, ben: Customer, handset: Handset, clock: Clock) -> None:
    """T8, T5: from the code page, and where no code can be asked for at all"""
    if other == "nothing":
        Customer.objects.filter(pk=ben.pk).update(mobile="")
    elif other == "a bound phone":
        give_phone(ben, name="Old phone")
    letter = posted(ben)
    visitor = at_the_letter(ben)
    assert (
        START in visitor.get("login/verify/").headers.get("Location", "")
        or START in visitor.get("login/verify/").content.decode()
    )
    rebind(visitor)
    assert letter_state(letter)[0] == State.USED
    assert [token.name for token in SoftToken.objects.filter(state=TokenState.BOUND)] == ["New phone"]


def test_every_other_session_and_pending_login_ends(ben: Customer, handset: Handset, clock: Clock) -> None:
    """T8, L9"""
    inside, pending = Visitor("en", "192.0.2.5"), Visitor("en", "192.0.2.6")
    inside.log_in(handset, ben)
    clock.shift(A_MINUTE)
    pending.password_step(ben.login)
    code = handset.code(ben.mobile)
    posted(ben)
    visitor = at_the_letter(ben)
    rebind(visitor)
    assert visitor.inside
    assert not inside.inside
    pending.code_step(code)
    assert not pending.inside


def test_the_login_is_written_down_as_one_with_the_new_phone(waiting: Visitor, ben: Customer) -> None:
    """L11: it was refused before, and is a login now"""
    assert SignIn.objects.get().result == Result.PHONE_LOST
    rebind(waiting)
    sign_in = SignIn.objects.get()
    ben.refresh_from_db()
    assert (sign_in.result, sign_in.method, sign_in.epoch) == (Result.SUCCESS, "soft_token", ben.security_epoch)
    assert sign_in.proven_at == timezone.now()


def test_i_am_told_on_every_channel_with_a_reference(
    waiting: Visitor, ben: Customer, letter: Letter, handset: Handset
) -> None:
    """N1, N2"""
    rebind(waiting)
    told = emails("ben@example.com")
    kinds = ["method was changed", "security code was removed", "security code was bound", "there was a login"]
    for kind in kinds:
        (mail,) = [each for each in told if kind in str(each.subject)]
        assert "http" not in str(mail.body)
    reference = AuditRecord.objects.get(event=Event.TOKEN_BOUND).facts["reference"]
    assert all(reference in str(mail.body) for mail in told if "login" not in str(mail.subject))
    assert "method was changed" in handset.texts(ben.mobile)[-1]
    assert reference in text_of(waiting.get("home/"))


def test_the_trail_names_letter_and_proposal(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """A6, T8"""
    rebind(waiting)
    events = (
        AuditRecord.objects.filter(subject=ben).exclude(event__startswith="staff.").exclude(event=Event.LETTER_MADE)
    )
    told = [Event.LETTER_USED, Event.METHOD_CHANGED, Event.TOKEN_REMOVED, Event.TOKEN_BOUND]
    assert [each.event for each in events.order_by("pk")] == told
    for each in events:
        of_letter = each.facts["reference" if each.event == Event.LETTER_USED else "letter"]
        assert (of_letter, each.facts["proposal"], each.actor_id) == (letter.reference, letter.proposal, ben.pk)


def test_no_contact_is_changed_for_a_day_after(waiting: Visitor, ben: Customer, clock: Clock) -> None:
    """T8"""
    seed = rebind(waiting)
    for contact in ("mobile", "email", "postal_address"):
        assert waiting.get(f"service/contact/edit/{contact}/").headers["Location"] == "/en/service/contact/"
    clock.shift(timedelta(hours=24) - timedelta(seconds=1))
    ben.refresh_from_db()
    assert holds.contacts_held_until(ben, now=timezone.now())
    clock.shift(1)
    assert log_in_with_app(waiting, ben, seed)
    assert waiting.get("service/contact/edit/email/").status_code == 200


def test_a_browser_that_is_new_still_owes_a_new_password(waiting: Visitor, ben: Customer) -> None:
    """T12"""
    Customer.objects.filter(pk=ben.pk).update(must_change_password=True)
    rebind(waiting)
    assert waiting.get("home/").headers["Location"] == "/en/service/password/"
    assert "“New phone” is bound now" in text_of(waiting.get("service/password/"))
    assert choose(waiting, "Quiet-Lantern-77").headers["Location"] == "/en/home/"
    assert waiting.inside


def test_a_frozen_account_stays_frozen(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """T8, C5: at each step the freeze wins"""
    seed = to_key(waiting)
    freeze(ben)
    assert not type_app(waiting, app_code(seed)).headers["Location"].endswith("/home/")
    assert not waiting.inside
    assert letter_state(letter)[0] == State.POSTED
    again = Visitor("en", "192.0.2.7")
    assert "frozen" in text_of(again.password_step(ben.login))
    assert again.get(START).headers["Location"].startswith("/en/login/session-ended/")


def test_unfreezing_does_not_revive_the_lost_phone(
    waiting: Visitor, ben: Customer, letter: Letter, lost: Phone, supervisor: Customer
) -> None:
    """T12: it is the letter that leads in"""
    freeze(ben)
    unfreeze(ben, supervisor)
    visitor = Visitor("en", "192.0.2.7")
    assert "reported as lost" in text_of(visitor.password_step(ben.login))
    visitor.code_step(lost.code())
    assert not visitor.inside
    rebind(visitor)
    assert visitor.inside


def test_a_new_key_after_each_step_and_the_old_one_is_dead(waiting: Visitor, letter: Letter) -> None:
    """L5"""
    keys = [key_of(waiting)]
    seed = to_key(waiting)
    keys.append(key_of(waiting))
    type_app(waiting, app_code(seed))
    keys.append(key_of(waiting))
    assert len(set(keys)) == 3
    for old in keys[:2]:
        thief = with_cookie(settings.CLIENT_COOKIE_NAME, old)
        assert not thief.inside
        assert thief.get(PHONE).headers["Location"].startswith("/en/login/session-ended/")


def test_there_are_ten_minutes_from_the_letter_to_the_code(
    waiting: Visitor, ben: Customer, letter: Letter, clock: Clock
) -> None:
    """T4: also when the password was typed nine minutes before"""
    clock.shift(timedelta(minutes=9))
    seed = to_key(waiting)
    clock.shift(policy.KEY_LIFETIME)
    assert type_app(waiting, app_code(seed)).headers["Location"] == "/en/home/"


def test_after_ten_minutes_the_key_is_dead_and_the_letter_is_not(
    waiting: Visitor, ben: Customer, letter: Letter, clock: Clock
) -> None:
    """T4"""
    seed = to_key(waiting)
    clock.shift(policy.KEY_LIFETIME + timedelta(seconds=1))
    assert "session-ended" in type_app(waiting, app_code(seed)).headers["Location"]
    assert letter_state(letter) == (State.POSTED, 0)
    rebind(at_the_letter(ben))


def test_five_wrong_codes_of_the_app_take_the_key_and_not_the_letter(
    waiting: Visitor, ben: Customer, letter: Letter
) -> None:
    """C3: they freeze nothing"""
    seed = to_key(waiting)
    for left in (4, 3, 2, 1):
        type_app(waiting, not_the_code(seed))
        assert english(errors.APP_CODE_WRONG % {"count": left}) in text_of(waiting.get(PHONE))
    assert type_app(waiting, not_the_code(seed)).headers["Location"] == f"/en/{START}"
    assert english(errors.REBIND_TOO_MANY) in text_of(waiting.get(START))
    assert type_app(waiting, app_code(seed)).headers["Location"] == f"/en/{START}", "its key is worth nothing"
    ben.refresh_from_db()
    assert (ben.frozen, ben.wrong_codes) == (False, 0)
    assert letter_state(letter) == (State.POSTED, 0)
    rebind(waiting)


def test_the_key_stands_in_one_answer_only(waiting: Visitor, letter: Letter) -> None:
    """T4"""
    type_letter(waiting)
    shown = show_key(waiting)
    assert "no-store" in shown.headers["Cache-Control"]
    assert 'id="key"' in shown.content.decode()
    for path in (START, PHONE, "login/verify/"):
        assert 'id="key"' not in waiting.get(path).content.decode()


def test_reload_back_and_a_second_tab_do_no_harm(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """T8"""
    type_letter(waiting)
    form = {"name": "New phone", "after": ""}
    first = key_on(waiting.post(PHONE, form))
    assert waiting.post(PHONE, form).headers["Location"] == f"/en/{PHONE}", "sent again, it makes no second key"
    assert "The key was shown once" in text_of(waiting.get(PHONE))
    assert waiting.get(START).headers["Location"] == f"/en/{PHONE}", "back leads on"
    assert type_letter(waiting).headers["Location"] == f"/en/{PHONE}", "the second tab begins anew"
    assert type_app(waiting, app_code(first)).headers["Location"] == f"/en/{START}", "and the first one's key is void"
    second = to_key(waiting)
    assert type_app(waiting, app_code(second)).headers["Location"] == "/en/home/"
    for answer in (type_app(waiting, app_code(second)), type_letter(waiting), waiting.get(PHONE), waiting.get(START)):
        assert answer.headers["Location"] == "/en/home/", "sent once more, it is done already"
    assert waiting.inside
    assert AuditRecord.objects.filter(event=Event.LETTER_USED).count() == 1


def test_a_name_that_does_not_print_is_refused_and_nothing_lost(waiting: Visitor, letter: Letter) -> None:
    """T4"""
    type_letter(waiting)
    waiting.post(PHONE, {"name": "a\u202eb", "after": ""})
    assert english(errors.DEVICE_NAME) in text_of(waiting.get(PHONE))
    assert type_app(waiting, "x").headers["Location"] == f"/en/{PHONE}"
    rebind(waiting)


def test_the_page_that_was_wanted_opens_after_it(ben: Customer, letter: Letter) -> None:
    """L8"""
    visitor = Visitor("en")
    visitor.get("login/session-ended/?reason=idle&next=/en/service/activity/")
    visitor.password_step(ben.login)
    seed = to_key(visitor)
    assert type_app(visitor, app_code(seed)).headers["Location"] == "/en/service/activity/"
    assert visitor.get("service/activity/").status_code == 200


def test_old_bindings_are_deleted(waiting: Visitor, clock: Clock) -> None:
    """O7"""
    rebind(waiting)
    clock.shift(policy.SWITCH_RETENTION)
    purge()
    assert Rebinding.objects.count() == 1
    clock.shift(1)
    purge()
    assert Rebinding.objects.count() == 0
    assert AuditRecord.objects.filter(event=Event.LETTER_USED).exists()
