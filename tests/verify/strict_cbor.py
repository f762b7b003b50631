"""A second reader of the same CBOR profile, in plain Python: slow, small, and nobody's library.

It says what the real one must say: the same item, or no. Nothing of it is shared with ``verify.cbor``.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import cbor2

MAX_DEPTH = 16


class NotStrict(Exception):
    """Outside the profile: ``tag``, ``indefinite``, ``deep``, ``duplicate`` or ``malformed``."""


@dataclass(frozen=True)
class Simple:
    number: int


@dataclass(frozen=True)
class Float:
    """A float by its words, so that NaN equals itself."""

    words: str


def same_form(item: object) -> object:
    """What the real reader made, in the form of this one: floats and maps that can be compared."""
    if isinstance(item, float):
        return Float(repr(item))
    if isinstance(item, cbor2.CBORSimpleValue):
        return Simple(item.value)
    if item is cbor2.undefined:
        return Simple(23)
    if isinstance(item, Mapping):
        return {repr(same_form(key)): same_form(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [same_form(part) for part in item]
    return item


def read(data: bytes) -> object:
    item, end = _item(data, 0, 1)
    if end != len(data):
        raise NotStrict("malformed")
    return item


def _item(data: bytes, at: int, depth: int) -> tuple[object, int]:
    if at >= len(data):
        raise NotStrict("malformed")
    major, info = data[at] >> 5, data[at] & 31
    if info == 31:
        raise NotStrict("indefinite" if major in (2, 3, 4, 5, 7) else "malformed")
    if info > 27:
        raise NotStrict("malformed")
    size = 0 if info < 24 else 1 << info - 24
    argument = data[at + 1 : at + 1 + size]
    if len(argument) < size:
        raise NotStrict("malformed")
    number = info if size == 0 else int.from_bytes(argument, "big")
    at += 1 + size
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        return _string(data, at, number, major)
    if major == 6:
        raise NotStrict("tag")
    if major == 7:
        return _simple(info, number, argument), at
    if depth > MAX_DEPTH:
        raise NotStrict("deep")
    return _container(data, at, number, major, depth)


def _string(data: bytes, at: int, size: int, major: int) -> tuple[object, int]:
    raw = data[at : at + size]
    if len(raw) < size:
        raise NotStrict("malformed")
    try:
        return (raw if major == 2 else raw.decode("utf-8")), at + size
    except UnicodeDecodeError:
        raise NotStrict("malformed") from None


def _simple(info: int, number: int, argument: bytes) -> object:
    if info in (25, 26, 27):
        return Float(repr(struct.unpack({25: ">e", 26: ">f", 27: ">d"}[info], argument)[0]))
    if info == 24 and number < 32:
        raise NotStrict("malformed")
    return {20: False, 21: True, 22: None}.get(number, Simple(number))


def _container(data: bytes, at: int, count: int, major: int, depth: int) -> tuple[object, int]:
    if count > len(data):
        raise NotStrict("malformed")
    items: list[object] = []
    for _ in range(count * (major - 3)):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    if major == 4:
        return items, at
    pairs = list(zip(items[::2], items[1::2], strict=True))
    keys = [_equal(key) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise NotStrict("duplicate")
    return {repr(key): value for key, value in pairs}, at


def _equal(key: object) -> object:
    """Keys that Python holds for equal count as one: true, 1 and 1.0; NaN equals nothing."""
    if isinstance(key, Float):
        return object() if key.words == "nan" else float(key.words)
    return repr(key) if isinstance(key, list | dict) else key
