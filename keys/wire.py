"""How a service and its signer speak over a socket: frames of deterministic CBOR, read strictly.

A frame is a length of four bytes, big endian, and one CBOR item. A call is ``[method, [arguments]]``; the
answer is ``[true, result]`` or ``[false, reason, words]``. What a method takes and gives is said once, by the
types of :class:`keys.signing.Signing`; values of any other type are refused.
"""

import dataclasses
import inspect
import os
import socket
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from keys.bundle import Entitlement, ListSnapshot
from keys.errors import KeysError
from keys.signing import Signing
from verify import cbor
from verify.errors import Refused
from verify.services import Service
from verify.status import LIST_SLOTS

#: The largest frame holds a city's lists, with room; what grows without an end comes in parts.
MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
_LENGTH_BYTES: Final = 4
#: sun_path has 108 bytes on Linux and 104 on macOS, the last one zero.
MAX_ADDRESS_BYTES: Final = 100
_NO_DAY: Final = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Method:
    """What one method takes and what it gives."""

    arguments: tuple[Any, ...]
    result: Any


@cache
def methods() -> Mapping[str, Method]:
    """Every method of the protocol by name."""
    found = {}
    for name, function in inspect.getmembers(Signing, inspect.isfunction):
        if not name.startswith("_"):
            hints = typing.get_type_hints(function)
            result = hints.pop("return")
            found[name] = Method(tuple(hints.values()), result)
    return found


@contextmanager
def address(path: Path) -> Iterator[str]:
    """Give a socket's address; one too long for the kernel (unix(7)) is reached through its directory."""
    if len(os.fsencode(path)) <= MAX_ADDRESS_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def send(connection: socket.socket, item: object) -> None:
    """Send one frame; raises :class:`KeysError` ``frame_too_large``, and ``OSError``."""
    data = cbor.encode(item)
    if len(data) > MAX_FRAME_BYTES:
        raise KeysError("frame_too_large", f"a frame has at most {MAX_FRAME_BYTES} bytes, {len(data)} came")
    connection.sendall(len(data).to_bytes(_LENGTH_BYTES, "big") + data)


def receive(connection: socket.socket) -> object | None:
    """Read one frame; None where the other side closed between frames. Raises ``bad_frame``, ``OSError``."""
    head = _exactly(connection, _LENGTH_BYTES, may_end=True)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if not 0 < length <= MAX_FRAME_BYTES:
        raise KeysError("bad_frame", f"a frame of 1 to {MAX_FRAME_BYTES} bytes was expected, {length} came")
    try:
        item = cbor.decode(_exactly(connection, length) or b"")
    except Refused as error:
        raise KeysError("bad_frame", f"the frame is no strict CBOR: {error}") from error
    if item is None:
        raise KeysError("bad_frame", "an empty frame came")
    return item


def _exactly(connection: socket.socket, count: int, *, may_end: bool = False) -> bytes | None:
    received = bytearray()
    while len(received) < count:
        part = connection.recv(min(count - len(received), 1 << 20))
        if not part:
            if may_end and not received:
                return None
            raise KeysError("bad_frame", f"the connection ended after {len(received)} of {count} bytes")
        received += part
    return bytes(received)


def pack(value: Any) -> object:
    """Turn a value of the protocol into plain CBOR items."""
    kind = type(value)
    if kind is ListSnapshot:
        return _pack_list(value)
    if isinstance(value, datetime):
        return int(value.timestamp())
    if dataclasses.is_dataclass(value):
        return [pack(getattr(value, part.name)) for part in dataclasses.fields(value)]
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, Mapping):
        return {pack(key): pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [pack(item) for item in value]
    return bytes(value) if kind in (bytearray, memoryview) else value


def unpack(hint: Any, item: object) -> Any:
    """Read an item as the type that ``hint`` names; raises :class:`KeysError` ``bad_frame``."""
    if hint is ListSnapshot:
        return _unpack_list(item)
    if hint is datetime:
        return datetime.fromtimestamp(_int(item), UTC)
    if hint is None or hint is types.NoneType:
        return _is(item, types.NoneType)
    if hint is object:
        return item
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (only,) = (one for one in inner if one is not types.NoneType)
        return None if item is None else unpack(only, item)
    if origin is tuple and len(inner) == 2 and inner[1] is ...:
        return tuple(unpack(inner[0], one) for one in _list(item))
    if origin is tuple:
        return tuple(unpack(one, part) for one, part in zip(inner, _list(item, len(inner)), strict=True))
    if origin in (list, Sequence, Collection):
        return [unpack(inner[0], one) for one in _list(item)]
    if origin is Mapping:
        return {unpack(inner[0], key): unpack(inner[1], one) for key, one in _is(item, dict).items()}
    if dataclasses.is_dataclass(hint):
        return _unpack_dataclass(hint, item)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return _member(hint, item)
    return _is(item, hint)


def _unpack_dataclass(hint: Any, item: object) -> Any:
    hints = _hints(hint)
    return hint(*(unpack(one, part) for one, part in zip(hints, _list(item, len(hints)), strict=True)))


@cache
def _hints(hint: Any) -> tuple[Any, ...]:
    named = typing.get_type_hints(hint)
    return tuple(named[part.name] for part in dataclasses.fields(hint))


def _pack_list(one: ListSnapshot) -> object:
    """A list as it is cheapest to send: one byte a slot, and flat arrays of numbers."""
    statuses = bytearray(one.slots)
    for index, value in one.statuses.items():
        statuses[index] = value
    rights = {
        int(service): [
            number
            for index, right in rows.items()
            for number in (index, right.value, _NO_DAY if right.last_day is None else right.last_day + 1)
        ]
        for service, rows in one.entitlements.items()
    }
    days = [number for pair in one.permit_days.items() for number in pair]
    return [one.uri, one.slots, bytes(statuses), days, rights, list(one.hot)]


def _unpack_list(item: object) -> ListSnapshot:
    uri, slots, statuses, days, rights, hot = _list(item, 6)
    size, values = _int(slots), _is(statuses, bytes)
    if len(values) != size or not 0 < size <= LIST_SLOTS:
        raise _bad(f"a list of at most {LIST_SLOTS} slots was expected, {len(values)} of {size} came")
    flat = [_int(number) for number in _list(days)]
    return ListSnapshot(
        uri=_is(uri, str),
        statuses={index: value for index, value in enumerate(values) if value},
        permit_days=dict(_groups(flat, 2)),
        entitlements={
            _member(Service, service): {
                index: Entitlement(value, None if day == _NO_DAY else day - 1)
                for index, value, day in _groups([_int(number) for number in _list(rows)], 3)
            }
            for service, rows in _is(rights, dict).items()
        },
        hot=[_int(index) for index in _list(hot)],
        slots=size,
    )


def _groups(numbers: list[int], size: int) -> Any:
    if len(numbers) % size:
        raise _bad(f"groups of {size} numbers were expected, {len(numbers)} came")
    return zip(*(numbers[start::size] for start in range(size)), strict=True)


def _list(item: object, size: int | None = None) -> list[Any]:
    found: list[Any] = _is(item, list)
    if size is not None and len(found) != size:
        raise _bad(f"{size} members were expected, {len(found)} came")
    return found


def _int(item: object) -> int:
    number: int = _is(item, int)
    if not -cbor.MAX_INTEGER <= number <= cbor.MAX_INTEGER:
        raise _bad("an integer is beyond ±2^53")
    return number


def _member(kind: Callable[[int], Any], item: object) -> Any:
    try:
        return kind(_int(item))
    except ValueError as error:
        raise _bad(f"{item!r:.40} is not known here") from error


def _is(item: object, kind: type) -> Any:
    """``item``, if it is of this type; true and false are no integers."""
    if type(item) is not kind:
        raise _bad(f"a {kind.__name__} was expected, a {type(item).__name__} came")
    return item


def _bad(words: str) -> KeysError:
    return KeysError("bad_frame", f"a call or answer cannot be read: {words}")
