"""The methods, by the kind that an account stores. An unknown kind is an error, never a default."""

from twofactor.methods.base import Method
from twofactor.methods.sms import SmsMethod
from twofactor.methods.soft_token import SoftTokenMethod

METHODS: dict[str, Method] = {method.kind: method for method in (SmsMethod(), SoftTokenMethod())}
