"""A small issuer for the tests of trust: objects with sound defaults, changed one field at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

from verify.cose import (
    EDDSA,
    ES256,
    SEALING,
    PublicKey,
    encode_sign,
    encode_sign1,
    protected_header,
    sign1_tbs,
    sign_tbs,
)
from verify.days import DAY_S
from verify.keylist import KEYS_TYP, KeyList, KeyUse, TrustedKey, encode_key_list
from verify.permits import PERMIT_TYP, encode_permit_claims
from verify.status import (
    STATUS_TYP,
    encode_entitlement_claims,
    encode_status_claims,
    hotlist_uri,
    pack,
)
from verify.trustdocs import (
    BUNDLE_TYP,
    ISSUED_TYP,
    ROOT_TYP,
    Bundle,
    IssuedList,
    RootDocument,
    encode_bundle,
    encode_issued,
    encode_root,
    issued_prefixes,
)

NOW = 1_790_000_000
ISS, VENUE, URI = "cn-yiwu", "library", "https://card.example/s/abc"
SNAPSHOT = NOW - 60
EXP = NOW + 14 * DAY_S


@dataclass(frozen=True)
class Ed25519:
    name: str

    @property
    def _key(self) -> SigningKey:
        return SigningKey(sha256(self.name.encode()).digest())

    @property
    def public(self) -> PublicKey:
        return PublicKey(EDDSA, bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature


@dataclass(frozen=True)
class P256:
    name: str

    @property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(
            int.from_bytes(sha256(self.name.encode()).digest()[:31], "big"), ec.SECP256R1()
        )

    @property
    def public(self) -> PublicKey:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return PublicKey(ES256, point)

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


Signer = Ed25519 | P256

ROOT_KEYS = (Ed25519("root a"), Ed25519("root b"), P256("root c"))
NEXT_ROOT_KEYS = (Ed25519("root d"), Ed25519("root e"), Ed25519("root f"))
CARD, TOKEN, STATUS, BUNDLE = Ed25519("card"), P256("token"), Ed25519("status"), Ed25519("bundle")
STATUS_2, BUNDLE_2 = Ed25519("status 2"), Ed25519("bundle 2")
SEAL = PublicKey(SEALING, sha256(b"seal").digest())


def signed(typ: str, payload: bytes, signers: Iterable[Signer]) -> bytes:
    body = protected_header(typ=typ)
    parts = []
    for signer in signers:
        head = protected_header(signer.public.algorithm, signer.public.kid)
        parts.append((head, signer.sign(sign_tbs(body, head, payload))))
    return encode_sign(body, payload, parts)


def signed1(typ: str, payload: bytes, signer: Signer) -> bytes:
    head = protected_header(signer.public.algorithm, signer.public.kid, typ)
    return encode_sign1(head, payload, signer.sign(sign1_tbs(head, payload)))


def root_document(version: int = 1, signers: Sequence[Signer] | None = None, **changes: object) -> bytes:
    keys = (ROOT_KEYS, NEXT_ROOT_KEYS)[(version - 1) % 2]
    document = RootDocument(
        version=version,
        iat=NOW - 100 * DAY_S,
        exp=NOW + 630 * DAY_S,
        threshold=2,
        keys=tuple(key.public for key in keys),
    )
    if signers is None:
        signers = keys[:2] if version == 1 else ROOT_KEYS[:2] + NEXT_ROOT_KEYS[:2]
    return signed(ROOT_TYP, encode_root(replace(document, **changes)), signers)  # type: ignore[arg-type]  # by name


def entry(key: PublicKey, use: KeyUse, **changes: object) -> TrustedKey:
    online = use in (KeyUse.STATUS, KeyUse.BUNDLE)
    made = TrustedKey(
        public=key,
        use=use,
        sign_from=NOW - 50 * DAY_S,
        sign_until=NOW + 40 * DAY_S,
        trust_until=NOW + 2000 * DAY_S,
        epoch=1 if online else None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def entries() -> tuple[TrustedKey, ...]:
    return (
        entry(CARD.public, KeyUse.CARD, classes=frozenset({1, 2})),
        entry(TOKEN.public, KeyUse.TOKEN),
        entry(STATUS.public, KeyUse.STATUS),
        entry(BUNDLE.public, KeyUse.BUNDLE),
        entry(STATUS_2.public, KeyUse.STATUS, epoch=2),
        entry(BUNDLE_2.public, KeyUse.BUNDLE, epoch=2),
        entry(SEAL, KeyUse.SEAL),
    )


def key_list(signers: Sequence[Signer] = ROOT_KEYS[1:], typ: str = KEYS_TYP, **changes: object) -> bytes:
    document = KeyList(
        issuer=ISS, iat=NOW - 30 * DAY_S, version=5, root_version=1, day_offset_s=28_800, keys=entries()
    )
    return signed(typ, encode_key_list(replace(document, **changes)), signers)  # type: ignore[arg-type]  # by name


def status_list(
    signer: Signer = STATUS, iat: int = SNAPSHOT, exp: int = EXP, uri: str = URI, bits: int = 2
) -> bytes:
    data = pack({0: 1, 5: 1, 7: 0, 9: 1}, slots=1024, bits=bits)
    return signed1(
        STATUS_TYP, encode_status_claims(uri=uri, iat=iat, exp=exp, data=data, ttl=3600, bits=bits), signer
    )


def permit_list(signer: Signer = STATUS, iat: int = SNAPSHOT, exp: int = EXP, uri: str = URI) -> bytes:
    return signed1(
        PERMIT_TYP, encode_permit_claims(uri=uri, iat=iat, exp=exp, days={7: 2460, 8: 2461}), signer
    )


def entitlement_list(signer: Signer = STATUS, iat: int = SNAPSHOT, exp: int = EXP, uri: str = URI) -> bytes:
    data = pack({1: 1, 2: 2, 3: 3, 1000: 3}, slots=1024)
    payload = encode_entitlement_claims(
        uri=uri, service=3, iat=iat, exp=exp, data=data, last_days={3: 2470, 1000: 2480}
    )
    return signed1(STATUS_TYP, payload, signer)


def hotlist(signer: Signer = STATUS, iat: int = SNAPSHOT, exp: int = EXP, uri: str = URI) -> bytes:
    data = pack({5: 1}, slots=1024, bits=1)
    payload = encode_status_claims(uri=hotlist_uri(uri), iat=iat, exp=exp, data=data, bits=1)
    return signed1(STATUS_TYP, payload, signer)


GENUINE = sha256(b"a genuine payload").digest()


def issued_list(signer: Signer = STATUS, typ: str = ISSUED_TYP, **changes: object) -> bytes:
    document = IssuedList(issuer=ISS, iat=SNAPSHOT, kid=CARD.public.kid, prefixes=issued_prefixes([GENUINE]))
    return signed(typ, encode_issued(replace(document, **changes)), [signer])  # type: ignore[arg-type]  # by name


@cache
def content() -> Bundle:
    return Bundle(
        issuer=ISS,
        venue=VENUE,
        epoch=1,
        seq=10,
        iat=NOW - 30,
        exp=EXP,
        ttl=3600,
        roots=(root_document(),),
        key_list=key_list(),
        status=(status_list(),),
        permits=(permit_list(),),
        entitlements=(entitlement_list(),),
        policy={1: [3]},
    )


def bundle(signers: Sequence[Signer] = (BUNDLE,), typ: str = BUNDLE_TYP, **changes: object) -> bytes:
    return signed(typ, encode_bundle(replace(content(), **changes)), signers)  # type: ignore[arg-type]  # by name


@dataclass(frozen=True)
class EpochTwo:
    """The fields of a bundle of the second epoch, as after a restore from backup."""

    fields: dict[str, object] = field(
        default_factory=lambda: {
            "epoch": 2,
            "seq": 1,
            "status": (status_list(STATUS_2),),
            "permits": (permit_list(STATUS_2),),
            "entitlements": (entitlement_list(STATUS_2),),
        }
    )

    def bundle(self, **changes: object) -> bytes:
        return bundle([BUNDLE_2], **(self.fields | changes))
