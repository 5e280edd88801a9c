"""The fixtures of accounts serve here too."""

from tests.accounts.conftest import cheap_hash, clock, password_hash

__all__ = ["cheap_hash", "clock", "password_hash"]
