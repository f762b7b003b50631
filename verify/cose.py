"""COSE_Sign1 and COSE_Sign to bytes and back, keys and signatures (RFC 9052, 9053, 9679; section 1).

Deliberately narrow. What decides comes from the protected header alone; a signature never stands for what it
signs (Ed25519 and ECDSA both know several valid ones), so nothing here identifies a card by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

from verify import cbor
from verify.claims import mapping
from verify.errors import Refused, Unchecked

EDDSA, ES256 = -8, -7
#: RFC 9864 names the same signatures with their curve; accepted, not written.
ED25519, ESP256 = -19, -9
#: A key that signs nothing: X25519, to seal journals to.
SEALING = 0
#: Which algorithms of a header fit a key listed for the first one.
_SAME = {EDDSA: (EDDSA, ED25519), ES256: (ES256, ESP256)}
KNOWN_ALGORITHMS = frozenset((EDDSA, ED25519, ES256, ESP256))

_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_OKP, _EC2 = 1, 2
_CRV_P256, _CRV_X25519, _CRV_ED25519 = 1, 4, 6
_ALG, _CRIT, _KID, _TYP = 1, 2, 4, 16
_TAG_SIGN1, _TAG_CWT, _TAG_SIGN = b"\xd2", b"\xd8\x3d", b"\xd8\x62"
SIGNATURE_BYTES = 64
KID_BYTES = 8


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: 32 bytes for Ed25519 and X25519, ``04 ‖ x ‖ y`` for P-256."""

    algorithm: int
    raw: bytes

    def __post_init__(self) -> None:
        size = 65 if self.algorithm == ES256 else 32
        if self.algorithm not in (EDDSA, ES256, SEALING):
            raise Refused("malformed", f"algorithm {self.algorithm} belongs to no key of this format")
        if len(self.raw) != size or (size == 65 and self.raw[0] != 4):
            raise Refused("malformed", f"a key of {size} bytes was expected, {len(self.raw)} came")

    @property
    def kid(self) -> bytes:
        """The first 8 bytes of the thumbprint: a hint which key to try, never proof of one."""
        return thumbprint(self)[:KID_BYTES]

    def to_cose_key(self) -> dict[int, object]:
        """The COSE_Key map with the required members alone."""
        if self.algorithm == ES256:
            return {_KTY: _EC2, _CRV: _CRV_P256, _X: self.raw[1:33], _Y: self.raw[33:]}
        return {_KTY: _OKP, _CRV: _CRV_X25519 if self.algorithm == SEALING else _CRV_ED25519, _X: self.raw}

    @classmethod
    def from_cose_key(cls, item: object) -> "PublicKey":
        """Read a COSE_Key; ``malformed`` if it is none of the three kinds known here."""
        item = mapping(item, "a COSE_Key")
        x, y = item.get(_X), item.get(_Y)
        kind = (item.get(_KTY), item.get(_CRV))
        if not all(type(part) is int for part in kind):
            kind = (None, None)  # To Python true equals 1; to the format it is no number.
        if kind == (_EC2, _CRV_P256) and isinstance(x, bytes) and isinstance(y, bytes):
            return cls(ES256, b"\x04" + x + y)
        if kind == (_OKP, _CRV_ED25519) and isinstance(x, bytes):
            return cls(EDDSA, x)
        if kind == (_OKP, _CRV_X25519) and isinstance(x, bytes):
            return cls(SEALING, x)
        raise Refused("malformed", "a COSE_Key of Ed25519, X25519 or P-256 (y uncompressed) was expected")


def thumbprint(public: PublicKey) -> bytes:
    """The SHA-256 COSE_Key thumbprint (RFC 9679), 32 bytes."""
    return sha256(cbor.encode(public.to_cose_key())).digest()


def check_public(public: PublicKey) -> None:
    """Refuse keys that would verify anything: small order, not canonical, off the curve (``weak_key``)."""
    if public.algorithm == EDDSA and not crypto_core_ed25519_is_valid_point(public.raw):
        raise Refused("weak_key", "an Ed25519 key of small order or in a form that is not canonical")
    if public.algorithm == ES256:
        _p256(public.raw)


@lru_cache(maxsize=1024)
def _p256(raw: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise Refused("weak_key", "a P-256 key off the curve") from error


def fits(public: PublicKey, algorithm: int | None) -> bool:
    """Whether a header's algorithm is one this key is listed for."""
    return algorithm in _SAME.get(public.algorithm, ())


def verify_signature(public: PublicKey, message: bytes, signature: bytes) -> bool:
    """Judge a 64-byte signature: Ed25519 as libsodium does (section 1), P-256 as raw r‖s with SHA-256."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    if public.algorithm == EDDSA:
        try:
            crypto_sign_open(signature + message, public.raw)
        except BadSignatureError:
            return False
        return True
    if public.algorithm != ES256:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        _p256(public.raw).verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, Refused):
        return False  # A key off the curve verifies nothing; only a list's loading says that it is weak.
    return True


@dataclass(frozen=True, slots=True)
class Headers:
    """What a protected header says, as far as this format cares."""

    algorithm: int | None = None
    kid: bytes | None = None
    typ: str | None = None


def headers(protected: bytes) -> Headers:
    """Read a protected header; any ``crit`` is ``unsupported``: what it asks for is not done here."""
    item = mapping(cbor.decode(protected), "the protected header") if protected else {}
    if _CRIT in item:
        raise Unchecked("unsupported", "the header names critical extensions that this reader does not know")
    algorithm, kid, typ = item.get(_ALG), item.get(_KID), item.get(_TYP)
    if algorithm is not None and type(algorithm) is not int:
        # RFC 9053 allows text names; none is registered.
        raise Unchecked("unsupported", f"an algorithm named {algorithm!r} is not known here")
    if not (kid is None or type(kid) is bytes):
        raise Refused("malformed", "the key identifier is not a byte string")
    if not (typ is None or type(typ) is str):
        raise Unchecked("unsupported", "a numeric typ is not known here")
    return Headers(algorithm, kid, typ)


def protected_header(algorithm: int | None = None, kid: bytes | None = None, typ: str | None = None) -> bytes:
    """The bytes of a protected header with the members that are given."""
    members = {_ALG: algorithm, _KID: kid, _TYP: typ}
    return cbor.encode({label: value for label, value in members.items() if value is not None})


class Sign1(NamedTuple):
    """A COSE_Sign1 whose parts are kept as the bytes they came in: nothing is encoded again to be checked."""

    protected: bytes
    payload: bytes
    signature: bytes
    unprotected: Mapping[object, object] = MappingProxyType({})

    def kid(self, head: Headers) -> bytes | None:
        """The key identifier; a protected one wins over an unprotected one."""
        if head.kid is not None:
            return head.kid
        kid = self.unprotected.get(_KID)
        return kid if type(kid) is bytes else None


def decode_sign1(data: bytes) -> Sign1:
    """Read tag 18, or 61 around 18 (RFC 8392 section 6), and nothing else."""
    if data.startswith(_TAG_CWT):
        data = data[len(_TAG_CWT) :]
    if not data.startswith(_TAG_SIGN1):
        raise Refused("malformed", "not a COSE_Sign1: tag 18 was expected")
    item = cbor.decode(data[1:])
    if not (isinstance(item, list) and len(item) == 4):
        raise Refused("malformed", "a COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = item
    if not (type(protected) is type(payload) is type(signature) is bytes and type(unprotected) is dict):
        raise Refused("malformed", "a COSE_Sign1 holds bytes, a map, bytes, bytes")
    if unprotected and _CRIT in mapping(unprotected, "the unprotected header"):
        raise Refused("malformed", "crit stands in the unprotected header, where RFC 9052 forbids it")
    return Sign1(protected, payload, signature, unprotected)


def encode_sign1(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """Tag 18 with an empty unprotected header."""
    parts = (cbor.byte_string(protected), b"\xa0", cbor.byte_string(payload), cbor.byte_string(signature))
    return _TAG_SIGN1 + b"\x84" + b"".join(parts)


def sign1_tbs(protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """The Sig_structure of a COSE_Sign1 (RFC 9052 section 4.4): the bytes that are signed."""
    parts = (cbor.byte_string(protected), cbor.byte_string(external), cbor.byte_string(payload))
    return b"\x84\x6aSignature1" + b"".join(parts)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signer of a COSE_Sign."""

    protected: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Sign:
    """A COSE_Sign: one payload, any number of signers."""

    protected: bytes
    payload: bytes
    signatures: tuple[Signature, ...]


def decode_sign(data: bytes) -> Sign:
    """Read tag 98 and nothing else."""
    if not data.startswith(_TAG_SIGN):
        raise Refused("malformed", "not a COSE_Sign: tag 98 was expected")
    item = cbor.decode(data[len(_TAG_SIGN) :])
    if not (isinstance(item, list) and len(item) == 4):
        raise Refused("malformed", "a COSE_Sign is an array of four")
    protected, unprotected, payload, signers = item
    if not (type(protected) is type(payload) is bytes and type(unprotected) is dict):
        raise Refused("malformed", "a COSE_Sign holds bytes, a map, bytes and signers")
    if not (isinstance(signers, list) and signers) or _CRIT in unprotected:
        raise Refused("malformed", "a COSE_Sign has at least one signer and no unprotected crit")
    return Sign(protected, payload, tuple(map(_signer, signers)))


def _signer(item: object) -> Signature:
    if isinstance(item, list | tuple) and len(item) == 3:
        protected, unprotected, signature = item
        if type(protected) is type(signature) is bytes and type(unprotected) is dict:
            return Signature(protected, signature)
    raise Refused("malformed", "a signer is an array of bytes, a map and bytes")


def encode_sign(protected: bytes, payload: bytes, signatures: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Tag 98 with empty unprotected headers; ``signatures`` are pairs of protected header and signature."""
    signers: list[object] = [[head, {}, signature] for head, signature in signatures]
    return _TAG_SIGN + cbor.encode([protected, {}, payload, signers])


def sign_tbs(protected: bytes, signer: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """The Sig_structure of one signer of a COSE_Sign (RFC 9052 section 4.4)."""
    parts = map(cbor.byte_string, (protected, signer, external, payload))
    return b"\x85\x69Signature" + b"".join(parts)
