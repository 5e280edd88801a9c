"""The fixtures of accounts serve here too."""

from tests.accounts.conftest import clock, let_in

__all__ = ["clock", "let_in"]
