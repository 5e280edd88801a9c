"""Numbers that people read to each other, over the phone or off a screen."""

import secrets

#: Letters and digits of which none is mistaken for another.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 7


def new_reference(first: str) -> str:
    """A reference of eight letters; the first one says what it is of. 29**7 are 17 thousand million."""
    return first + letters(_LENGTH)


def letters(length: int) -> str:
    """So many letters at random."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))
