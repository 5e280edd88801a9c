"""`manage.py reseal_secrets`: seeds move under a new key while everything goes on."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Customer
from portal.lib import crypto
from tests.twofactor.phone import STEP, Phone, give_phone, suspend, token_of
from tests.twofactor.steps import Clock, pend
from twofactor import policy
from twofactor.models import SoftToken, StaffAuthenticator
from twofactor.services import resealing, tokens
from twofactor.services.challenges import Verdict
from twofactor.services.login import second_step
from twofactor.services.resealing import Resealed

pytestmark = pytest.mark.django_db(transaction=True)
MakeClient = Callable[..., Customer]
_OLD, _NEW = bytes(range(32)), bytes(range(32, 64))
_STAFF_SEED = bytes(range(20))
_NO_PAPERS = [f"{papers}: 0 sealed anew, 0 left." for papers in ("Proposals", "Files of proposals", "Letters")]


@pytest.fixture
def ben(clock: Clock, make_client: MakeClient) -> Customer:
    return make_client("100002")


@pytest.fixture
def phone(ben: Customer, settings: Settings) -> Phone:
    """Bound under the old key, before there was a new one. Some staff are, too."""
    settings.SEALING_KEYS = {"old": _OLD}
    phone = give_phone(ben)
    staff = Customer.objects.create_staff("mak")
    StaffAuthenticator.objects.create_with_seed(staff, _STAFF_SEED)
    settings.SEALING_KEYS = {"new": _NEW, "old": _OLD}
    return phone


def reseal() -> list[str]:
    """What the command says."""
    said = StringIO()
    call_command("reseal_secrets", stdout=said)
    return said.getvalue().splitlines()


def logs_in(customer: Customer, phone: Phone) -> bool:
    sign_in, _ = pend(customer)
    return second_step(sign_in, phone.code(), device="")[0].verdict == Verdict.PASSED


def test_after_it_the_old_key_can_go(ben: Customer, phone: Phone, settings: Settings, clock: Clock) -> None:
    """T3: clients and staff, and a second run finds nothing to do."""
    assert logs_in(ben, phone)
    assert reseal() == [
        "Mobile security codes: 1 sealed anew, 0 left.",
        "Authenticators of staff: 1 sealed anew, 0 left.",
        *_NO_PAPERS,
    ]
    settings.SEALING_KEYS = {"new": _NEW}
    clock.shift(STEP)
    assert logs_in(ben, phone)
    assert StaffAuthenticator.objects.get().seed == _STAFF_SEED
    before = token_of(ben).sealed_seed
    assert reseal() == [
        "Mobile security codes: 0 sealed anew, 0 left.",
        "Authenticators of staff: 0 sealed anew, 0 left.",
        *_NO_PAPERS,
    ]
    assert token_of(ben).sealed_seed == before


def test_nothing_but_the_seal_changes(ben: Customer, phone: Phone) -> None:
    """T3, T2: the steps that were used stay used."""
    logs_in(ben, phone)
    unsealed = [name for name in (field.attname for field in SoftToken._meta.fields) if name != "sealed_seed"]
    before = SoftToken.objects.values(*unsealed).get()
    reseal()
    assert SoftToken.objects.values(*unsealed).get() == before
    assert not logs_in(ben, phone)


def test_stopped_half_way_it_goes_on_where_it_was(
    phone: Phone, settings: Settings, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T3: each batch stands by itself."""
    settings.SEALING_KEYS = {"old": _OLD}
    for number in range(9):
        give_phone(make_client(f"20000{number}"))
    settings.SEALING_KEYS = {"new": _NEW, "old": _OLD}
    monkeypatch.setattr(policy, "RESEAL_BATCH", 3)
    with monkeypatch.context() as patch:
        sealed: list[bytes] = []

        def stopped(token: SoftToken, seed: bytes) -> None:
            if len(sealed) == 7:
                raise KeyboardInterrupt
            sealed.append(seed)
            token.sealed_seed = crypto.seal("soft-token", seed, bound_to=str(token.customer_id))

        patch.setattr(SoftToken, "seal", stopped)
        with pytest.raises(KeyboardInterrupt):
            reseal()
    assert sum(crypto.sealed_by_first_key(bytes(token.sealed_seed or b"")) for token in SoftToken.objects.all()) == 6
    assert all(len(token.seed) == 20 for token in SoftToken.objects.all())
    assert reseal()[0] == "Mobile security codes: 4 sealed anew, 0 left."


def test_a_seed_that_no_key_opens_is_left_and_told(ben: Customer, phone: Phone, settings: Settings) -> None:
    """T3: the old key was dropped too early; putting it back helps."""
    settings.SEALING_KEYS = {"new": _NEW}
    before = token_of(ben).sealed_seed
    with pytest.raises(CommandError, match="opens 2 of them"):
        reseal()
    assert token_of(ben).sealed_seed == before
    settings.SEALING_KEYS = {"new": _NEW, "old": _OLD}
    assert reseal()[0] == "Mobile security codes: 1 sealed anew, 0 left."


def test_tokens_of_every_state_are_kept_readable(ben: Customer, phone: Phone, make_client: MakeClient) -> None:
    """T3: shown, suspended and removed ones do not stop it."""
    suspend(ben)
    other = make_client("100003")
    give_phone(other)
    tokens.remove(other, now=other.created_at)
    tokens.show(other, name="Shown", now=other.created_at)
    assert resealing.soft_tokens() == Resealed(done=1)


def test_it_prints_no_seed(phone: Phone) -> None:
    """T3"""
    said = "".join(reseal())
    assert phone.seed.hex() not in said
    assert "old" not in said
