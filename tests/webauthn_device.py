"""A passkey in software: makes the registrations and assertions that a browser would hand over.

Each argument that bends a rule (``origin``, ``flags``, ``kind`` …) lets a test leave one
check out of a sound ceremony and see that it is missed.
"""

import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from keys.requests import challenge_of
from keys.signing import Approval, ApproverKey

#: Flags of authenticator data (WebAuthn level 3, section 6.1).
USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40
NO_AAGUID = bytes(16)


@dataclass
class Device:
    """One passkey at one relying party, whose private key never leaves this object."""

    rp_id: str
    origin: str
    algorithm: str = "ES256"
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    counter: int = 0
    user_handle: str | None = None

    def __post_init__(self) -> None:
        self._private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
        if self.algorithm == "ES256":
            self._private = ec.generate_private_key(ec.SECP256R1())
        else:
            self._private = ed25519.Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> bytes:
        """The COSE_Key of the public half (RFC 9053)."""
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: self._private.public_key().public_bytes_raw()})
        numbers = self._private.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def key(self, label: str = "Test key") -> ApproverKey:
        """The passkey as the signer registers it."""
        return ApproverKey(self.credential_id, self.public_key, self.counter, label)

    def approve(self, staff: str, request: bytes, **bent: Any) -> Approval:
        """The approval of a request of the signer, by the person who holds this key."""
        authenticator, client, signature = self.assertion(challenge_of(request), **bent)
        return Approval(staff, self.credential_id, authenticator, client, signature)

    def assertion(
        self,
        challenge: bytes,
        *,
        origin: str | None = None,
        rp_id: str | None = None,
        kind: str = "webauthn.get",
        flags: int = USER_PRESENT | USER_VERIFIED,
        counter: int | None = None,
        cross_origin: bool = False,
    ) -> tuple[bytes, bytes, bytes]:
        """Authenticator data, client data and signature over them."""
        if counter is None:
            self.counter += 1
            counter = self.counter
        authenticator = self._authenticator_data(rp_id, flags, counter)
        client = self._client_data(kind, challenge, origin, cross_origin)
        return authenticator, client, self._sign(authenticator + sha256(client).digest())

    def get(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """``PublicKeyCredential.toJSON()`` of ``navigator.credentials.get`` with these options."""
        challenge = base64url_to_bytes(options["challenge"])
        authenticator, client, signature = self.assertion(challenge, **bent)
        return self._credential(
            {
                "authenticatorData": bytes_to_base64url(authenticator),
                "clientDataJSON": bytes_to_base64url(client),
                "signature": bytes_to_base64url(signature),
                "userHandle": self.user_handle,
            }
        )

    def create(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """``PublicKeyCredential.toJSON()`` of ``navigator.credentials.create``: attestation ``none``."""
        flags = bent.get("flags", USER_PRESENT | USER_VERIFIED) | ATTESTED
        challenge = base64url_to_bytes(options["challenge"])
        self.user_handle = options.get("user", {}).get("id")
        kind = bent.get("kind", "webauthn.create")
        client = self._client_data(kind, challenge, bent.get("origin"), bent.get("cross_origin", False))
        size = len(self.credential_id).to_bytes(2, "big")
        attested = NO_AAGUID + size + self.credential_id + self.public_key
        authenticator = self._authenticator_data(bent.get("rp_id"), flags, self.counter) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": authenticator})
        return self._credential(
            {
                "attestationObject": bytes_to_base64url(attestation),
                "clientDataJSON": bytes_to_base64url(client),
                "transports": ["internal"],
            }
        )

    def _authenticator_data(self, rp_id: str | None, flags: int, counter: int) -> bytes:
        hashed = sha256((rp_id or self.rp_id).encode()).digest()
        return hashed + bytes((flags,)) + counter.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: bytes, origin: str | None, cross_origin: bool) -> bytes:
        told = {
            "type": kind,
            "challenge": bytes_to_base64url(challenge),
            "origin": origin or self.origin,
            "crossOrigin": cross_origin,
        }
        return json.dumps(told, separators=(",", ":")).encode()

    def _sign(self, message: bytes) -> bytes:
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(message)
        return self._private.sign(message, ec.ECDSA(SHA256()))

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = bytes_to_base64url(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
