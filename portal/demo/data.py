"""The people of the demo: five clients, one for each situation, and a member of staff for each role."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause, Method
from twofactor.models import SoftToken, StaffAuthenticator, TokenState
from twofactor.services import tokens

PASSWORD = "Harbour-2026-demo"
SEED_LENGTH = 20  # bytes, what RFC 4226 recommends


@dataclass(frozen=True, slots=True)
class Client:
    """One demo client; `about` is what the supervisor prints beside the account number.

    `device` is the name of the phone with the mobile security code, for whoever uses one.
    """

    login: str
    name: str
    about: str
    device: str = ""
    fields: dict[str, object] = field(default_factory=dict)


CLIENTS = (
    Client(
        "100001",
        "Amy Chan",
        "Amy Chan, Traditional Chinese",
        fields={
            "mobile": "+85291234567",
            "email": "amy.chan@client.example",
            "language": "zh-hant",
            "postal_address": "九龍旺角\n彌敦道610號\n曉光大廈9樓B室",
        },
    ),
    Client(
        "100002",
        "Ben Wong",
        "Ben Wong, English, mobile security code",
        device="Ben’s phone",
        fields={
            "mobile": "+85261234568",
            "email": "ben.wong@client.example",
            "language": "en",
            "postal_address": "Flat 8, 12/F, Lantern Court\n25 King's Road\nNorth Point\nHong Kong",
        },
    ),
    Client(
        "100003",
        "Cleo Lee",
        "Cleo Lee, Simplified Chinese",
        fields={
            "mobile": "+85251234569",
            "email": "cleo.lee@client.example",
            "language": "zh-hans",
            "postal_address": "广东省深圳市福田区\n滨河大道200号\n晨光阁1206室",
        },
    ),
    Client(
        "100004",
        "Dora Ho",
        "Dora Ho, no mobile number on file: no way in",
        fields={
            "email": "dora.ho@client.example",
            "language": "en",
            "postal_address": "Flat B, 9/F, Morning House\n18 Hollywood Road\nCentral\nHong Kong",
        },
    ),
    Client(
        "100005",
        "Eric Lam",
        "Eric Lam, frozen by staff",
        fields={
            "mobile": "+85291234560",
            "email": "eric.lam@client.example",
            "language": "zh-hant",
            "postal_address": "香港灣仔\n軒尼詩道120號\n晨曦樓5樓A室",
            "state": AccountState.FROZEN,
            "freeze_cause": FreezeCause.STAFF,
            "freeze_reference": "FDEMO234",
        },
    ),
)
STAFF = {
    "clerk.mak": ("Mak Wing Sze", "clerk"),
    "super.chan": ("Chan Tai Man", "supervisor"),
    "officer.ho": ("Ho Ka Yan", "officer"),
    "audit.lee": ("Lee Siu Ming", "auditor"),
}


@transaction.atomic
def load(people: Path) -> int:
    """Make whoever is not there yet, and write to `people` who may log in; how many were made.

    Who is there stays as found, so that a demo goes on where it stopped. Seeds live in the database only
    sealed; the file keeps them readable, so that they can be shown at each start.
    """
    seeds = _known_seeds(people)
    made = sum(_client(client, seeds) for client in CLIENTS)
    for login in STAFF:
        made += _staff(login, seeds)
    content = {
        "password": PASSWORD,
        "clients": [
            {"login": client.login, "about": client.about, "seed": seeds.get(client.login, "")} for client in CLIENTS
        ],
        "staff": [{"login": login, "seed": seeds[login]} for login in STAFF],
    }
    unfinished = people.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(people)
    return made


def _client(client: Client, seeds: dict[str, str]) -> int:
    if Customer.objects.filter(login=client.login).exists():
        _keep_seed(client, seeds)
        return 0
    frozen = client.fields.get("state") == AccountState.FROZEN
    Customer.objects.create_client(
        client.login,
        password=PASSWORD,
        name=client.name,
        must_change_password=False,
        frozen_at=timezone.now() if frozen else None,
        **client.fields,
    )
    if client.device:
        _bind(client, seeds)
    return 1


def _bind(client: Client, seeds: dict[str, str]) -> None:
    now = timezone.now()
    customer = Customer.lock(Customer.objects.get(login=client.login).pk)
    token, seed = tokens.show(customer, name=client.device, now=now)
    tokens.bind(customer, token, now=now)
    customer.method, customer.method_chosen_at = Method.SOFT_TOKEN, now
    customer.save(update_fields=["method", "method_chosen_at"])
    seeds[client.login] = base64.b32encode(seed).decode()


def _keep_seed(client: Client, seeds: dict[str, str]) -> None:
    """Show no seed that opens nothing any more; if the file is gone, the seed is replaced."""
    token = SoftToken.objects.filter(customer__login=client.login, state=TokenState.BOUND, name=client.device).first()
    if token is not None and not seeds:
        _bind(client, seeds)
    elif token is None or base64.b32decode(seeds.get(client.login, "")) != token.seed:
        seeds.pop(client.login, None)


def _staff(login: str, seeds: dict[str, str]) -> int:
    """One member of staff with role and authenticator; a seed that nobody can read any more is replaced."""
    name, role = STAFF[login]
    staff = Customer.objects.filter(login=login).first()
    made = staff is None
    if staff is None:
        staff = Customer.objects.create_staff(login, password=PASSWORD, name=name, must_change_password=False)
        staff.groups.add(Group.objects.get(name=role))
    bound = StaffAuthenticator.objects.filter(user=staff)
    if login not in seeds:
        seeds[login] = base64.b32encode(secrets.token_bytes(SEED_LENGTH)).decode()
        bound.delete()
    if not bound.exists():
        StaffAuthenticator.objects.create_with_seed(staff, base64.b32decode(seeds[login]))
    return int(made)


def _known_seeds(people: Path) -> dict[str, str]:
    try:
        content = json.loads(people.read_text(encoding="utf-8"))
        people_with_seeds = [*content["staff"], *content["clients"]]
        return {each["login"]: each["seed"] for each in people_with_seeds if each.get("seed")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
