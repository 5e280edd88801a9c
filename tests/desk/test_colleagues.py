"""Colleagues come, lose their phone, forget their password, leave: who may do what about it, and what ends."""

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.http import HttpResponse

from accounts.models import Customer
from accounts.services.staff import ROLES
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import PASSWORD, text_of
from tests.desk.steps import Desk, code_of
from tests.twofactor.steps import Clock
from twofactor.models import StaffAuthenticator

pytestmark = pytest.mark.django_db
REASON = "Recognised at her desk"


@pytest.fixture
def kwok_inside(make_staff: Callable[..., Customer]) -> Desk:
    """Another supervisor, logged in."""
    make_staff("kwok", "supervisor")
    browser = Desk("198.51.100.23")
    browser.log_in("kwok")
    return browser


def deed(desk: Desk, staff: Customer, name: str, reason: str = REASON) -> HttpResponse:
    """Press one of the buttons."""
    return desk.post(f"colleagues/{staff.pk}/", {"deed": name, "reason": reason})


def secret(answer: HttpResponse) -> str:
    """What is shown once."""
    found = re.search(r"<code>([^<]+)</code>", answer.content.decode())
    assert found, text_of(answer)
    return found[1]


def run(command: str, *args: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


def test_a_colleague_comes_with_password_and_code_from_two_hands(
    clock: Clock, chan_inside: Desk, kwok_inside: Desk, desk: Desk
) -> None:
    """A1, A7"""
    form = {"login": "yip", "name": "Yip Wai", "role": "clerk", "reason": "Starts on Monday"}
    password = secret(chan_inside.post("colleagues/new/", form))
    yip = Customer.objects.get(login="yip")
    refused = deed(chan_inside, yip, "enrolment")
    assert "You dealt with the other factor" in text_of(refused)
    code = secret(deed(kwok_inside, yip, "enrolment"))
    desk.password_step("yip", password)
    assert desk.enrol_step(code).headers["Location"] == "/staff/authenticator/"
    created = AuditRecord.objects.get(event=Event.ACCOUNT_CREATED)
    assert created.actor is not None
    assert (created.actor.login, created.facts) == ("chan", {"role": "clerk", "reason": "Starts on Monday"})


@pytest.mark.parametrize("role", ["officer", "auditor", "x", ""])
def test_nobody_gives_rights_that_they_do_not_have(role: str, chan_inside: Desk) -> None:
    """A1"""
    form = {"login": "yip", "name": "Yip Wai", "role": role, "reason": REASON}
    assert chan_inside.post("colleagues/new/", form).status_code == 200
    assert not Customer.objects.filter(login="yip").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [({"login": "100009"}, "login"), ({"login": "chan"}, "already"), ({"reason": "   "}, "required"),
     ({"name": ""}, "required"), ({"login": "x" * 40}, "32")],
)  # fmt: skip
def test_a_colleague_without_a_proper_login_or_reason_is_not_made(
    change: dict[str, str], told: str, chan_inside: Desk
) -> None:
    before = Customer.objects.count()
    form = {"login": "yip", "name": "Yip Wai", "role": "clerk", "reason": REASON, **change}
    answer = chan_inside.post("colleagues/new/", form)
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert Customer.objects.count() == before


def test_a_lost_authenticator_is_dead_at_once_and_a_code_binds_another(
    clock: Clock, mak: Customer, mak_inside: Desk, chan_inside: Desk
) -> None:
    """A7, T3"""
    code = secret(deed(chan_inside, mak, "enrolment"))
    assert not mak_inside.is_inside()
    assert not StaffAuthenticator.objects.filter(user=mak).exists()
    clock.shift(60)
    again = Desk()
    again.password_step("mak")
    again.code_step(code_of())
    assert not again.is_inside()
    again.password_step("mak")
    assert again.enrol_step(code).headers["Location"] == "/staff/authenticator/"


def test_a_reset_password_ends_the_sessions_and_is_changed_at_the_next_login(
    clock: Clock, mak: Customer, mak_inside: Desk, chan_inside: Desk
) -> None:
    """L9, L10"""
    password = secret(deed(chan_inside, mak, "password"))
    assert not mak_inside.is_inside()
    clock.shift(60)
    desk = Desk("198.51.100.44")
    desk.password_step("mak", PASSWORD)
    desk.code_step(code_of())
    assert not desk.is_inside()
    desk.password_step("mak", password)
    assert desk.code_step(code_of()).status_code == 302
    assert desk.get("").headers["Location"] == "/staff/password_change/"


@pytest.mark.parametrize(("first", "second"), [("password", "enrolment"), ("enrolment", "password")])
def test_nobody_hands_out_both_factors_of_one_colleague(
    first: str, second: str, clock: Clock, mak: Customer, chan_inside: Desk, kwok_inside: Desk
) -> None:
    """A1, A5: both together make another person of whoever has them."""
    secret(deed(chan_inside, mak, first))
    assert "somebody else has to do it" in text_of(deed(chan_inside, mak, second))
    secret(deed(kwok_inside, mak, second))


def test_after_a_day_the_other_factor_is_free_again(clock: Clock, mak: Customer, chan: Customer) -> None:
    """A1"""
    for hours, given in ((0, True), (23.9, False), (0.2, True)):
        clock.shift(hours * 3600)
        desk = Desk("198.51.100.55")
        desk.log_in("chan")
        answer = deed(desk, mak, "password" if hours == 0 else "enrolment")
        assert ("<code>" in answer.content.decode()) is given


def test_whoever_leaves_is_out_at_once_and_what_they_did_stays(
    clock: Clock, mak: Customer, mak_inside: Desk, chan_inside: Desk, amy: Customer
) -> None:
    """L9, A6"""
    mak_inside.get(f"accounts/customer/{amy.pk}/")
    assert deed(chan_inside, mak, "leave").status_code == 302
    assert not mak_inside.is_inside()
    clock.shift(60)
    desk = Desk("198.51.100.66")
    desk.log_in("mak")
    assert not desk.is_inside()
    assert AuditRecord.objects.filter(actor=mak, event=Event.STAFF_VIEWED_CLIENT).exists()
    mak.refresh_from_db()
    assert (mak.is_active, mak.groups.count(), StaffAuthenticator.objects.filter(user=mak).count()) == (False, 0, 0)
    for name in ("leave", "password", "enrolment"):
        assert "This account is disabled." in text_of(deed(chan_inside, mak, name))


@pytest.mark.parametrize("name", ["password", "enrolment", "leave"])
def test_nobody_does_it_to_themselves_or_to_somebody_with_more_rights(
    name: str, chan: Customer, chan_inside: Desk, make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    others = [
        make_staff("ng", "officer"),
        make_staff("lee2", "auditor"),
        make_staff("root", "clerk", is_superuser=True),
    ]
    before = [(each.password, each.is_active) for each in (chan, *others)]
    for staff in (chan, *others):
        assert deed(chan_inside, staff, name).status_code == 200
        staff.refresh_from_db()
        assert StaffAuthenticator.objects.filter(user=staff).exists()
    assert [(each.password, each.is_active) for each in (chan, *others)] == before


@pytest.mark.parametrize("name", ["password", "enrolment", "leave"])
def test_a_supervisor_who_was_disabled_meanwhile_does_nothing(
    name: str, mak: Customer, chan: Customer, chan_inside: Desk
) -> None:
    """A1, L9"""
    Customer.objects.filter(pk=chan.pk).update(is_active=False)
    assert deed(chan_inside, mak, name).status_code == 302
    mak.refresh_from_db()
    assert mak.is_active
    assert StaffAuthenticator.objects.filter(user=mak).exists()
    assert mak.check_password(PASSWORD)


def test_blanks_are_no_reason(mak: Customer, chan_inside: Desk) -> None:
    """A1"""
    for reason in ("", "      ", "x", "x" * 501):
        assert "<code>" not in deed(chan_inside, mak, "password", reason).content.decode()
    assert mak.check_password(PASSWORD)


def test_no_secret_is_kept_or_played_back(mak: Customer, chan_inside: Desk, logged: list[str]) -> None:
    """T3, L12"""
    answer = deed(chan_inside, mak, "password")
    password = secret(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert password not in chan_inside.get(f"colleagues/{mak.pk}/").content.decode()
    assert password not in str(list(AuditRecord.objects.values_list("facts", flat=True)))
    assert password not in "\n".join(logged)


def test_the_operator_does_the_same_by_command(mak: Customer) -> None:
    """A7"""
    password = run("reset_staff_password", "mak", "--reason", "forgotten").split()[-1]
    mak.refresh_from_db()
    assert mak.check_password(password)
    assert "disabled" in run("disable_staff", "mak", "--reason", "left")
    mak.refresh_from_db()
    assert not mak.is_active
    for command in ("reset_staff_password", "disable_staff"):
        with pytest.raises(CommandError, match="disabled"):
            run(command, "mak", "--reason", "again")
        with pytest.raises(CommandError, match="no member of staff"):
            run(command, "nobody", "--reason", "again")


# --- Who may do what -------------------------------------------------------------------------------------


def test_the_list_of_rights_is_complete_harmless_and_recorded(
    mak: Customer, chan: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    Customer.objects.filter(pk=mak.pk).update(name='=HYPERLINK("http://x")')
    make_staff("lee2", "auditor")
    auditor = Desk("198.51.100.77")
    auditor.log_in("lee2")
    answer: Any = auditor.get("colleagues/rights.csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
    for login, role in (("mak", "clerk"), ("chan", "supervisor"), ("lee2", "auditor")):
        assert {row["permission"] for row in rows if row["login"] == login} == ROLES[role]
    assert {row["name"] for row in rows if row["login"] == "mak"} == {'\'=HYPERLINK("http://x")'}
    exported = AuditRecord.objects.get(event=Event.RIGHTS_EXPORTED)
    assert (exported.actor and exported.actor.login, exported.facts) == ("lee2", {"count": 3})
    assert len(run("export_rights").splitlines()) == len(rows) + 1


def test_the_list_of_rights_says_what_the_database_grants(
    mak: Customer, lee: Customer, chan: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1: a right that was given beside the roles, or added to one, stands there too"""
    approve = Permission.objects.get(codename="approve")
    mak.user_permissions.add(approve)
    Group.objects.get(name="supervisor").permissions.add(Permission.objects.get(codename="freeze_fraud"))
    Customer.objects.create_staff("boss", name="Boss", is_superuser=True)
    lee.is_active = False
    lee.save()
    rows = list(csv.DictReader(StringIO(run("export_rights"))))
    granted = {login: {row["permission"]: row["role"] for row in rows if row["login"] == login} for login in
               ("mak", "chan", "boss", "lee")}  # fmt: skip
    assert granted["mak"] == {**dict.fromkeys(ROLES["clerk"], "clerk"), "accounts.approve": "given directly"}
    assert granted["chan"] == dict.fromkeys(ROLES["supervisor"] | {"accounts.freeze_fraud"}, "supervisor")
    assert set().union(*ROLES.values()) < set(granted["boss"])
    assert set(granted["boss"].values()) == {"superuser"}
    assert granted["lee"] == {"": "clerk"}, "who is disabled may nothing"
    for login, each in granted.items():
        assert set(each) - {""} == Customer.objects.get(login=login).get_all_permissions()


def test_auditors_read_and_change_nothing(mak: Customer, make_staff: Callable[..., Customer]) -> None:
    """A1"""
    make_staff("lee2", "auditor")
    auditor = Desk("198.51.100.77")
    auditor.log_in("lee2")
    assert "mak" in text_of(auditor.get("colleagues/"))
    assert auditor.get(f"colleagues/{mak.pk}/").status_code == 200
    assert deed(auditor, mak, "leave").status_code == 403
    assert auditor.get("colleagues/new/").status_code == 403


# --- The own sessions --------------------------------------------------------------------------------------


def test_everybody_reads_the_own_logins_and_no_others(
    clock: Clock, mak: Customer, mak_inside: Desk, chan_inside: Desk
) -> None:
    """A7"""
    stranger = Desk("203.0.113.9")
    stranger.password_step("mak", "wrong")
    told = text_of(mak_inside.get("logins/"))
    assert "Logged in" in told
    assert "Wrong password" in told
    assert "203.0.•.•" in told
    assert "Wrong password" not in text_of(chan_inside.get("logins/"))


def test_the_idle_limit_of_staff_is_their_own(clock: Clock, mak: Customer) -> None:
    """T3: its own setting, 15 minutes unless said otherwise."""
    assert settings.SESSION_COOKIE_AGE == settings.STAFF_IDLE_MINUTES * 60 == 15 * 60
    desk = Desk()
    desk.log_in("mak")
    for _ in range(3):
        clock.shift(timedelta(minutes=14).total_seconds())
        assert desk.is_inside()
    clock.shift(timedelta(minutes=15, seconds=1).total_seconds())
    assert not desk.is_inside()
