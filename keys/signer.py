"""What signs: private keys behind one small protocol, chosen by URI.

Nothing outside this package touches a private key. A signer says which public key it speaks for and signs
bytes; where the key lives is the URI's business.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, KeyFile, Passphrase, open_file, seal_file
from verify.cose import (
    EDDSA,
    ES256,
    SEALING,
    SIGNATURE_BYTES,
    PublicKey,
    check_public,
    encode_sign1,
    protected_header,
    sign1_tbs,
    sign_tbs,
)

SECRET_BYTES = 32
#: Names of algorithms in key files, URIs and configuration (RFC 9053, RFC 8037 names).
ALGORITHMS = {"EdDSA": EDDSA, "ES256": ES256, "X25519": SEALING}
_NAMES = {number: name for name, number in ALGORITHMS.items()}


class Signer(Protocol):
    """Speaks for one public key. ``sign`` returns 64 raw bytes: Ed25519, or r‖s for P-256 with SHA-256.

    The same message always gives the same signature, so that after a crash the same bytes are signed again.
    """

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``."""


@dataclass(frozen=True, slots=True)
class MemorySigner:
    """A signer whose private key is in this process's memory; make one with :func:`memory_signer`."""

    public: PublicKey
    _sign: Callable[[bytes], bytes] = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` (see :class:`Signer`)."""
        return self._sign(message)


def memory_signer(secret: bytes, algorithm: int = EDDSA) -> MemorySigner:
    """Make a signer from its 32-byte secret: an Ed25519 seed, or a P-256 scalar (big endian)."""
    _check_length(secret)
    if algorithm == EDDSA:
        raw, private = crypto_sign_seed_keypair(secret)
        return MemorySigner(PublicKey(EDDSA, raw), lambda data: crypto_sign(data, private)[:SIGNATURE_BYTES])
    if algorithm == ES256:
        return _p256_signer(secret)
    raise KeysError("wrong_algorithm", f"EdDSA or ES256 signs here, algorithm {algorithm} does not")


def new_signer(algorithm: int = EDDSA) -> MemorySigner:
    """Make a signer with a fresh key that is written nowhere: for previews, lint and tests."""
    return memory_signer(new_secret(algorithm), algorithm)


def new_secret(algorithm: int = EDDSA) -> bytes:
    """Draw a fresh 32-byte secret for ``algorithm`` from the system's generator."""
    if algorithm == ES256:
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return number.to_bytes(SECRET_BYTES, "big")
    return os.urandom(SECRET_BYTES)


def public_of(secret: bytes, algorithm: int) -> PublicKey:
    """Compute the public key that belongs to a secret; the algorithm ``SEALING`` is X25519."""
    if algorithm == SEALING:
        _check_length(secret)
        return PublicKey(SEALING, bytes(PrivateKey(secret).public_key))
    return memory_signer(secret, algorithm).public


def seal_key(
    path: Path, secret: bytes, algorithm: int, use: str, passphrase: Passphrase, *, cost: Cost = STANDARD_COST
) -> PublicKey:
    """Write a private key as an encrypted file (never over another one) and return its public key."""
    public = public_of(secret, algorithm)
    header = {
        "use": use,
        "algorithm": _NAMES[algorithm],
        "kid": public.kid.hex(),
        "public": public.raw.hex(),
    }
    seal_file(path, secret, header, passphrase, cost=cost)
    return public


def open_key(path: Path, passphrase: Passphrase, *, use: str | None = None) -> tuple[PublicKey, bytes]:
    """Open a private key file and check the secret against its public header (``key_mismatch``).

    ``use``, when given, must be the file's (``wrong_key_use``). Further refusals: those of ``open_file``.
    """
    file = open_file(path, passphrase)
    if use is not None and file.header.get("use") != use:
        found = file.header.get("use")
        raise KeysError("wrong_key_use", f"{path} is a {found} key, a {use} key was expected")
    public = public_of(file.secret, _algorithm(path, file))
    if file.header.get("public") != public.raw.hex() or file.header.get("kid") != public.kid.hex():
        raise KeysError("key_mismatch", f"{path}: the private key does not belong to its public header")
    if public.algorithm != SEALING:
        check_public(public)
    return public, file.secret


def open_signer(uri: str, passphrase: Passphrase | None = None, *, use: str | None = None) -> Signer:
    """Open the signer that ``uri`` names.

    ``file:/path/name.key`` (with its passphrase) or ``memory:EdDSA`` / ``memory:ES256`` (a throw-away key).
    Raises :class:`KeysError`: ``signer_unsupported``, ``passphrase_missing``, and what opening a file raises.
    """
    parts = urlsplit(uri)
    if parts.scheme == "memory":
        if parts.path not in ("EdDSA", "ES256"):
            raise KeysError("signer_unsupported", f"memory:EdDSA or memory:ES256 was expected, {uri!r} came")
        return new_signer(ALGORITHMS[parts.path])
    if parts.scheme in ("hsm", "pkcs11"):
        raise KeysError(
            "signer_unsupported",
            f"support for {parts.scheme}: keys is not installed in this version; use a file: key",
        )
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise KeysError("signer_unsupported", f"a signer is named file:/path or memory:EdDSA, {uri!r} came")
    if passphrase is None:
        raise KeysError("passphrase_missing", f"{uri} is encrypted and needs a passphrase file")
    public, secret = open_key(Path(unquote(parts.path)), passphrase, use=use)
    return memory_signer(secret, public.algorithm)


def seal_box(secret: bytes) -> SealedBox[PrivateKey]:
    """What opens data that was sealed to an X25519 key; to be kept, since making it costs as much again."""
    _check_length(secret)
    return SealedBox(PrivateKey(secret))


def unseal(box: SealedBox[PrivateKey], sealed: bytes) -> bytes | None:
    """Open what was sealed to the key of ``box``; None for what was not, or was changed."""
    try:
        return box.decrypt(sealed)
    except (CryptoError, ValueError):
        return None


def sign1(signer: Signer, payload: bytes, typ: str | None = None) -> bytes:
    """Wrap ``payload`` into a COSE_Sign1 signed by ``signer``; cards have no ``typ`` (section 5)."""
    protected = protected_header(signer.public.algorithm, signer.public.kid, typ)
    return encode_sign1(protected, payload, signer.sign(sign1_tbs(protected, payload)))


def cosign(signer: Signer, body_protected: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """Give one signer's part of a COSE_Sign: its protected header and its signature."""
    protected = protected_header(signer.public.algorithm, signer.public.kid)
    return protected, signer.sign(sign_tbs(body_protected, protected, payload))


def _p256_signer(secret: bytes) -> MemorySigner:
    try:
        private = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    except ValueError as error:
        raise KeysError("key_mismatch", "the secret is no P-256 scalar") from error
    raw = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)  # RFC 6979

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, algorithm))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return MemorySigner(PublicKey(ES256, raw), sign)


def _algorithm(path: Path, file: KeyFile) -> int:
    name = file.header.get("algorithm", "")
    if name not in ALGORITHMS:
        raise KeysError("wrong_algorithm", f"{path} holds a {name!r} key; known are {', '.join(ALGORITHMS)}")
    return ALGORITHMS[name]


def _check_length(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise KeysError("key_mismatch", f"a secret of {SECRET_BYTES} bytes was expected, {len(secret)} came")
