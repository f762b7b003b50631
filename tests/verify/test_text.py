"""Base45 and zlib: strict, reversible, bounded."""

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verify import text
from verify.errors import Refused

ALPHABET = text.ALPHABET.decode()


def reference(symbols: str) -> bytes | None:
    """RFC 9285 character by character."""
    if any(symbol not in ALPHABET for symbol in symbols) or len(symbols) % 3 == 1:
        return None
    out = bytearray()
    for start in range(0, len(symbols), 3):
        group = symbols[start : start + 3]
        value = sum(ALPHABET.index(symbol) * 45**place for place, symbol in enumerate(group))
        size = len(group) - 1
        if value >> 8 * size:
            return None
        out += value.to_bytes(size, "big")
    return bytes(out)


def decoded(symbols: str) -> bytes | None:
    try:
        return text.base45_decode(symbols)
    except Refused as error:
        return None if error.reason == "malformed" else error.reason.encode()


@given(st.binary(max_size=400))
def test_round_trip(data: bytes) -> None:
    symbols = text.base45_encode(data)
    assert text.base45_decode(symbols) == data == reference(symbols)
    assert text.decode(text.encode(data)) == data


@given(st.text(ALPHABET, max_size=60) | st.text(max_size=12))
@example("GGW")
@example(":::")
@example("::")
@example("V5")
@example("bb8")
@example("ÀB8")
@example("\ud800")
@example("BB\0")
def test_the_lanes_of_the_big_integer_are_the_rfc(symbols: str) -> None:
    assert decoded(symbols) == reference(symbols)


def test_every_group_of_three_and_of_two() -> None:
    # Neighbours are given along: no lane may run into the next one.
    for a in ALPHABET:
        for b in ALPHABET:
            for rest in (a + b, *(a + b + c for c in "0Q:W")):
                for symbols in (rest, "FGW" + rest, "000" + rest):
                    assert decoded(symbols) == reference(symbols)


def test_no_two_texts_are_the_same_bytes() -> None:
    for value in (0, 1, 255, 256, 65535):
        symbols = text.base45_encode(value.to_bytes(2, "big"))
        for other in ALPHABET:
            for place in range(3):
                changed = symbols[:place] + other + symbols[place + 1 :]
                assert changed == symbols or decoded(changed) != value.to_bytes(2, "big")


@pytest.mark.parametrize("level", [6, 9])
def test_our_levels_are_recognised(level: int) -> None:
    assert text.decode(text.base45_encode(zlib.compress(b"x", level))) == b"x"


def test_what_a_phone_stores_is_read() -> None:
    # A browser that cannot compress: docs/format.md section 6.
    stored = b"\x78\x9c" + zlib.compress(b"a code", 0)[2:]
    assert text.decode(text.base45_encode(stored)) == b"a code"


@pytest.mark.parametrize(
    "other", ["", "N", "NC", "HC1:NCF", "ncfoo", " NCF", "https://x.example/", "6BX", "\ud800"]
)
def test_other_texts_are_not_ours(other: str) -> None:
    with pytest.raises(Refused) as caught:
        text.decode(other)
    assert caught.value.reason == "not_ours"


def stream(data: bytes) -> str:
    return text.base45_encode(zlib.compress(data, 9))


@pytest.mark.parametrize(
    "damaged",
    [
        stream(b"a card")[:-3],
        stream(b"a card") + "000",
        text.base45_encode(zlib.compress(b"a", 9) + zlib.compress(b"b", 9)),
        text.base45_encode(zlib.compress(b"a card", 9)[:-4] + bytes(4)),
        text.base45_encode(b"\x78\xda\xff\xff"),
        text.base45_encode(zlib.compress(b"a", 9)[:2]),
        "NCF" + "0" * 4294,
        stream(bytes(text.MAX_INFLATED + 1)),
        "NCF" + "é" * 3,
    ],
)
def test_damaged_streams_are_malformed(damaged: str) -> None:
    with pytest.raises(Refused) as caught:
        text.decode(damaged)
    assert caught.value.reason == "malformed"


def test_the_limits_themselves_are_allowed() -> None:
    assert len(text.decode(stream(bytes(text.MAX_INFLATED)))) == text.MAX_INFLATED
    assert text.inflate(zlib.compress(bytes(100)), 100) == bytes(100)
    with pytest.raises(Refused):
        text.inflate(zlib.compress(bytes(101)), 100)
