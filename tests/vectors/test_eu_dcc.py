"""Health certificates of about 35 independent encoders: Base45, zlib, COSE, key by the certificate's kid.

The payload (hcert) is none of ours; what is tested is every layer below it. A row gives some of its stages;
those it gives must be what our functions make of the stage before. Exceptions, each with its reason:

- ``other_key``: the signer's certificate holds an RSA key (PS256, algorithm -37) or a curve other than P-256,
  neither of which this format has: the algorithm must fit no key of ours, or the key have no form here;
- ``no_tag``: a COSE_Sign1 without tag 18, which RFC 8152 allowed where the context is plain: refused;
- ``payload``: a payload with a CBOR tag inside (a date as tag 0), from which nothing is built here: the
  signature verifies, the payload is refused;
- ``no_stages``: rows that test an application's schema and give neither COSE nor a text with a signature.
"""

import base64
import json
from collections import Counter
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors.root import at_default_root, suite
from verify import cbor
from verify.cose import (
    ES256,
    KNOWN_ALGORITHMS,
    PublicKey,
    decode_sign1,
    fits,
    headers,
    sign1_tbs,
    verify_signature,
)
from verify.errors import CardsvcError, Refused
from verify.text import MAX_INFLATED, base45_decode, base45_encode, inflate

SCHEME = "HC1:"


def load() -> list[dict[str, Any]]:
    files = sorted(suite("eu-dcc").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


ROWS = load()


def symbols_of(row: dict[str, Any]) -> str | None:
    prefixed: str = row.get("PREFIX") or ""
    return prefixed.removeprefix(SCHEME) if prefixed.startswith(SCHEME) else row.get("BASE45")


def cose_of(row: dict[str, Any]) -> bytes | None:
    """The COSE bytes: from the text if the row has one that must be readable, else as given."""
    given, expected = row.get("COSE"), row["EXPECTEDRESULTS"]
    readable = all(expected.get(step) is not False for step in ("EXPECTEDB45DECODE", "EXPECTEDCOMPRESSION"))
    symbols = symbols_of(row)
    if given is None and symbols and readable and expected.get("EXPECTEDUNPREFIX") is not False:
        return inflate(base45_decode(symbols), MAX_INFLATED)
    return None if given is None else bytes.fromhex(given)


def key_of(row: dict[str, Any]) -> tuple[bytes, PublicKey | None]:
    """The kid (first 8 bytes of the certificate's SHA-256) and the key, where it is on P-256."""
    der = base64.b64decode(row["TESTCTX"]["CERTIFICATE"])
    public = x509.load_der_x509_certificate(der).public_key()
    key = None
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        key = PublicKey(ES256, public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return sha256(der).digest()[:8], key


def verifies(row: dict[str, Any], data: bytes) -> bool:
    """Our steps 1, 3 and 4 on somebody else's message; raises our errors alone."""
    signed = decode_sign1(data)
    head = headers(signed.protected)
    kid, key = key_of(row)
    found = key if signed.kid(head) == kid else None
    return (
        found is not None
        and fits(found, head.algorithm)
        and verify_signature(found, sign1_tbs(signed.protected, signed.payload), signed.signature)
    )


def exception(row: dict[str, Any]) -> str | None:
    data = cose_of(row)
    if data is None or not row["TESTCTX"].get("CERTIFICATE"):
        return "no_stages"
    if key_of(row)[1] is None:
        return "other_key"
    return None if data[:1] == b"\xd2" else "no_tag"


def expects(step: str, value: bool) -> list[Any]:
    rows = (row for row in ROWS if row["EXPECTEDRESULTS"].get(step) is value)
    return [pytest.param(row, id=row["path"]) for row in rows]


VERIFY = [row for row in ROWS if row["EXPECTEDRESULTS"].get("EXPECTEDVERIFY") is True]


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_numbers_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    why = Counter(filter(None, map(exception, VERIFY)))
    refused = len(expects("EXPECTEDVERIFY", False))
    with capsys.disabled():
        print(f" eu-dcc: {len(ROWS)} rows, {len(VERIFY)} must verify, {refused} not; not ours: {dict(why)} ")
    if at_default_root():
        assert (len(ROWS), len(VERIFY), refused) == (297, 279, 5)
        assert why == {"other_key": 11, "no_tag": 1}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["path"]) for row in ROWS])
def test_stages(row: dict[str, Any]) -> None:
    expected, symbols = row["EXPECTEDRESULTS"], symbols_of(row)
    compressed, data = row.get("COMPRESSED"), row.get("COSE")
    if expected.get("EXPECTEDB45DECODE") is False:
        assert symbols is not None
        with pytest.raises(Refused) as caught:
            base45_decode(symbols)
        assert caught.value.reason == "malformed"
        return
    raw = base45_decode(symbols) if symbols else None
    if raw is not None:
        assert base45_encode(raw) == symbols
        assert not compressed or raw.hex() == compressed.lower()
    if expected.get("EXPECTEDCOMPRESSION") is False:
        assert raw is not None
        with pytest.raises(Refused) as caught:
            inflate(raw, MAX_INFLATED)
        assert caught.value.reason == "malformed"
        return
    if raw is not None and data:
        assert inflate(raw, MAX_INFLATED).hex() == data.lower()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("row", expects("EXPECTEDVERIFY", True))
def test_sound_signatures(row: dict[str, Any]) -> None:
    data, why = cose_of(row), exception(row)
    assert data is not None
    if why == "no_tag":
        with pytest.raises(Refused):
            verifies(row, data)
        return
    if why == "other_key":
        algorithm = headers(decode_sign1(data).protected).algorithm
        assert algorithm not in KNOWN_ALGORITHMS or key_of(row)[1] is None
        assert not verifies(row, data)
        return
    assert verifies(row, data)
    assert not verifies(row, data[:-1] + bytes((data[-1] ^ 1,)))
    payload = decode_sign1(data).payload
    if row.get("CBOR") and row["EXPECTEDRESULTS"].get("EXPECTEDDECODE"):
        claims = claims_or_words(payload)
        if isinstance(claims, str):
            assert "tag" in claims
        else:
            assert isinstance(claims, dict)
            assert -260 in claims


def claims_or_words(payload: bytes) -> object:
    """The claims, or the words of the refusal (the exception ``payload``)."""
    try:
        return cbor.decode(payload)
    except Refused as error:
        return str(error)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("row", expects("EXPECTEDVERIFY", False))
def test_signatures_that_must_fail(row: dict[str, Any]) -> None:
    data = cose_of(row)
    assert data is not None
    assert outcome(row, data) in ("does not verify", "malformed", "unsupported")


def outcome(row: dict[str, Any], data: bytes) -> str:
    try:
        return "verifies" if verifies(row, data) else "does not verify"
    except CardsvcError as error:
        return error.reason
