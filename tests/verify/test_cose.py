"""COSE to bytes and back, keys and headers: narrow, and nothing read from where it must not be."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.signer import cosign, memory_signer, sign1
from tests.verify import world as w
from verify import cbor
from verify.cose import (
    ED25519,
    EDDSA,
    ES256,
    ESP256,
    SEALING,
    Headers,
    PublicKey,
    Sign1,
    check_public,
    decode_sign,
    decode_sign1,
    encode_sign,
    encode_sign1,
    fits,
    headers,
    protected_header,
    sign1_tbs,
    sign_tbs,
    thumbprint,
    verify_signature,
)
from verify.errors import CardsvcError, Refused

N_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def reason(call: Any, *arguments: object) -> str:
    with pytest.raises(CardsvcError) as caught:
        call(*arguments)
    return caught.value.reason


@given(st.binary(max_size=80), st.binary(max_size=300), st.binary(max_size=70))
def test_sign1_round_trip(protected: bytes, payload: bytes, signature: bytes) -> None:
    whole = encode_sign1(protected, payload, signature)
    assert decode_sign1(whole) == Sign1(protected, payload, signature, {})
    assert decode_sign1(b"\xd8\x3d" + whole) == decode_sign1(whole)
    assert whole[1:] == cbor.encode([protected, {}, payload, signature])


@given(
    st.binary(max_size=20), st.binary(max_size=90), st.lists(st.tuples(st.binary(), st.binary()), min_size=1)
)
def test_sign_round_trip(protected: bytes, payload: bytes, signers: list[tuple[bytes, bytes]]) -> None:
    read = decode_sign(encode_sign(protected, payload, signers))
    assert (read.protected, read.payload) == (protected, payload)
    assert [(signer.protected, signer.signature) for signer in read.signatures] == signers


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=300))
def test_what_is_signed_is_the_sig_structure(
    body: bytes, signer: bytes, external: bytes, payload: bytes
) -> None:
    assert sign1_tbs(body, payload, external) == cbor.encode(["Signature1", body, external, payload])
    whole = cbor.encode(["Signature", body, signer, external, payload])
    assert sign_tbs(body, signer, payload, external) == whole


@pytest.mark.parametrize(
    "item",
    [
        [b"", {}, b""],
        [b"", {}, b"", b"", b""],
        {1: 2},
        ["", {}, b"", b""],
        [b"", [], b"", b""],
        [b"", {}, None, b""],  # Detached payloads are not ours.
        [b"", {}, b"", None],
        [b"", {2: [1]}, b"", b""],
    ],
)
def test_other_structures_are_malformed(item: object) -> None:
    assert reason(decode_sign1, b"\xd2" + cbor.encode(item)) == "malformed"
    assert reason(decode_sign, b"\xd8\x62" + cbor.encode(item)) == "malformed"


@pytest.mark.parametrize("key", ["f5", "f93c00", "f6", "4101"])
def test_unprotected_keys_are_integers_or_text(key: str) -> None:
    assert reason(decode_sign1, bytes.fromhex(f"d28440a1{key}004040")) == "malformed"


@pytest.mark.parametrize("prefix", ["", "d1", "d862", "d83d", "d83dd83d", "d9d9f7d2", "d81861", "c0", "d812"])
def test_no_tag_but_18_and_61_outside(prefix: str) -> None:
    body = encode_sign1(b"", b"", b"")[1:]
    assert reason(decode_sign1, bytes.fromhex(prefix) + body) == "malformed"


def test_a_sign1_is_no_sign_and_has_at_least_one_signer() -> None:
    assert reason(decode_sign, w.code()) == "malformed"
    assert reason(decode_sign1, encode_sign(b"", b"", [(b"", b"")])) == "malformed"
    assert reason(decode_sign, encode_sign(b"", b"", [])) == "malformed"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, Headers()),
        ({1: -8, 4: b"kid", 16: "typ"}, Headers(-8, b"kid", "typ")),
        ({1: -8, 3: 60, "x": [1], 5: {}}, Headers(-8)),
        ({1: -999}, Headers(-999)),
    ],
)
def test_headers(header: dict[Any, Any], expected: Headers) -> None:
    assert headers(cbor.encode(header)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a0ff", "malformed"),
        ("80", "malformed"),
        ("f6", "malformed"),
        ("a1f527", "malformed"),
        ("a1f93c0027", "malformed"),
        ("a1046131", "malformed"),
        ("a2012701" + "26", "malformed"),
        ("a1028101", "unsupported"),
        ("a10280", "unsupported"),
        ("a102f6", "unsupported"),
        ("a1016145", "unsupported"),
        ("a101f5", "unsupported"),
        ("a1101861", "unsupported"),
    ],
)
def test_headers_that_are_not_taken(header: str, expected: str) -> None:
    assert reason(headers, bytes.fromhex(header)) == expected


def test_an_empty_protected_header_may_be_no_bytes_or_an_empty_map() -> None:
    assert headers(b"") == headers(b"\xa0") == Headers()


def test_a_protected_kid_wins_and_an_odd_one_beside_is_nobody() -> None:
    assert Sign1(b"", b"", b"", {4: b"beside"}).kid(Headers(kid=b"inside")) == b"inside"
    assert Sign1(b"", b"", b"", {4: b"beside"}).kid(Headers()) == b"beside"
    assert Sign1(b"", b"", b"", {4: 7}).kid(Headers()) is None
    assert Sign1(b"", b"", b"", {}).kid(Headers()) is None


def test_which_algorithms_fit_which_key() -> None:
    p256 = w.signer("p", ES256).public
    for algorithm in (EDDSA, ED25519):
        assert fits(w.CARD.public, algorithm)
        assert not fits(p256, algorithm)
    for algorithm in (ES256, ESP256):
        assert fits(p256, algorithm)
        assert not fits(w.CARD.public, algorithm)
    for algorithm in (None, SEALING, -35, 0, 8):
        assert not fits(w.CARD.public, algorithm)
        assert not fits(PublicKey(SEALING, bytes(32)), algorithm)


# --- Keys -------------------------------------------------------------------------------------------------


def test_the_thumbprint_of_rfc_9679_section_6() -> None:
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    expected = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert thumbprint(PublicKey(ES256, b"\x04" + x + y)).hex() == expected


@pytest.mark.parametrize("public", [w.CARD.public, w.CHIP.public, PublicKey(SEALING, bytes(range(32)))])
def test_cose_keys_round_trip_and_extra_members_change_no_thumbprint(public: PublicKey) -> None:
    key = public.to_cose_key()
    assert PublicKey.from_cose_key(cbor.decode(cbor.encode(key))) == public
    assert PublicKey.from_cose_key({**key, 2: b"kid", 3: -8, "x": 1}) == public
    assert thumbprint(public) == sha256(cbor.encode(key)).digest()
    assert public.kid == thumbprint(public)[:8]


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        [1],
        {1: 1, -1: 6},
        {1: 1, -1: 6, -2: bytes(31)},
        {1: 1, -1: 6, -2: "x" * 32},
        {1: 1, -1: 7, -2: bytes(57)},
        {1: 2, -1: 1, -2: bytes(32)},
        {1: 2, -1: 1, -2: bytes(32), -3: True},  # Compressed points are not written here.
        {1: 2, -1: 1, -2: bytes(31), -3: bytes(33)},
        {1: 2, -1: 2, -2: bytes(48), -3: bytes(48)},
        {1: 4, -1: bytes(32)},
    ],
)
def test_other_keys_are_malformed(item: object) -> None:
    if item == {1: 2, -1: 1, -2: bytes(31), -3: bytes(33)}:
        # 31 + 33 bytes are 64 too: what must refuse them is the curve, or the lengths.
        with pytest.raises(Refused):
            check_public(PublicKey.from_cose_key(item))
        return
    assert reason(PublicKey.from_cose_key, item) == "malformed"


def test_a_cose_key_has_no_keys_that_merely_equal_its_labels() -> None:
    odd = cbor.decode(bytes.fromhex("a3f50120062158" + "20") + bytes(32))
    assert reason(PublicKey.from_cose_key, odd) == "malformed"


@pytest.mark.parametrize(
    ("algorithm", "raw"),
    [
        (EDDSA, bytes(31)),
        (ES256, bytes(65)),
        (ES256, b"\x02" + bytes(32)),
        (-35, bytes(32)),
        (ED25519, bytes(32)),
    ],
)
def test_keys_of_a_wrong_form(algorithm: int, raw: bytes) -> None:
    assert reason(PublicKey, algorithm, raw) == "malformed"


@pytest.mark.parametrize("raw", [bytes(64), b"\x01" * 64, w.CHIP.public.raw[1:33] + bytes(32), b"\xff" * 64])
def test_points_off_the_curve_are_weak_and_verify_nothing(raw: bytes) -> None:
    public = PublicKey(ES256, b"\x04" + raw)
    assert reason(check_public, public) == "weak_key"
    assert verify_signature(public, b"message", bytes(64)) is False


# --- Signatures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
def test_signatures(algorithm: int) -> None:
    signer, other = w.signer("signs", algorithm), w.signer("other", algorithm)
    good = signer.sign(b"message")
    assert verify_signature(signer.public, b"message", good)
    assert not verify_signature(signer.public, b"messagf", good)
    assert not verify_signature(other.public, b"message", good)
    for size in (0, 63, 65):
        assert not verify_signature(signer.public, b"message", (good + b"\0")[:size])


@pytest.mark.parametrize("r", [0, 1, N_P256, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, N_P256, 2**256 - 1])
def test_p256_numbers_out_of_range_verify_nothing(r: int, s: int) -> None:
    assert not verify_signature(w.CHIP.public, b"", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_a_sealing_key_verifies_nothing() -> None:
    assert not verify_signature(PublicKey(SEALING, w.CARD.public.raw), b"message", w.CARD.sign(b"message"))


def test_signing_is_deterministic_and_writes_what_is_read() -> None:
    for algorithm in (EDDSA, ES256):
        signer = memory_signer(sha256(b"again").digest(), algorithm)
        whole = sign1(signer, b"payload", "application/x")
        assert whole == sign1(signer, b"payload", "application/x")
        read = decode_sign1(whole)
        assert headers(read.protected) == Headers(algorithm, signer.public.kid, "application/x")
        assert verify_signature(signer.public, sign1_tbs(read.protected, read.payload), read.signature)
        head, signature = cosign(signer, b"\xa0", b"payload")
        assert verify_signature(signer.public, sign_tbs(b"\xa0", head, b"payload"), signature)
    assert protected_header() == b"\xa0"
