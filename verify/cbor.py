"""Strict CBOR in, deterministic CBOR out (RFC 8949; docs/format.md section 1).

The reader is ``cbor2`` locked down: definite lengths, no duplicate keys, bounded depth, and nothing is ever
built from a tag. What the library leaves to its callers is checked here: bytes after the item. Floats and
odd keys inside claims that nobody reads are harmless; who reads a claim checks its type.
"""

from io import BytesIO
from typing import NoReturn

import cbor2

from verify.errors import Refused

#: Deep enough for every object of the format, shallow enough for any stack.
MAX_DEPTH = 16
#: Integers beyond ±2^53 are malformed (section 1), ±2^53 itself is not: JavaScript reads the same cards.
MAX_INTEGER = 2**53
#: Tags that ``cbor2`` turns into rich objects without asking the tag hook; each gets a raiser of its own.
_BUILT_IN_TAGS = (
    *(0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100),
    *(256, 258, 260, 261, 1004, 43000, 55799),
)


def _refuse_tag(value: object, immutable: bool) -> NoReturn:
    raise Refused("malformed", f"no CBOR tag is allowed here, and one came around {type(value).__name__}")


_NO_TAGS = dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag)


def decode(data: bytes) -> object:
    """Read exactly one item without tags; anything else is refused as ``malformed``."""
    stream = BytesIO(data)
    try:
        item: object = cbor2.CBORDecoder(
            stream,
            tag_hook=_refuse_tag,
            semantic_decoders=_NO_TAGS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        ).decode()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise Refused("malformed", f"not a single strict CBOR item: {error}") from error
    if stream.tell() != len(data):
        raise Refused("malformed", f"{len(data) - stream.tell()} bytes follow the CBOR item")
    return item


def encode(item: object) -> bytes:
    """Write deterministically (RFC 8949 section 4.2.1: shortest forms, keys in bytewise order)."""
    return cbor2.dumps(_ordered(item))


def byte_string(data: bytes) -> bytes:
    """The CBOR byte string of ``data``, for structures whose parts stand ready as bytes."""
    size = len(data)
    if size < 24:
        return bytes((0x40 | size,)) + data
    if size < 1 << 8:
        return bytes((0x58, size)) + data
    if size < 1 << 16:
        return b"\x59" + size.to_bytes(2, "big") + data
    return b"\x5a" + size.to_bytes(4, "big") + data


def _ordered(item: object) -> object:
    """The same item with every map in bytewise key order; types outside the format are a mistake of ours."""
    if isinstance(item, dict):
        # ``canonical=True`` would sort as RFC 7049 did, shorter keys first: -1 before 24, which 8949 forbids.
        return {_ordered(key): _ordered(item[key]) for key in sorted(item, key=cbor2.dumps)}
    if isinstance(item, list | tuple):
        return [_ordered(part) for part in item]
    if item is None or isinstance(item, bool | int | bytes | str):
        return item
    raise TypeError(f"the format has no place for a {type(item).__name__}")
