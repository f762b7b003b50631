"""The text of a printed code: zlib and Base45 (RFC 1950, RFC 9285; docs/format.md section 1).

Base45 is computed on one big integer instead of character by character: three symbols fill a lane of 24
bits, and ``C + 45·D + 2025·E`` of all lanes is three shifts, two products and two sums. It is some fifteen
times faster than a loop, with nothing but the standard library.
"""

import zlib
from functools import cache, lru_cache
from struct import unpack

from verify.errors import Refused

#: The most a QR code can hold in alphanumeric mode (version 40-L, ISO/IEC 18004).
MAX_TEXT = 4296
#: No card comes near; a bomb stops here, counted while inflating.
MAX_INFLATED = 64 * 1024

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
#: How a zlib stream of level 9 and of level 6 begins in Base45; any other text is somebody else's code.
RECOGNISED = ("NCF", "6BF")

_VALUES = bytes(ALPHABET.find(symbol) & 0xFF for symbol in range(256))


def encode(data: bytes) -> str:
    """COSE bytes to the text of a QR code."""
    return base45_encode(zlib.compress(data, 9))


def decode(text: str) -> bytes:
    """The text of a QR code to COSE bytes.

    Refused as ``not_ours`` if it never was one of these codes, as ``malformed`` if it is a damaged one.
    """
    if not text.startswith(RECOGNISED):
        raise Refused("not_ours", "the text does not begin like a card; it is a code of another kind")
    if len(text) > MAX_TEXT:
        raise Refused("malformed", f"{len(text)} characters, more than the {MAX_TEXT} of any QR code")
    return inflate(base45_decode(text), MAX_INFLATED)


def inflate(data: bytes, limit: int) -> bytes:
    """Inflate one whole zlib stream to at most ``limit`` bytes."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise Refused("malformed", f"not a zlib stream: {error}") from error
    if len(plain) > limit:
        raise Refused("malformed", f"inflates to more than {limit} bytes")
    if not stream.eof:
        raise Refused("malformed", "the zlib stream ends early")
    if stream.unused_data:
        raise Refused("malformed", f"{len(stream.unused_data)} bytes follow the zlib stream")
    return plain


@lru_cache(maxsize=64)
def _masks(lanes: int) -> tuple[int, int]:
    """For so many 24-bit lanes: the mask of their low bytes, and of the byte that must stay empty."""
    return int.from_bytes(b"\xff\0\0" * lanes, "little"), int.from_bytes(b"\0\0\xff" * lanes, "little")


def base45_decode(text: str) -> bytes:
    """Strict Base45: refused are other characters, groups above 65535 and a single trailing character."""
    try:
        symbols = text.encode("ascii")
    except UnicodeEncodeError as error:
        raise Refused("malformed", "a character outside the Base45 alphabet") from error
    if symbols.translate(None, ALPHABET):
        raise Refused("malformed", "a character outside the Base45 alphabet")
    lanes, rest = divmod(len(symbols), 3)
    if rest == 1:
        raise Refused("malformed", "a single trailing character")
    values = symbols.translate(_VALUES)
    low, over = _masks(lanes)
    packed = int.from_bytes(values[: 3 * lanes], "little")
    sums = (packed & low) + 45 * (packed >> 8 & low) + 2025 * (packed >> 16 & low)
    if sums & over:
        raise Refused("malformed", "a group of three characters above 65535")
    pairs = sums.to_bytes(3 * lanes, "little")
    data = bytearray(2 * lanes)
    data[0::2] = pairs[1::3]
    data[1::2] = pairs[0::3]
    if rest:
        last = values[-2] + 45 * values[-1]
        if last > 0xFF:
            raise Refused("malformed", "a last group of two characters above 255")
        data.append(last)
    return bytes(data)


@cache
def _triples() -> tuple[str, ...]:
    """The three characters of every 16-bit value, made when the first card is written."""
    symbols = ALPHABET.decode("ascii")
    return tuple(symbols[n % 45] + symbols[n // 45 % 45] + symbols[n // 2025] for n in range(1 << 16))


def base45_encode(data: bytes) -> str:
    """Base45 of any bytes."""
    pairs, rest = divmod(len(data), 2)
    table = _triples()
    text = "".join(map(table.__getitem__, unpack(f">{pairs}H", data[: 2 * pairs])))
    return text + table[data[-1]][:2] if rest else text
