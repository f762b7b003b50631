"""Identity codes of another maker (MOSIP Claim 169): text, zlib, COSE, CWT, claim, signature.

Exceptions, each with its reason:

- codes with an ``encryption_key`` are a COSE_Encrypt0, which no card of this format is: refused;
- texts longer than the 4,296 characters of any QR code: refused by size, their bytes are read all the same;
- the expected ``data`` of a face is not what the code holds (``ff fd fe e0`` stands there for the
  ``ff d8 ff e0`` that begins every JPEG): compared by length alone;
- none of these codes is a card of this city (no claim -70001, no print number): ``Card`` refuses them all,
  so the claim is read through ``Identity``.
"""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.signer import memory_signer
from tests.vectors.root import at_default_root, suite
from verify import cbor, text
from verify.card import Card
from verify.cose import (
    EDDSA,
    ES256,
    PublicKey,
    decode_sign1,
    encode_sign1,
    fits,
    headers,
    sign1_tbs,
    verify_signature,
)
from verify.errors import Refused
from verify.identity import Identity

#: Members that ``Identity`` names, and the labels of the others, which it keeps as they came.
NAMED = {
    "id": "id",
    "version": "version",
    "language": "language",
    "fullName": "full_name",
    "gender": "gender",
    "nationality": "nationality",
    "guardian": "guardian",
    "photoFormat": "photo_format",
    "secondaryFullName": "second_name",
    "secondaryLanguage": "second_language",
    "legalStatus": "legal_status",
    "countryOfIssuance": "country_of_issue",
}
KEPT = {
    "firstName": 5,
    "middleName": 6,
    "lastName": 7,
    "address": 10,
    "email": 11,
    "phone": 12,
    "maritalStatus": 14,
    "bestQualityFingers": 18,
    "locationCode": 21,
}
BIOMETRICS = {"face": 62}


def load() -> list[tuple[str, dict[str, Any]]]:
    paths = sorted(suite("claim169").rglob("*.json"))
    return [(f"{path.parent.name}/{path.name}", json.loads(path.read_text("utf-8"))) for path in paths]


FILES = load()
PLAIN = [(n, case) for n, case in FILES if case["category"] != "invalid" and "encryption_key" not in case]


def cose_of(case: dict[str, Any]) -> bytes:
    symbols = case["qr_data"]
    if len(symbols) > text.MAX_TEXT:
        with pytest.raises(Refused):
            text.decode(symbols)
        return text.inflate(text.base45_decode(symbols), text.MAX_INFLATED)
    return text.decode(symbols)


def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f" claim169: {len(FILES)} codes, {len(PLAIN)} of them readable ")
    if at_default_root():
        assert (len(FILES), len(PLAIN)) == (12, 8)


@pytest.mark.parametrize(("name", "case"), PLAIN, ids=[name for name, _ in PLAIN])
def test_claims(name: str, case: dict[str, Any]) -> None:
    signed = decode_sign1(cose_of(case))
    claims = cbor.decode(signed.payload)
    assert isinstance(claims, dict)
    meta = case.get("expected_cwt_meta") or {}
    labels = {"issuer": 1, "subject": 2, "expiresAt": 4, "notBefore": 5, "issuedAt": 6}
    assert {field: claims[labels[field]] for field in meta} == meta
    identity = Identity.from_claim(claims[169])
    for field, value in (case.get("expected_claim169") or {}).items():
        if field in NAMED:
            assert getattr(identity, NAMED[field]) == value
        elif field == "dateOfBirth":
            assert identity.birth is not None
            assert identity.birth.strftime("%Y%m%d") == value.replace("-", "")
        elif field in KEPT:
            kept = identity.unknown[KEPT[field]]
            assert (list(kept) if isinstance(kept, bytes) else kept) == value
        elif field in BIOMETRICS:
            assert same_faces(identity.unknown[BIOMETRICS[field]], value)
    with pytest.raises(Refused) as caught:
        Card.decode(signed.payload)
    assert caught.value.reason == "malformed"


def same_faces(found: object, wanted: list[dict[str, Any]]) -> bool:
    """Faces may be an array or one map; data (0), format (1), sub-format (2)."""
    faces = found if isinstance(found, list | tuple) else [found]
    for face, expected in zip(faces, wanted, strict=True):
        assert isinstance(face, dict)
        assert face.get(1) == expected.get("format")
        assert face.get(2) == expected.get("subFormat")
        if "data" in expected:
            assert len(face[0]) == len(base64.b64decode(expected["data"]))
    return True


@pytest.mark.parametrize(("name", "case"), PLAIN, ids=[name for name, _ in PLAIN])
def test_what_is_read_is_written_again(name: str, case: dict[str, Any]) -> None:
    claim = cbor.decode(decode_sign1(cose_of(case)).payload)[169]  # type: ignore[index]  # checked above
    identity = Identity.from_claim(claim)
    assert Identity.from_claim(cbor.decode(cbor.encode(identity.to_claim()))) == identity


@pytest.mark.parametrize(("name", "case"), [pytest.param(n, c, id=n) for n, c in PLAIN if "signing_key" in c])
def test_signature(name: str, case: dict[str, Any]) -> None:
    key = case["signing_key"]
    signed = decode_sign1(cose_of(case))
    message = sign1_tbs(signed.protected, signed.payload)
    public = public_key(key["algorithm"], bytes.fromhex(key["public_key_hex"]))
    assert fits(public, headers(signed.protected).algorithm)
    assert verify_signature(public, message, signed.signature)
    assert not verify_signature(public, message + b"\0", signed.signature)
    again = memory_signer(bytes.fromhex(key["private_key_hex"]), public.algorithm)
    assert again.public == public
    signature = again.sign(message)
    assert verify_signature(public, message, signature)
    if public.algorithm == EDDSA:  # ECDSA has as many right signatures as its maker likes
        assert decode_sign1(encode_sign1(signed.protected, signed.payload, signature)) == signed


def public_key(algorithm: str, raw: bytes) -> PublicKey:
    """P-256 points may be written short (SEC 1, 2.3.3)."""
    if algorithm == "EdDSA":
        return PublicKey(EDDSA, raw)
    assert algorithm == "ES256"
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    return PublicKey(ES256, point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


@pytest.mark.parametrize(
    ("name", "case"), [pytest.param(n, c, id=n) for n, c in FILES if "encryption_key" in c]
)
def test_encrypted_codes_are_no_cards(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        decode_sign1(cose_of(case))
    assert caught.value.reason == "malformed"


def read_identity(symbols: str) -> Identity:
    claims = cbor.decode(decode_sign1(text.decode(symbols)).payload)
    assert isinstance(claims, dict)
    return Identity.from_claim(claims.get(169))


@pytest.mark.parametrize(
    ("name", "case"), [pytest.param(n, c, id=n) for n, c in FILES if c["category"] == "invalid"]
)
def test_invalid(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        read_identity(case["qr_data"])
    assert caught.value.reason in ("not_ours", "malformed")
