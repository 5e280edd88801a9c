"""The life of a soft token. Every verb is called with the account locked, inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from accounts.models import Customer
from portal.lib import totp
from portal.lib.batches import delete_in_batches
from twofactor import policy
from twofactor.methods.soft_token import accepted
from twofactor.models import SoftToken, TokenState

_LIVE = [TokenState.BOUND, TokenState.SUSPENDED]


def show(customer: Customer, *, name: str, now: datetime) -> tuple[SoftToken, bytes]:
    """A new token, which opens nothing yet, and its seed: the only time that it is given out."""
    seed = totp.new_seed()
    token = SoftToken(customer=customer, name=name, created_at=now)
    token.seal(seed)
    token.save(force_insert=True)
    return token, seed


def proves(token: SoftToken, code: str, *, now: datetime) -> bool:
    """Whether this first code is right for a token whose key was shown a moment ago. It is used up with that."""
    if token.state != TokenState.SHOWN or now - token.created_at > policy.KEY_LIFETIME:
        return False
    step = totp.find_step(token.seed, [code], accepted(token, now))
    if step is None or step <= token.last_step:
        return False
    token.last_step = step
    token.save(update_fields=["last_step"])
    return True


def bind(customer: Customer, token: SoftToken, *, now: datetime) -> None:
    """Make a shown token the one of the account; an earlier one is removed in the same breath."""
    if token.customer_id != customer.pk or token.state != TokenState.SHOWN:
        raise AssertionError("only a token that was shown to this client is bound")
    _end(customer, _LIVE, now=now)
    token.state, token.bound_at = TokenState.BOUND, now
    token.save(update_fields=["state", "bound_at"])


def drop(token: UUID) -> None:
    """A key that was shown and never confirmed is worth nothing from here on."""
    SoftToken.objects.filter(pk=token, state=TokenState.SHOWN).delete()


def remove(customer: Customer, *, now: datetime) -> None:
    """Remove whatever token there is, bound or not; its seed is erased."""
    _end(customer, [TokenState.SHOWN, *_LIVE], now=now)


def suspend(customer: Customer, *, now: datetime) -> bool:
    """Stop the bound token for good; whether there was one. Ending the sessions is the caller's part."""
    bound = SoftToken.objects.filter(customer=customer, state=TokenState.BOUND)
    return bool(bound.update(state=TokenState.SUSPENDED, ended_at=now))


def live(customer: Customer) -> SoftToken | None:
    """The one token of the account, bound or suspended."""
    return SoftToken.objects.filter(customer=customer, state__in=_LIVE).first()


def purge(now: datetime) -> int:
    """Delete keys that were shown and never confirmed; how many."""
    forgotten = SoftToken.objects.filter(state=TokenState.SHOWN, created_at__lt=now - policy.UNBOUND_RETENTION)
    return delete_in_batches(forgotten, size=policy.PURGE_BATCH)


def _end(customer: Customer, states: list[TokenState], *, now: datetime) -> None:
    tokens = SoftToken.objects.filter(customer=customer, state__in=states)
    tokens.update(state=TokenState.REMOVED, sealed_seed=None, ended_at=now)
