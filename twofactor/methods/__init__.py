"""The methods, by the kind that an account stores. An unknown kind is an error, never a default."""

from twofactor.methods.base import Factor, Method
from twofactor.methods.email import EmailCode
from twofactor.methods.sms import SmsMethod
from twofactor.methods.soft_token import SoftTokenMethod

METHODS: dict[str, Method] = {method.kind: method for method in (SmsMethod(), SoftTokenMethod())}

_PROVE_CONTACTS_ONLY: dict[str, Factor] = {EmailCode.kind: EmailCode()}


def factor(kind: str) -> Factor:
    """What asks and judges the challenges of this kind: a method, or what proves a new contact only."""
    return METHODS[kind] if kind in METHODS else _PROVE_CONTACTS_ONLY[kind]
