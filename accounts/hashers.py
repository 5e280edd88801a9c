"""How passwords of clients and staff are hashed; settings.PASSWORD_HASHERS has what else can be checked."""

from django.contrib.auth.hashers import Argon2PasswordHasher
from nacl import pwhash
from nacl.exceptions import InvalidkeyError


class PortalArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane): about 20 ms a check.

    Django's own parameters cost five times the memory and time, which a login storm at the opening bell would
    turn against us.
    """

    memory_cost = 19456
    time_cost = 2
    parallelism = 1

    def verify(self, password: str, encoded: str) -> bool:
        """Compare with libsodium, which uses the widest instructions that the processor has: the same work in half the
        time of the library that Django takes. It reads the parameters from the hash, also those of an import."""
        try:
            return pwhash.verify(encoded[encoded.index("$") :].encode(), password.encode())
        except InvalidkeyError:
            return False
