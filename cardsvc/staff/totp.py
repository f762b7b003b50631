"""Time-based codes (RFC 6238): six digits, thirty seconds, one step either way, each step once."""

import io
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Final

import pyotp
import segno

STEP_S: Final = 30
DIGITS: Final = 6
#: RFC 6238, section 5.2: clocks differ, one step is enough.
EITHER_WAY: Final = 1
#: RFC 4226, section 4: at least 128 bits, 160 recommended.
SECRET_BYTES: Final = 20


def new_secret() -> bytes:
    """A secret for one person's authenticator."""
    return secrets.token_bytes(SECRET_BYTES)


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """The time step whose code this is; None where it is no code of now."""
    totp = _totp(secret)
    current = int(now.timestamp()) // STEP_S
    for step in range(max(0, current - EITHER_WAY), current + EITHER_WAY + 1):
        if totp.verify(code, for_time=step * STEP_S):
            return step
    return None


def provisioning(secret: bytes, staff: str, issuer: str) -> tuple[str, str]:
    """The address that authenticators take, and the same as a picture (SVG)."""
    uri = _totp(secret).provisioning_uri(name=staff, issuer_name=issuer)
    picture = io.BytesIO()
    segno.make(uri, error="m").save(picture, kind="svg", scale=4, xmldecl=False, svgns=True)
    return uri, picture.getvalue().decode()


def _totp(secret: bytes) -> pyotp.TOTP:
    return pyotp.TOTP(b32encode(secret).decode(), digits=DIGITS, interval=STEP_S)
