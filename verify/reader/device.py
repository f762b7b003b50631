"""The keys a device makes for itself and never gives away (docs/readers.md, "Enrolment")."""

import base64
import json
import os
import secrets
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from verify.cose import ES256, PublicKey, encode_sign1, protected_header, sign1_tbs
from verify.errors import Refused, Unchecked
from verify.store import StateDirectory

_SIGN, _SEAL, _LOCAL = "device.pem", "device.seal", "device.history"
_KEY_BYTES: Final = 32
_EXPOSED: Final = 0o077
PSEUDONYM_BYTES: Final = 16


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class Device:
    """A P-256 key that signs, an X25519 key that opens what was sealed to it, and a key for its memory."""

    def __init__(self, sign: ec.EllipticCurvePrivateKey, seal: PrivateKey, local: bytes) -> None:
        """Take the keys as they were read; :meth:`open` reads or makes them."""
        self._sign, self._seal, self._local = sign, seal, local
        point = sign.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = PublicKey(ES256, point)

    @classmethod
    def open(cls, state: Path, *, make: bool = False) -> "Device":
        """The keys in the state directory; with ``make`` those missing are made there.

        Raises ``not_enrolled`` where there are none, ``device_key_exposed`` where others may read them,
        ``device_key_damaged``, and what :class:`~verify.store.StateDirectory` raises.
        """
        directory = StateDirectory(state)
        if make:
            with directory.locked():
                for name, fresh in ((_SIGN, _new_signing_key), (_SEAL, _new_bytes), (_LOCAL, _new_bytes)):
                    if directory.read(name) is None:
                        directory.write(name, fresh())
        parts = [_private(directory, state / name, name) for name in (_SIGN, _SEAL, _LOCAL)]
        try:
            sign = load_pem_private_key(parts[0], password=None)
            seal = PrivateKey(parts[1])
        except (ValueError, TypeError, CryptoError) as error:
            raise Unchecked("device_key_damaged", f"the device's keys in {state}: {error}") from error
        if not isinstance(sign, ec.EllipticCurvePrivateKey) or len(parts[2]) != _KEY_BYTES:
            raise Unchecked("device_key_damaged", f"the device's keys in {state} are of another kind")
        return cls(sign, seal, parts[2])

    @property
    def seal_public(self) -> bytes:
        """The X25519 key that others seal to."""
        return bytes(self._seal.public_key)

    @property
    def fingerprint(self) -> str:
        """The first 16 characters of the SHA-256 of the public key: to be compared by eye at enrolment."""
        return sha256(self.public.raw).hexdigest()[:16]

    def jwk(self) -> dict[str, str]:
        """The public signing key as JWK (RFC 7517)."""
        x, y = self.public.raw[1:33], self.public.raw[33:]
        return {"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)}

    def jws(self, claims: dict[str, object], typ: str) -> str:
        """A JWT (RFC 7519) of ``claims``, signed with ES256."""
        parts = (
            json.dumps(part, separators=(",", ":")).encode()
            for part in ({"alg": "ES256", "typ": typ}, claims)
        )
        message = b".".join(base64url(part).encode("ascii") for part in parts)
        return f"{message.decode('ascii')}.{base64url(self._signature(message))}"

    def sign1(self, payload: bytes, typ: str) -> bytes:
        """A COSE_Sign1 of ``payload``, with the device's kid."""
        header = protected_header(ES256, self.public.kid, typ)
        return encode_sign1(header, payload, self._signature(sign1_tbs(header, payload)))

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed to this device; raises ``not_for_this_device``."""
        try:
            return bytes(SealedBox(self._seal).decrypt(sealed))
        except (CryptoError, ValueError, TypeError) as error:
            raise Refused(
                "not_for_this_device", "this was not sealed to this device, or is damaged"
            ) from error

    def whom(self, number: str) -> bytes:
        """What the device's own memory calls a card, so that its disk holds no card number."""
        return hmac_digest(self._local, number.encode(), "sha256")[:PSEUDONYM_BYTES]

    def _signature(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._sign.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(_KEY_BYTES, "big") + s.to_bytes(_KEY_BYTES, "big")


def _private(directory: StateDirectory, path: Path, name: str) -> bytes:
    data = directory.read(name)
    if data is None:
        raise Unchecked(
            "not_enrolled", f"{path} is not there; `cardsvc-verify enrol` makes the device's keys"
        )
    if os.stat(path).st_mode & _EXPOSED:
        raise Refused("device_key_exposed", f"others may read {path}; allow its owner alone: chmod 600")
    return data


def _new_signing_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _new_bytes() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)
