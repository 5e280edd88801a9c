"""Sealing and keyed digests under keys that live outside the database.

`seal`/`open_sealed` give authenticated encryption (AES-256-GCM) under the first key of the ring and open
with any of them, so that keys rotate without a stop. `keyed_digest`/`matches` give an HMAC-SHA-256 that
carries the name of its key; `trail_digest`/`matches_trail` do the same under the keys of the audit trail, and
`sign`/`is_signed` sign with them (Ed25519, RFC 8032), so that whoever has the public key can check without a secret.
`blind_index` is the one digest that must stay stable: a lookup column.
Each use has a purpose, from which an own key is derived (HKDF, RFC 5869): what was sealed for one
purpose does not open for another.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12  # bytes, the size NIST SP 800-38D asks for


class CannotOpen(Exception):
    """Sealed bytes that were tampered with, sealed for another purpose, or whose key is gone."""


@lru_cache(maxsize=128)
def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


@lru_cache(maxsize=128)
def _cipher(key: bytes, purpose: str) -> AESGCM:
    return AESGCM(_derive(key, f"seal:{purpose}"))


def _first_key() -> tuple[str, bytes]:
    return next(iter(settings.SEALING_KEYS.items()))


def _label(purpose: str, bound_to: str) -> bytes:
    return f"{purpose}\0{bound_to}".encode() if bound_to else purpose.encode()


def seal(purpose: str, plain: bytes, *, bound_to: str = "") -> bytes:
    """Encrypt and authenticate; the result carries the name of the key.

    What is bound to something, say to the key of its row, does not open in another's place.
    """
    name, key = _first_key()
    nonce = secrets.token_bytes(_NONCE)
    return name.encode() + b":" + nonce + _cipher(key, purpose).encrypt(nonce, plain, _label(purpose, bound_to))


def sealed_by_first_key(sealed: bytes) -> bool:
    """Whether these bytes need no re-sealing."""
    return bytes(sealed).partition(b":")[0] == _first_key()[0].encode()


def open_sealed(purpose: str, sealed: bytes, *, bound_to: str = "") -> bytes:
    """The plain bytes; raises `CannotOpen`."""
    name, _, body = bytes(sealed).partition(b":")
    key = settings.SEALING_KEYS.get(name.decode("ascii", "replace"))
    if key is None:
        raise CannotOpen("no key of that name")
    try:
        return _cipher(key, purpose).decrypt(body[:_NONCE], body[_NONCE:], _label(purpose, bound_to))
    except (InvalidTag, ValueError):
        raise CannotOpen("not sealed for this purpose, or changed since") from None


def keyed_digest(purpose: str, *parts: str) -> str:
    """HMAC over the parts, unambiguous at their borders, as `keyname:hex`."""
    return _digest(settings.SEALING_KEYS, purpose, parts)


def matches(purpose: str, stored: str, *parts: str) -> bool:
    """Whether `stored` is the keyed digest of the parts; compares in constant time."""
    return _matches(settings.SEALING_KEYS, purpose, stored, parts)


def trail_digest(purpose: str, *parts: str) -> str:
    """HMAC over the parts under the first of AUDIT_KEYS, unambiguous at their borders, as `keyname:hex`."""
    return _digest(settings.AUDIT_KEYS, purpose, parts)


def matches_trail(purpose: str, stored: str, *parts: str) -> bool:
    """Whether `stored` is the trail's digest of the parts under the key that it names."""
    return _matches(settings.AUDIT_KEYS, purpose, stored, parts)


def sign(purpose: str, text: bytes, *, key: str = "") -> bytes:
    """The signature (64 bytes) of the text by one of AUDIT_KEYS, the first if none is named; always the same bytes."""
    return _signer(key, purpose).sign(text)


def is_signed(purpose: str, text: bytes, signature: bytes, *, key: str) -> bool:
    """Whether that key of AUDIT_KEYS has signed the text."""
    try:
        _signer(key, purpose).public_key().verify(signature, text)
    except (InvalidSignature, KeyError):
        return False
    return True


def public_key(purpose: str, *, key: str = "") -> bytes:
    """The public half (32 bytes) of what signs for a purpose, for those who check without a secret."""
    return _signer(key, purpose).public_key().public_bytes_raw()


def _signer(key: str, purpose: str) -> Ed25519PrivateKey:
    name = key or next(iter(settings.AUDIT_KEYS))
    return Ed25519PrivateKey.from_private_bytes(_derive(settings.AUDIT_KEYS[name], f"sign:{purpose}"))


def blind_index(purpose: str, value: str) -> str:
    """A stable keyed digest for look-ups (32 hex characters); its key does not rotate with the ring."""
    return _hmac(_derive(settings.INDEX_KEY, f"index:{purpose}"), (value,))[:32]


def token_digest(token: str) -> str:
    """SHA-256 of a random token of at least 128 bits: such a token needs no key to be safe at rest."""
    return hashlib.sha256(token.encode()).hexdigest()


def _digest(ring: Mapping[str, bytes], purpose: str, parts: tuple[str, ...]) -> str:
    name, key = next(iter(ring.items()))
    return f"{name}:{_hmac(_derive(key, f'digest:{purpose}'), parts)}"


def _matches(ring: Mapping[str, bytes], purpose: str, stored: str, parts: tuple[str, ...]) -> bool:
    name, _, expected = stored.partition(":")
    key = ring.get(name)
    return key is not None and hmac.compare_digest(
        expected.encode(), _hmac(_derive(key, f"digest:{purpose}"), parts).encode()
    )


def _hmac(key: bytes, parts: tuple[str, ...]) -> str:
    message = b"".join([len(part).to_bytes(4, "big") + part for part in map(str.encode, parts)])
    return hmac.digest(key, message, "sha256").hex()
