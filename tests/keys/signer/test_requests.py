"""Requests: one meaning, one form, one hash."""

from contextlib import suppress
from hashlib import sha256

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import KeysError
from keys.requests import (
    MAX_REQUEST_BYTES,
    ApproverRequest,
    Asked,
    CardItem,
    ChipRequest,
    ExtendRequest,
    GrantRequest,
    IssueRequest,
    ReinstateRequest,
    RemovalRequest,
    ReplaceRequest,
    Request,
    challenge_of,
    decode_request,
)
from tests.keys.conftest import refused
from verify.services import Service

TEXT = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=20)
HASH = st.binary(min_size=32, max_size=32)
KID = st.binary(min_size=8, max_size=8)
DAY = st.integers(0, 100_000)
SERVICE = st.sampled_from([int(service) for service in Service])
ASKED = st.builds(
    Asked,
    TEXT,
    st.lists(TEXT, min_size=1, max_size=4).map(tuple),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**40),
)
ITEM = st.builds(CardItem, HASH, HASH, st.dictionaries(SERVICE, st.none() | DAY, max_size=4))
REQUEST: st.SearchStrategy[Request] = st.one_of(
    st.builds(IssueRequest, ASKED, KID, st.lists(ITEM, min_size=1, max_size=4).map(tuple)),
    st.builds(ReplaceRequest, ASKED, KID, TEXT, ITEM),
    st.builds(ChipRequest, ASKED, KID, TEXT, st.binary(min_size=4, max_size=10), HASH),
    st.builds(ReinstateRequest, ASKED, TEXT),
    st.builds(ExtendRequest, ASKED, TEXT, DAY),
    st.builds(GrantRequest, ASKED, st.dictionaries(TEXT, st.none() | DAY, min_size=1, max_size=4), SERVICE),
    st.builds(
        ApproverRequest,
        ASKED,
        staff=TEXT,
        role=TEXT,
        office=TEXT,
        services=st.lists(SERVICE, max_size=3).map(tuple),
        credential_id=st.binary(min_size=1, max_size=64),
        public_key=st.binary(min_size=1, max_size=100),
        sign_count=st.integers(0, 2**32 - 1),
        label=TEXT,
    ),
    st.builds(RemovalRequest, ASKED, st.binary(min_size=1, max_size=64)),
)


@given(REQUEST)
def test_a_request_reads_back_as_itself(request: Request) -> None:
    assert decode_request(request.encode()) == request


@given(REQUEST, REQUEST)
def test_two_requests_have_two_challenges(one: Request, other: Request) -> None:
    assert (challenge_of(one.encode()) == challenge_of(other.encode())) == (one == other)


@given(REQUEST, st.data())
def test_a_changed_byte_is_another_request_or_none(request: Request, data: st.DataObject) -> None:
    whole = bytearray(request.encode())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with suppress(KeysError):
        read = decode_request(bytes(whole))
        assert read != request
        assert read.encode() == bytes(whole)


@given(st.binary(max_size=200))
def test_what_is_no_request_is_refused_with_a_reason(data: bytes) -> None:
    with refused("malformed_request"):
        decode_request(data)


SOUND = ReinstateRequest(Asked("clerk1", ("Centre",), bytes(16), 1), "1").encode()


def with_member(label: object, value: object) -> bytes:
    claims = cbor2.loads(SOUND)
    return cbor2.dumps({**claims, label: value}, canonical=True)


@pytest.mark.parametrize(
    "data",
    [
        with_member(99, 1),
        with_member(1, ""),
        with_member(1, "clerk1\n"),
        with_member(1, "c" * 101),
        with_member(2, []),
        with_member(2, ["Centre"] * 17),
        with_member(3, bytes(15)),
        with_member(4, -1),
        with_member(0, "revoke"),
        with_member("0", "reinstate"),
        SOUND + b"\x00",
        bytes(MAX_REQUEST_BYTES + 1),
        cbor2.dumps(dict(reversed(cbor2.loads(SOUND).items()))),
    ],
)
def test_one_thing_wrong_with_a_request(data: bytes) -> None:
    with refused("malformed_request"):
        decode_request(data)


def test_the_challenge_is_the_hash_of_the_bytes() -> None:
    assert challenge_of(SOUND) == sha256(SOUND).digest()
