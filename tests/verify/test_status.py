"""Lists of small values: both directions, hostile bytes, and the figures they have to keep."""

import json
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verify.trustkit import P256, STATUS, URI
from verify import cbor
from verify.errors import Refused
from verify.permits import decode_permit_claims, encode_permit_claims, permit_uri
from verify.status import (
    LIST_SLOTS,
    MAX_LIST_BYTES,
    StatusList,
    decode_entitlement_claims,
    decode_hotlist_claims,
    decode_status_claims,
    encode_entitlement_claims,
    encode_status_claims,
    hotlist_uri,
    pack,
)
from verify.status_jwt import (
    decode_status_jwt,
    encode_status_jwt,
    from_base64url,
    jwt_kid,
    jwt_signing_input,
    to_base64url,
)

IAT, EXP = 1_790_000_000, 1_791_000_000
VALUES = st.dictionaries(st.integers(0, 499), st.integers(0, 3))


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        read()
    return caught.value.reason


@given(VALUES)
def test_a_status_list_says_what_was_written(values: dict[int, int]) -> None:
    payload = encode_status_claims(uri=URI, iat=IAT, exp=EXP, data=pack(values, slots=500), ttl=60)
    one = decode_status_claims(payload)
    assert (one.uri, one.iat, one.exp, one.ttl, len(one)) == (URI, IAT, EXP, 60, 500)
    assert [one.at(index) for index in range(500)] == [values.get(index, 0) for index in range(500)]
    assert (one.at(500), one.at(-1)) == (None, None)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_every_width_of_the_standard(bits: int) -> None:
    top = (1 << bits) - 1
    one = StatusList(URI, IAT, EXP, None, bits, pack({0: top, 9: 1, 15: top}, slots=16, bits=bits))
    assert [one.at(index) for index in (0, 1, 9, 15, 16)] == [top, 0, 1, top, None]


def test_packing_takes_no_value_that_does_not_fit() -> None:
    assert refused(lambda: pack({0: 4})) == "malformed"
    assert refused(lambda: pack({LIST_SLOTS: 1})) == "malformed"
    assert refused(lambda: pack({-1: 1})) == "malformed"
    assert refused(lambda: pack({0: 1}, bits=3)) == "malformed"


@given(VALUES, st.data())
def test_an_entitlement_list_says_what_was_written(values: dict[int, int], data: st.DataObject) -> None:
    dated = sorted(index for index, value in values.items() if value == 3)
    days = data.draw(st.lists(st.integers(0, 9999), min_size=len(dated), max_size=len(dated)))
    last_days = dict(zip(dated, days, strict=True))
    payload = encode_entitlement_claims(
        uri=URI, service=17, iat=IAT, exp=EXP, data=pack(values, slots=500), last_days=last_days
    )
    one = decode_entitlement_claims(payload)
    assert (one.uri, one.service) == (URI + "/17", 17)
    assert [one.at(index) for index in range(501)] == [
        *((values.get(index, 0), last_days.get(index)) for index in range(500)),
        None,
    ]


@given(st.dictionaries(st.integers(0, 2**17), st.integers(0, 5000)))
def test_a_permit_list_says_what_was_written(days: dict[int, int]) -> None:
    one = decode_permit_claims(encode_permit_claims(uri=URI, iat=IAT, exp=EXP, days=days))
    assert (one.uri, one.iat, one.exp) == (permit_uri(URI), IAT, EXP)
    assert one.days == days


def entitlements(days: object, sub: str = URI + "/3") -> bytes:
    lst = zlib.compress(pack({3: 3, 5: 3}, slots=8))
    claims: dict[int, object] = {2: sub, 4: EXP, 6: IAT, 65533: {"bits": 2, "lst": lst}}
    if days is not None:
        claims[-70010] = zlib.compress(cbor.encode(days))
    return cbor.encode(claims)


@pytest.mark.parametrize(
    "days", [None, [], [1], [1, 2, 3], [1, -1], [1, "2"], [1, True], [1, 2**40], {0: 1, 1: 2}]
)
def test_last_days_must_be_one_for_each_value_three(days: object) -> None:
    assert decode_entitlement_claims(entitlements([1, 2])).last_days == {3: 1, 5: 2}
    assert refused(lambda: decode_entitlement_claims(entitlements(days))) == "malformed"


@pytest.mark.parametrize(
    "sub", [URI, URI + "/", URI + "/0", URI + "/03", URI + "/53", URI + "/permit", URI + "/³"]
)
def test_an_entitlement_list_names_its_service(sub: str) -> None:
    assert refused(lambda: decode_entitlement_claims(entitlements([1, 2], sub))) == "malformed"


def test_writing_wants_the_same_number_of_days() -> None:
    data = pack({3: 3}, slots=8)
    for days in ({}, {3: 1, 4: 1}, {4: 1}):
        assert (
            refused(
                lambda days=days: encode_entitlement_claims(
                    uri=URI, service=3, iat=IAT, exp=EXP, data=data, last_days=days
                )
            )
            == "malformed"
        )


def listed(**changes: object) -> bytes:
    claims: dict[object, object] = {2: URI, 4: EXP, 6: IAT, 65533: {"bits": 2, "lst": zlib.compress(b"abc")}}
    for name, value in changes.items():
        label = {"sub": 2, "exp": 4, "iat": 6, "ttl": 65534, "inner": 65533}[name]
        claims[label] = value
    return cbor.encode({label: value for label, value in claims.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": b"bytes"},
        {"iat": None},
        {"iat": -1},
        {"iat": True},
        {"exp": None},
        {"ttl": "60"},
        {"inner": None},
        {"inner": [2, zlib.compress(b"abc")]},
        {"inner": {"bits": 3, "lst": zlib.compress(b"abc")}},
        {"inner": {"bits": 2, "lst": "text"}},
        {"inner": {"bits": 2, "lst": b"no zlib"}},
        {"inner": {"bits": 2, "lst": zlib.compress(b"abc")[:-1]}},
        {"inner": {"bits": 2, "lst": zlib.compress(b"abc") + b"\0"}},
        {"inner": {"bits": 2, "lst": zlib.compress(bytes(MAX_LIST_BYTES + 1))}},
    ],
    ids=str,
)
def test_a_status_list_with_one_wrong_field(changes: dict[str, object]) -> None:
    assert decode_status_claims(listed()).at(0) == 1
    assert refused(lambda: decode_status_claims(listed(**changes))) == "malformed"


def test_a_list_may_inflate_to_the_limit_and_a_bomb_costs_no_memory() -> None:
    assert len(decode_status_claims(listed(inner={"bits": 8, "lst": zlib.compress(bytes(MAX_LIST_BYTES))})))
    bomb = zlib.compress(bytes(200_000_000), 1)
    tracemalloc.start()
    assert refused(lambda: decode_status_claims(listed(inner={"bits": 2, "lst": bomb}))) == "malformed"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MAX_LIST_BYTES


def test_a_key_that_merely_equals_a_label_is_no_label() -> None:
    head = b"\xa5\xf5\x00"  # A map of five, the first member {true: 0}.
    assert refused(lambda: decode_status_claims(head + listed()[1:])) == "malformed"


def permits(rows: object, sub: str = URI + "/permit") -> bytes:
    return cbor.encode({2: sub, 4: EXP, 6: IAT, -70011: zlib.compress(cbor.encode(rows))})


@pytest.mark.parametrize(
    "rows",
    [
        [],
        {"day": [1]},
        {-1: [1]},
        {10**9: [1]},
        {5: 1},
        {5: [1, 0]},
        {5: [-1]},
        {5: [1, -1]},
        {5: [True]},
        {5: [1, "1"]},
        {5: [7], 6: [3, 4]},
    ],
    ids=str,
)
def test_a_permit_list_with_wrong_rows(rows: object) -> None:
    assert decode_permit_claims(permits({5: [0, 1], 6: [7, 4], 7: []})).days == {0: 5, 1: 5, 7: 6, 11: 6}
    assert refused(lambda: decode_permit_claims(permits(rows))) == "malformed"


def test_a_hotlist_is_a_list_of_single_bits_under_its_name() -> None:
    data = pack({4: 1}, slots=16, bits=1)
    made = encode_status_claims(uri=hotlist_uri(URI), iat=IAT, exp=EXP, data=data, bits=1)
    assert [decode_hotlist_claims(made).at(index) for index in (3, 4)] == [0, 1]
    assert refused(lambda: decode_hotlist_claims(listed())) == "malformed"
    assert refused(lambda: decode_hotlist_claims(listed(sub=hotlist_uri(URI)))) == "malformed"


# The JWT form.

ONE = StatusList(URI, IAT, EXP, 60, 2, pack({3: 2}, slots=64))
SIGNERS = (STATUS, P256("status"))


def jwt(header: dict[str, object] | None = None, claims: dict[str, object] | None = None) -> str:
    """A JWT signed by the status key, with members changed (or removed, by None)."""
    head, body = (
        json.loads(from_base64url(part)) for part in jwt_signing_input(ONE, STATUS.public).decode().split(".")
    )
    parts = []
    for members, changes in ((head, header), (body, claims)):
        changed = {name: value for name, value in {**members, **(changes or {})}.items() if value is not None}
        parts.append(to_base64url(json.dumps(changed).encode()))
    signing_input = ".".join(parts).encode()
    return encode_status_jwt(signing_input, STATUS.sign(signing_input))


KEYS = {jwt_kid(signer.public): signer.public for signer in SIGNERS}


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_jwt_says_what_was_written(signer: P256) -> None:
    signing_input = jwt_signing_input(ONE, signer.public)
    assert decode_status_jwt(encode_status_jwt(signing_input, signer.sign(signing_input)), KEYS) == ONE


@pytest.mark.parametrize(
    ("expected", "make"),
    [
        ("wrong_type", lambda: jwt({"typ": "JWT"})),
        ("malformed", lambda: jwt({"typ": None})),
        ("wrong_type", lambda: jwt({"crit": ["exp"]})),
        ("wrong_key_use", lambda: jwt({"alg": "none"})),
        ("wrong_key_use", lambda: jwt({"alg": "ES256"})),
        ("wrong_key_use", lambda: jwt({"kid": "unknown"})),
        ("malformed", lambda: jwt({"kid": None})),
        ("malformed", lambda: jwt(claims={"sub": None})),
        ("malformed", lambda: jwt(claims={"iat": 1.5})),
        ("malformed", lambda: jwt(claims={"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}})),
        ("malformed", lambda: jwt(claims={"status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ=="}})),
        ("malformed", lambda: jwt(claims={"status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXR"}})),
        ("malformed", lambda: jwt(claims={"status_list": {"bits": 1, "lst": "eNrb+RgAAhcBXQ"}})),
        ("malformed", lambda: jwt() + "."),
        ("malformed", lambda: jwt().replace(".", "..", 1)),
        ("malformed", lambda: jwt() + "="),
        ("malformed", lambda: jwt().replace(".", ".é", 1)),
        ("malformed", lambda: jwt().replace(".", ".\ud800", 1)),
        ("malformed", lambda: " " + jwt()),
        ("bad_signature", lambda: jwt()[:-4] + "AAAA"),
        ("malformed", lambda: "e30." * 3_000_000),
        ("malformed", lambda: to_base64url(b'{"typ":"a","typ":"statuslist+jwt"}') + ".e30.e30"),
        ("malformed", lambda: to_base64url(b"[" * 5000) + ".e30.e30"),
    ],
)
def test_a_jwt_with_one_thing_wrong(expected: str, make: Callable[[], str]) -> None:
    assert decode_status_jwt(jwt(), KEYS) == ONE
    assert refused(lambda: decode_status_jwt(make(), KEYS)) == expected
