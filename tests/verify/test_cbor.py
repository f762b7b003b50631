"""The strict reader against a second one in plain Python, and the deterministic writer."""

import random
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.verify.strict_cbor import NotStrict, read, same_form
from tests.verify.world import IDENTITY_CODE, TOKEN_CARD, code, phone_code
from verify import cbor
from verify.errors import Refused


def agrees(data: bytes) -> bool:
    """Whether both refuse, or both read the same; says which came."""
    try:
        theirs: object = read(data)
    except NotStrict:
        with pytest.raises(Refused) as caught:
            cbor.decode(data)
        assert caught.value.reason == "malformed"
        return False
    assert same_form(cbor.decode(data)) == theirs
    return True


scalars = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text()
ours: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**64), 2**64 - 1) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
theirs = st.recursive(
    scalars | st.floats() | st.integers(0, 19).map(cbor2.CBORSimpleValue) | st.just(cbor2.undefined),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(scalars | st.floats(), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.integers(0, 2**32), inner)
    ),
    max_leaves=12,
)


@given(ours)
def test_what_is_written_reads_back_and_is_in_shortest_form(item: Any) -> None:
    data = cbor.encode(item)
    assert cbor.decode(data) == item
    assert agrees(data)
    assert cbor.encode(cbor.decode(data)) == data


@given(ours)
def test_keys_stand_in_bytewise_order(item: Any) -> None:
    def ordered(part: Any) -> bool:
        if isinstance(part, dict):
            keys = [cbor2.dumps(key) for key in part]
            return keys == sorted(keys) and all(map(ordered, part.values()))
        return all(map(ordered, part)) if isinstance(part, list) else True

    assert ordered(cbor.decode(cbor.encode(item)))


def test_the_order_is_that_of_rfc_8949_not_7049() -> None:
    assert cbor.encode({-1: 0, 24: 0, 10: 0, "": 0}).hex() == "a40a00181800200060" + "00"


@given(theirs.map(lambda item: cbor2.dumps(item)))
@example(bytes.fromhex("a2f50101f4"))
@example(bytes.fromhex("a2f90000000000"))
def test_both_readers_agree_on_any_item(data: bytes) -> None:
    agrees(data)


@given(st.binary(max_size=40))
def test_both_readers_agree_on_any_bytes(data: bytes) -> None:
    agrees(data)


def test_both_readers_agree_on_damaged_cards() -> None:
    choose = random.Random(8949)
    sound = [IDENTITY_CODE.encode(), TOKEN_CARD.encode(), code()[1:], phone_code()[1:]]
    read_well = 0
    for _ in range(4000):
        data = bytearray(choose.choice(sound))
        for _ in range(choose.randint(1, 3)):
            data[choose.randrange(len(data))] = choose.choice((choose.randrange(256), 0x18, 0xC1, 0xF9, 0x9F))
        read_well += agrees(bytes(data))
    assert 200 < read_well < 3800


@pytest.mark.parametrize(
    "data", ["1800", "190001", "1a00000001", "1b0000000000000001", "5801ff", "780161", "9800"]
)
def test_longer_forms_are_accepted(data: str) -> None:
    assert agrees(bytes.fromhex(data))


@pytest.mark.parametrize("depth", [16, 17, 1000, 60_000])
def test_depth(depth: int) -> None:
    for opening in (b"\x81", b"\xa1\x00"):
        assert agrees(opening * depth + b"\x00") is (depth == 16)


@pytest.mark.parametrize(
    "tag", [*range(60), 100, 256, 258, 260, 261, 1004, 1040, 43000, 55799, 2**32, 2**64 - 1]
)
def test_nothing_is_built_from_a_tag(tag: int) -> None:
    for content in (b"\x00", b"\x60", b"\x41\x01", b"\x82\x01\x02", b"\xa0", b"\x62\x31\x2f"):
        data = cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1] + content
        assert not agrees(data)
        assert not agrees(b"\x81" + data)


@pytest.mark.parametrize("item", [1.5, {1.0: 2}, {1, 2}, object(), cbor2.CBORTag(1, 0)])
def test_what_the_format_has_no_place_for_is_not_written(item: object) -> None:
    with pytest.raises(TypeError):
        cbor.encode(item)


@given(st.integers(0, 70_000))
@example(23)
@example(24)
@example(255)
@example(256)
@example(65535)
@example(65536)
def test_byte_strings_by_hand_are_those_of_the_writer(size: int) -> None:
    assert cbor.byte_string(bytes(size)) == cbor.encode(bytes(size))
