"""The IETF Token Status List's own lists and tokens, read and written (docs/format.md section 4).

No exceptions: all lists, the JWT, the CWT and the referenced token of the draft are read. Compressed bytes
differ between zlib builds, so what is compared is inflated.
"""

import json
from typing import Any

import pytest

from tests.vectors.root import at_default_root, suite
from verify import cbor
from verify.cose import ES256, PublicKey, Sign1, decode_sign1, fits, headers, sign1_tbs, verify_signature
from verify.errors import Refused
from verify.status import (
    StatusList,
    decode_status_claims,
    encode_status_claims,
    inflate_list,
    pack,
    status_list_map,
)
from verify.status_jwt import decode_status_jwt, from_base64url

FOLDER = suite("token-status-list")
LISTS: list[tuple[str, dict[str, Any]]] = [
    (path.name, case) for path in sorted(FOLDER.glob("*_lists.json")) for case in json.loads(path.read_text())
]
TOKENS: dict[str, Any] = {
    name: value for path in FOLDER.glob("tokens.json") for name, value in json.loads(path.read_text()).items()
}
#: Another root may hold lists alone.
with_tokens = pytest.mark.skipif(not TOKENS, reason=f"NOT RUN: {FOLDER} has no tokens.json")
TOKEN_NAMES = ("status_list_jwt", "status_list_cwt_hex", "referenced_token_cwt_hex")


def issuer_key() -> PublicKey:
    jwk = TOKENS["key_jwk"]
    return PublicKey(ES256, b"\x04" + from_base64url(jwk["x"]) + from_base64url(jwk["y"]))


def verified(name: str) -> Sign1:
    """A CWT of the draft whose signature its example key made."""
    signed = decode_sign1(bytes.fromhex(TOKENS[name]))
    head, key = headers(signed.protected), issuer_key()
    assert signed.kid(head) == TOKENS["key_jwk"]["kid"].encode()
    assert fits(key, head.algorithm)
    message = sign1_tbs(signed.protected, signed.payload)
    assert verify_signature(key, message, signed.signature)
    assert not verify_signature(key, message + b"\0", signed.signature)
    return signed


def test_number_of_cases() -> None:
    counts = {name: sum(1 for file, _ in LISTS if file == name) for name, _ in LISTS}
    counts["tokens.json"] = sum(name in TOKENS for name in TOKEN_NAMES)
    print(f"token-status-list: {counts}")
    if at_default_root():
        assert counts == {"small_lists.json": 2, "long_lists.json": 2, "tokens.json": 3}


@pytest.mark.parametrize(("name", "case"), LISTS, ids=[case["name"] for _, case in LISTS])
def test_lists(name: str, case: dict[str, Any]) -> None:
    bits, size = case["bits"], case["size"]
    values = (
        dict(case["nonzero_or_listed_statuses"])
        if "nonzero_or_listed_statuses" in case
        else dict(enumerate(case["statuses"]))
    )
    inner = cbor.decode(bytes.fromhex(case["cbor_hex"]))
    assert isinstance(inner, dict)
    assert inner["bits"] == bits == case["json"]["bits"]
    data = inflate_list(bits, inner["lst"], name)
    assert data == inflate_list(bits, from_base64url(case["json"]["lst"]), name)
    assert data == pack(values, slots=size, bits=bits)
    if "bytes_hex" in case:
        assert data.hex() == case["bytes_hex"]
    one = StatusList("", 0, 0, None, bits, data)
    assert [one.at(index) for index in values] == list(values.values())
    assert sum(map(bool, data)) <= sum(map(bool, values.values()))
    ours = status_list_map(bits, data)
    assert inflate_list(bits, bytes(ours["lst"]), name) == data  # type: ignore[call-overload]  # bytes, as made


@with_tokens
def test_status_list_jwt() -> None:
    keys = {"12": issuer_key()}
    told = TOKENS["status_list_jwt"]
    one = decode_status_jwt(told, keys)
    assert (one.uri, one.iat, one.exp, one.ttl, one.bits) == (
        "https://example.com/statuslists/1",
        1_686_920_170,
        2_291_720_170,
        43_200,
        1,
    )
    assert one.data.hex() == "b9a3"
    with pytest.raises(Refused):
        decode_status_jwt(told.replace("eyJleHAi", "eyJleHBi"), keys)


@with_tokens
def test_status_list_cwt_and_the_token_that_refers_to_it() -> None:
    signed = verified("status_list_cwt_hex")
    assert headers(signed.protected).typ == "application/statuslist+cwt"
    one = decode_status_claims(signed.payload)
    again = encode_status_claims(
        uri=one.uri, iat=one.iat, exp=one.exp, ttl=one.ttl, bits=one.bits, data=one.data
    )
    assert decode_status_claims(again) == one
    expected = TOKENS["referenced_token_cwt_expect"]
    claims = cbor.decode(verified("referenced_token_cwt_hex").payload)
    assert isinstance(claims, dict)
    assert (claims[2], claims[1]) == (expected["sub"], expected["iss"])
    place = claims[65535]["status_list"]
    assert place == expected["status_list"]
    assert place["uri"] == one.uri
    assert one.at(place["idx"]) == expected["expected_status"]
