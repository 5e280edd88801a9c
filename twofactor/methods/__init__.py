"""The methods, by the kind that an account stores. An unknown kind is an error, never a default."""

from twofactor.methods.base import Factor, Method
from twofactor.methods.email import EmailCode, ResetEmailCode
from twofactor.methods.sms import SmsMethod
from twofactor.methods.soft_token import SoftTokenMethod

METHODS: dict[str, Method] = {method.kind: method for method in (SmsMethod(), SoftTokenMethod())}

_PROVE_CONTACTS_ONLY: dict[str, Factor] = {code.kind: code for code in (EmailCode(), ResetEmailCode())}


def factor(kind: str) -> Factor:
    """What asks and judges the challenges of this kind: a method, or what proves a contact only."""
    return METHODS[kind] if kind in METHODS else _PROVE_CONTACTS_ONLY[kind]
