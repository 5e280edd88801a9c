"""System verification: a proof of work for browsers with scripts, a picture or spoken code for those without.

Both are stateless until they are spent: the server signs or seals what it asks, and the answer's id goes into
the unique column `SignIn.verification`, so that each is worth one try.
"""

import json
import secrets
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime

from altcha import create_challenge, verify_solution
from django.conf import settings

from accounts import policy
from portal.lib import crypto

_PICTURE_SEAL = "picture"
_ALGORITHM = "PBKDF2/SHA-256"
_MAX_PAYLOAD = 4096  # characters; a real one has about 700


def new_proof(now: datetime) -> str:
    """A fresh proof-of-work challenge (ALTCHA v2) as JSON for the page."""
    low = policy.PROOF_TRIES // 2
    challenge = create_challenge(
        _ALGORITHM,
        policy.PROOF_COST,
        counter=low + secrets.randbelow(policy.PROOF_TRIES - low),
        expires_at=now + policy.VERIFICATION_LIFETIME,
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("key"),
    )
    return json.dumps(challenge.to_dict(), separators=(",", ":"))


def check_proof(payload: str) -> str | None:
    """The id to spend if the proof of work is right and in time, else None. Forged or broken input is just wrong."""
    if not payload or len(payload) > _MAX_PAYLOAD:
        return None
    verdict = verify_solution(payload, _secret("challenge"), hmac_key_secret=_secret("key"))
    if not verdict.verified:
        return None
    parameters = json.loads(b64decode(payload))["challenge"]["parameters"]
    return f"proof:{parameters['nonce']}"


def new_picture(now: datetime) -> str:
    """A token for a fresh picture code. It holds the digits sealed, so it may stand in a form and in a URL."""
    digits = "".join(secrets.choice("0123456789") for _ in range(policy.PICTURE_LENGTH))
    expires = int((now + policy.VERIFICATION_LIFETIME).timestamp())
    content = json.dumps([digits, expires, secrets.token_hex(16)])
    return urlsafe_b64encode(crypto.seal(_PICTURE_SEAL, content.encode())).decode().rstrip("=")


def picture_digits(token: str, now: datetime) -> str | None:
    """What the picture of this token shows, or None for a token that is forged or too old."""
    opened = _open_picture(token, now)
    return opened[0] if opened else None


def check_picture(token: str, answer: str, now: datetime) -> str | None:
    """The id to spend if the answer is what the picture shows, else None."""
    opened = _open_picture(token, now)
    if opened is None or not secrets.compare_digest(answer.encode(), opened[0].encode()):
        return None
    return f"picture:{opened[1]}"


def spoiled_picture(token: str, now: datetime) -> str | None:
    """The id to spend after a wrong answer, so that one picture cannot be guessed at twice."""
    opened = _open_picture(token, now)
    return f"picture:{opened[1]}" if opened else None


def _open_picture(token: str, now: datetime) -> tuple[str, str] | None:
    if len(token) > 512:
        return None
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        digits, expires, nonce = json.loads(crypto.open_sealed(_PICTURE_SEAL, sealed))
    except (crypto.CannotOpen, Base64Error, ValueError):
        return None
    return (digits, nonce) if datetime.fromtimestamp(expires, tz=now.tzinfo) > now else None


def _secret(use: str) -> str:
    return f"{settings.SECRET_KEY}:altcha:{use}"
