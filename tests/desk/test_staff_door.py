"""The staff door."""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Customer, Result, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import PASSWORD, Visitor, text_of
from tests.desk.steps import (
    SEED,
    Desk,
    at_once,
    code_of,
    everything_stored,
    frozen,
    spellings,
    wrong_of,
)
from twofactor.models import StaffAuthenticator, StaffEnrolment

pytestmark = pytest.mark.django_db

NOON = datetime(2035, 11, 19, 4, 0, 0, tzinfo=UTC)


def enrolment_code(login: str, **options: object) -> str:
    """What enrol_staff prints."""
    out = StringIO()
    call_command("enrol_staff", login, stdout=out, **options)
    found = re.search(r"once: (\S+)", out.getvalue())
    assert found
    return found.group(1)


def staff_paths() -> Iterator[str]:
    """Every address below the staff path, with something in the place of its arguments."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route

    for route in walk(get_resolver().url_patterns, "/"):
        if route.startswith("/staff/"):
            yield re.sub(r"\^|\$", "", re.sub(r"<[^>]+>|\(\?P[^)]*\)+", "1", route)).replace("(.*)", "x")


def seed_shown(desk: Desk) -> bytes:
    """The seed on the page that binds an authenticator, read as a person types it."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", desk.get("authenticator/").content.decode())
    assert found, "no key on the page"
    return base64.b32decode(found.group(1).replace(" ", ""))


# --- Both factors --------------------------------------------------------------------------------------


def test_staff_log_in_with_password_and_code(mak: Customer, desk: Desk) -> None:
    asked = desk.password_step("mak")
    assert asked.status_code == 200
    assert "authenticator app" in text_of(asked)
    assert not desk.is_inside()

    assert desk.code_step(code_of()).headers["Location"] == "/staff/"
    assert desk.is_inside()
    row = SignIn.objects.get()
    assert (row.number, row.customer, row.platform, row.result) == ("mak", mak, "staff", Result.SUCCESS)
    assert row.proven_at is not None
    assert row.key_digest is None
    assert row.address == "198.51.100.20"
    assert AuditRecord.objects.get(event=Event.STAFF_LOGGED_IN).actor == mak


def test_nothing_opens_on_a_password_alone(mak: Customer, lee: Customer) -> None:
    """L2, A7"""
    paths = set(staff_paths())
    assert len(paths) > 10
    assert "/staff/accounts/customer/1/unfreeze/" in paths
    for login, step in (("mak", "token"), ("lee", "enrol")):
        desk = Desk(f"198.51.100.{ord(login[0])}")
        assert f'value="{step}"' in desk.password_step(login).content.decode()
        for path in sorted(paths - {"/staff/login/"}):
            for response in (desk.get(path), desk.post(path)):
                assert response.status_code in {302, 404}, path
                if response.status_code == 302:
                    assert response.headers["Location"].startswith(("/staff/login/", "/staff/")), path
            assert not desk.is_inside(), path


def test_nothing_but_binding_opens_on_password_and_enrolment_code(lee: Customer, desk: Desk) -> None:
    """L2, A7"""
    desk.password_step("lee")
    assert desk.enrol_step(enrolment_code("lee")).headers["Location"] == "/staff/authenticator/"
    own = {"/staff/login/", "/staff/authenticator/", "/staff/authenticator/picture.svg"}
    for path in sorted(set(staff_paths()) - own):
        assert desk.get(path).status_code in {302, 404}, path
        assert desk.post(path).status_code in {302, 403, 404}, path
    assert not desk.is_inside()


def test_no_step_can_be_skipped_or_claimed(mak: Customer, desk: Desk) -> None:
    """L2"""
    for step, fields in (("token", {"otp_token": code_of()}), ("enrol", {"code": "x"}), ("backup", {}), ("x", {})):
        response = desk.step(step, **fields)
        assert response.status_code == 200
        assert "Password" in text_of(response)
    assert desk.post("login/", {"challenge_device": "twofactor.staffauthenticator/1"}).status_code == 400
    assert desk.post("login/", {"wizard_goto_step": "token"}).status_code in {200, 400}
    assert not desk.is_inside()


def test_the_doors_of_the_package_that_weaken_the_second_factor_are_not_there() -> None:
    for name in ("disable", "backup_tokens", "profile", "phone_create"):
        with pytest.raises(NoReverseMatch):
            reverse(f"two_factor:{name}")


def test_no_page_edits_accounts_groups_or_devices(chan: Customer, desk: Desk) -> None:
    Customer.objects.filter(pk=chan.pk).update(is_superuser=True)
    desk.log_in("chan")
    assert desk.is_inside()
    for path in ("auth/group/", "otp_totp/totpdevice/", "otp_static/staticdevice/", "accounts/customer/add/"):
        assert desk.get(path).status_code == 404, path


# --- The other door ------------------------------------------------------------------------------------


def test_a_clients_number_and_password_open_nothing_at_the_staff_door(amy: Customer, desk: Desk) -> None:
    """L5"""
    answer = desk.password_step(amy.login)
    assert "The staff name or password is incorrect." in text_of(answer)
    assert not desk.is_inside()


def test_a_staff_name_and_password_open_nothing_at_the_clients_door(mak: Customer, visitor: Visitor) -> None:
    """L5"""
    assert visitor.password_step("mak").status_code == 200
    assert not visitor.inside


def test_a_session_of_one_kind_is_refused_at_the_other_door(amy: Customer, mak_inside: Desk, visitor: Visitor) -> None:
    """L5"""
    row = SignIn.objects.create(number=amy.login, address="203.0.113.9", verification="v", customer=amy)
    sign_ins.start_pending(row, amy)
    key, _ = sign_ins.finish_login(row, now=timezone.now())
    visitor.client.cookies[settings.CLIENT_COOKIE_NAME] = key
    assert visitor.inside

    stranger = Desk()
    stranger.client.cookies[settings.CLIENT_COOKIE_NAME] = key
    stranger.client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert stranger.get("").headers["Location"].startswith("/staff/login/")

    outsider = Visitor()
    for name in (settings.SESSION_COOKIE_NAME, settings.CLIENT_COOKIE_NAME):
        outsider.client.cookies[name] = mak_inside.session_key
    assert not outsider.inside


# --- Codes ---------------------------------------------------------------------------------------------


def test_a_code_opens_the_door_once(mak: Customer) -> None:
    """T2"""
    with time_machine.travel(NOON, tick=False) as clock:
        code = code_of()
        first = Desk()
        first.password_step("mak")
        assert first.code_step(code).status_code == 302
        for seconds in (0, 20, 29):
            clock.move_to(NOON + timedelta(seconds=seconds))
            again = Desk()
            again.password_step("mak")
            assert again.code_step(code).status_code == 200
            assert not again.is_inside()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_same_codes_at_once_one_passes(mak: Customer) -> None:
    """T2, C2"""
    desks = [Desk() for _ in range(20)]
    for desk in desks:
        desk.password_step("mak")
    code = code_of()
    answers = at_once(20, lambda number: desks[number].code_step(code).status_code)
    assert sorted(answers) == [200] * 19 + [302]
    assert [desk.is_inside() for desk in desks].count(True) == 1


def test_a_wrong_code_is_refused_and_slows_the_next(mak: Customer) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        desk = Desk()
        desk.password_step("mak")
        assert "incorrect" in text_of(desk.code_step(wrong_of(code_of())))
        # Even a right one has to wait now, and the page says until when.
        told = text_of(desk.code_step(code_of()))
        assert "Too many tries. Try again at 12:00:01 (Hong Kong time)." in told
        clock.shift(1)
        assert desk.code_step(code_of()).status_code == 302
    assert SignIn.objects.get().wrong_codes == 1


def test_a_code_of_another_colleague_is_refused(mak: Customer, desk: Desk, make_staff: Callable[..., Customer]) -> None:
    other = make_staff("wong", "clerk", enrolled=False)
    seed = bytes(range(20))
    StaffAuthenticator.objects.create_with_seed(other, seed)
    desk.password_step("mak")
    assert desk.code_step(code_of(seed)).status_code == 200
    assert not desk.is_inside()


# --- Passwords -----------------------------------------------------------------------------------------


def test_unknown_staff_and_wrong_passwords_get_the_same_page(mak: Customer, desk: Desk) -> None:
    """L3"""
    pages = [
        re.sub(r'value="[^"]{20,}"', "", desk.password_step(login, password).content.decode()).replace(login, "")
        for login, password in (("mak", "wrong"), ("nobody", "wrong"))
    ]
    assert pages[0] == pages[1]
    assert list(SignIn.objects.order_by("at").values_list("number", "result")) == [
        ("mak", Result.WRONG_PASSWORD),
        ("nobody", Result.WRONG_PASSWORD),
    ]


def test_wrong_passwords_slow_the_source_and_the_page_says_until_when(mak: Customer) -> None:
    """A7, L6"""
    with time_machine.travel(NOON, tick=False):
        desk = Desk()
        for _ in range(5):
            desk.password_step("mak", "wrong")
        told = text_of(desk.password_step("mak"))
        assert "Too many tries. Try again at 12:00:02 (Hong Kong time)." in told
    assert SignIn.objects.filter(platform="staff", result=Result.SLOWED).count() == 1


def test_all_spellings_of_a_name_share_one_counter(mak: Customer, desk: Desk) -> None:
    """L4"""
    for spelling in ("mak", " MAK ", "ｍａｋ", "Mak"):
        desk.password_step(spelling, "wrong")
    assert set(SignIn.objects.values_list("number", flat=True)) == {"mak"}
    for spelling in ("", "m\0ak", "mak mak", "123456", "x" * 65):
        assert desk.password_step(spelling, "wrong").status_code == 200
    assert SignIn.objects.count() == 4


def test_a_new_password_or_a_disabled_account_ends_the_session(mak: Customer, mak_inside: Desk) -> None:
    """L9"""
    Customer.objects.filter(pk=mak.pk).update(is_active=False)
    assert not mak_inside.is_inside()
    Customer.objects.filter(pk=mak.pk).update(is_active=True)
    assert mak_inside.is_inside()
    mak.set_password("another-Harbour-2027")
    mak.save()
    assert not mak_inside.is_inside()


def test_a_password_changed_between_the_steps_ends_the_login(mak: Customer, desk: Desk) -> None:
    desk.password_step("mak")
    mak.set_password("another-Harbour-2027")
    mak.save()
    assert desk.code_step(code_of()).status_code == 200
    assert not desk.is_inside()


def test_whoever_owes_a_new_password_reaches_nothing_else(mak: Customer, desk: Desk) -> None:
    Customer.objects.filter(pk=mak.pk).update(must_change_password=True)
    desk.log_in("mak")
    for path in ("", "accounts/customer/"):
        assert desk.get(path).headers["Location"] == "/staff/password_change/"
    new = "another-Junk-2027"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert desk.post("password_change/", form).headers["Location"] == "/staff/password_change/done/"
    assert desk.is_inside()
    mak.refresh_from_db()
    assert not mak.must_change_password
    assert AuditRecord.objects.filter(event=Event.PASSWORD_CHANGED, actor=mak).count() == 1


def test_a_session_that_guesses_at_the_old_password_ends(mak_inside: Desk) -> None:
    for _ in range(5):
        assert mak_inside.is_inside()
        form = {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}
        mak_inside.post("password_change/", form)
    assert not mak_inside.is_inside()


# --- Sessions ------------------------------------------------------------------------------------------


def test_every_step_gets_a_new_session_key_and_the_old_one_is_dead(mak: Customer, desk: Desk) -> None:
    """L5"""
    keys = []
    desk.get("login/")
    keys.append(desk.session_key)
    desk.password_step("mak")
    keys.append(desk.session_key)
    desk.code_step(code_of())
    keys.append(desk.session_key)
    assert len(set(keys)) == 3
    for dead in keys[:2]:
        stranger = Desk()
        stranger.client.cookies[settings.SESSION_COOKIE_NAME] = dead
        assert not stranger.is_inside()


def test_a_login_in_a_logged_in_browser_ends_that_session_first(mak_inside: Desk) -> None:
    """L5"""
    before = mak_inside.session_key
    mak_inside.password_step("mak", "wrong")
    assert not mak_inside.is_inside()
    thief = Desk()
    thief.client.cookies[settings.SESSION_COOKIE_NAME] = before
    assert not thief.is_inside()


def test_a_session_ends_when_idle_and_after_eight_hours(mak: Customer) -> None:
    """L8"""
    with time_machine.travel(NOON, tick=False) as clock:
        desk = Desk()
        desk.log_in("mak")
        clock.shift(14 * 60)
        assert desk.is_inside()
        clock.shift(16 * 60)
        assert not desk.is_inside()

        desk.log_in("mak")
        start = timezone.now()
        while timezone.now() - start < timedelta(hours=7, minutes=50):
            assert desk.is_inside()
            clock.shift(10 * 60)
        clock.shift(11 * 60)
        assert not desk.is_inside()


def test_a_half_finished_login_lapses(mak: Customer) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        desk = Desk()
        desk.password_step("mak")
        clock.shift(11 * 60)
        assert desk.code_step(code_of()).status_code == 200
        assert not desk.is_inside()


def test_logging_out_ends_the_session(mak_inside: Desk) -> None:
    key = mak_inside.session_key
    assert mak_inside.post("logout/").status_code == 200
    thief = Desk()
    thief.client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert not thief.is_inside()


# --- First enrolment -----------------------------------------------------------------------------------


def test_the_first_authenticator_is_bound_with_password_and_enrolment_code(lee: Customer, desk: Desk) -> None:
    """A7, T4"""
    with time_machine.travel(NOON, tick=False) as clock:
        assert "one-time code" in text_of(desk.password_step("lee"))
        assert desk.enrol_step(enrolment_code("lee")).headers["Location"] == "/staff/authenticator/"
        seed = seed_shown(desk)
        picture = desk.get("authenticator/picture.svg")
        assert picture.headers["Content-Type"] == "image/svg+xml"
        assert "no-store" in picture.headers["Cache-Control"]
        assert not StaffAuthenticator.objects.exists()

        assert desk.bind_step("000000" if code_of(seed) != "000000" else "000001").status_code == 200
        assert not StaffAuthenticator.objects.exists()
        code = code_of(seed)
        assert desk.bind_step(code).headers["Location"] == "/staff/authenticator/ready/"
        assert desk.is_inside()
        assert desk.get("authenticator/").status_code == 302
        assert desk.get("authenticator/picture.svg").status_code == 302
        assert SignIn.objects.get().result == Result.SUCCESS
        events = list(AuditRecord.objects.order_by("id").values_list("event", flat=True))
        assert events == [Event.STAFF_ENROLMENT_ISSUED, Event.STAFF_ENROLLED, Event.STAFF_LOGGED_IN]

        again = Desk()
        again.password_step("lee")
        assert again.code_step(code).status_code == 200, "the code that bound it opens nothing"
        clock.shift(60)
        assert again.code_step(code_of(seed)).status_code == 302


def test_the_key_is_shown_once_and_good_for_ten_minutes(lee: Customer, desk: Desk) -> None:
    """T4"""
    with time_machine.travel(NOON, tick=False) as clock:
        desk.password_step("lee")
        desk.enrol_step(enrolment_code("lee"))
        first = seed_shown(desk)
        assert seed_shown(desk) != first
        assert desk.bind_step(code_of(first)).status_code == 200
        clock.shift(9 * 60)
        late = seed_shown(desk)
        clock.shift(2 * 60)
        assert desk.bind_step(code_of(late)).status_code == 302
        assert not StaffAuthenticator.objects.exists()
        assert not desk.is_inside()


def test_an_enrolment_code_has_five_tries(lee: Customer, desk: Desk) -> None:
    """A7"""
    code = enrolment_code("lee")
    desk.password_step("lee")
    for _ in range(5):
        assert desk.enrol_step("AAAA-AAAA-AAAA").status_code == 200
    assert desk.enrol_step(code).status_code == 200
    assert desk.get("authenticator/").headers["Location"] == "/staff/"
    assert StaffEnrolment.objects.get().tries == 5


def test_the_fifth_try_may_be_the_right_one_in_any_spelling(lee: Customer, desk: Desk) -> None:
    code = enrolment_code("lee")
    desk.password_step("lee")
    for _ in range(4):
        desk.enrol_step("AAAA-AAAA-AAAA")
    assert desk.enrol_step(f" {code.lower().replace('-', ' ')} ").status_code == 302


def test_an_enrolment_code_lapses_after_a_day(lee: Customer) -> None:
    """A7"""
    for hours, accepted in ((23.9, 302), (24.1, 200)):
        with time_machine.travel(NOON, tick=False) as clock:
            code = enrolment_code("lee")
            clock.shift(hours * 3600)
            desk = Desk()
            desk.password_step("lee")
            assert desk.enrol_step(code).status_code == accepted


def test_an_enrolment_code_works_once_and_a_new_one_voids_it(lee: Customer) -> None:
    """A7"""
    old, new = enrolment_code("lee"), enrolment_code("lee")
    for code, accepted in ((old, 200), (new, 302), (new, 200)):
        desk = Desk()
        desk.password_step("lee")
        assert desk.enrol_step(code).status_code == accepted


def test_an_enrolment_code_is_worth_nothing_to_a_colleague(
    lee: Customer, desk: Desk, make_staff: Callable[..., Customer]
) -> None:
    make_staff("wong", "clerk", enrolled=False)
    code = enrolment_code("lee")
    enrolment_code("wong")
    desk.password_step("wong")
    assert desk.enrol_step(code).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_twenty_same_enrolment_codes_at_once_one_opens(lee: Customer) -> None:
    desks = [Desk() for _ in range(20)]
    for desk in desks:
        desk.password_step("lee")
    code = enrolment_code("lee")
    assert at_once(20, lambda number: desks[number].enrol_step(code).status_code).count(302) == 1


def test_only_staff_without_an_authenticator_are_enrolled(amy: Customer, mak: Customer, mak_inside: Desk) -> None:
    for login in ("nobody", amy.login, "mak"):
        with pytest.raises(CommandError):
            call_command("enrol_staff", login)
    # A lost phone: the old authenticator is withdrawn, and what was proven by it opens nothing any more.
    code = enrolment_code("mak", replace=True)
    assert not mak_inside.is_inside()
    desk = Desk()
    assert "one-time code" in text_of(desk.password_step("mak"))
    assert desk.enrol_step(code).status_code == 302
    issued = AuditRecord.objects.get(event=Event.STAFF_ENROLMENT_ISSUED)
    assert issued.facts == {"withdrawn_authenticator": True}


# --- Secrets -------------------------------------------------------------------------------------------


def assert_nowhere(*secrets: str) -> None:
    for table, value in everything_stored():
        for secret in secrets:
            assert secret not in value, f"a secret stands in {table}"


def test_a_seed_is_nowhere_in_clear(lee: Customer, desk: Desk) -> None:
    """T3"""
    desk.password_step("lee")
    code = enrolment_code("lee")
    assert_nowhere(code, code.replace("-", ""))
    desk.enrol_step(code)
    assert_nowhere(code, code.replace("-", ""))
    seed = seed_shown(desk)
    desk.get("authenticator/picture.svg")
    assert_nowhere(*spellings(seed))
    assert any("sealed" in value for table, value in everything_stored() if table == "sessions decoded")
    desk.bind_step("123")
    assert_nowhere(*spellings(seed))
    desk.bind_step(code_of(seed))
    assert desk.is_inside()
    assert_nowhere(*spellings(seed), code)
    assert "staff_seed" not in dict(desk.client.session)


def test_the_search_for_a_seed_finds_one_in_clear(mak: Customer) -> None:
    for spelling in spellings(SEED):
        SignIn.objects.create(number="x", address="::1", verification=spelling[:64], user_agent=spelling[:200])
        with pytest.raises(AssertionError, match="stands in"):
            assert_nowhere(*spellings(SEED))
        SignIn.objects.all().delete()


def test_a_password_is_in_no_session(mak: Customer, desk: Desk) -> None:
    """L5"""
    desk.password_step("mak")
    assert_nowhere(PASSWORD)
    desk.code_step(code_of())
    assert_nowhere(PASSWORD)


# --- Pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["login", "token", "enrol", "setup", "ready"])
def test_the_doors_pages_load_nothing_from_elsewhere_and_hold_no_inline_script(
    page: str, mak: Customer, lee: Customer, desk: Desk
) -> None:
    if page == "login":
        response = desk.get("login/")
    elif page == "token":
        response = desk.password_step("mak")
    elif page == "enrol":
        response = desk.password_step("lee")
    elif page == "setup":
        desk.password_step("lee")
        desk.enrol_step(enrolment_code("lee"))
        response = desk.get("authenticator/")
    else:
        desk.log_in("mak")
        response = desk.get("authenticator/ready/")
    html = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert "no-store" in response.headers["Cache-Control"]
    assert "Content-Security-Policy" in response.headers
    assert "Production" in text_of(response)


def test_a_page_that_was_asked_for_opens_after_the_login_but_no_foreign_one(mak: Customer) -> None:
    asked_and_opened = (
        ("/staff/accounts/customer/", "/staff/accounts/customer/"),
        ("https://evil.example/", "/staff/"),
        ("//evil.example/", "/staff/"),
    )
    for hours, (asked, opened) in enumerate(asked_and_opened):
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            desk = Desk()
            path = f"login/?next={asked}"
            desk.step("auth", path, username="mak", password=PASSWORD)
            assert desk.step("token", path, otp_token=code_of()).headers["Location"] == opened


def test_a_freeze_of_all_clients_leaves_the_staff_door_open(mak_inside: Desk) -> None:
    call_command("freeze_all", reason="drill", stdout=StringIO())
    assert mak_inside.is_inside()


def test_a_frozen_client_is_not_staff(amy: Customer, mak_inside: Desk) -> None:
    frozen(amy, "fraud")
    assert mak_inside.is_inside()


def test_a_forged_wizard_is_refused(mak: Customer, desk: Desk) -> None:
    data: dict[str, Any] = {"auth-username": "mak", "auth-password": PASSWORD}
    assert desk.post("login/", data).status_code == 400
    assert not desk.is_inside()
