"""What lies on a chip: an NDEF message and in it the card's record (docs/format.md section 7).

Strict and small: a gate has no NDEF library, and a stranger chooses these bytes.
"""

from collections.abc import Iterator
from typing import NamedTuple

from verify.errors import Refused

#: The registered media type of a CWT (RFC 8392, 9.2), and the external type that saves nine bytes.
MEDIA_TYPE, SHORT_TYPE = b"application/cwt", b"cardsvc:c"
#: Nothing that calls itself a card is longer; checked before reading and before parsing.
MESSAGE_MAX = 8192
#: NDEF 1.0, 3.2: the flags and the type name format in a record's first byte.
_BEGIN, _END, _CHUNK, _SHORT, _ID, _TNF = 0x80, 0x40, 0x20, 0x10, 0x08, 0x07
_TNF_MEDIA, _TNF_EXTERNAL = 2, 4
#: Type 2 Tag, 2.3: the blocks of the data area.
_NULL, _NDEF, _TERMINATOR = 0x00, 0x03, 0xFE
#: This instead of a length of one byte: a length of two bytes follows (2.3.4).
_LONG = b"\xff"


class Record(NamedTuple):
    """One NDEF record: its type name format, its type and its payload."""

    format: int
    type: bytes
    payload: bytes


def card_record(message: bytes) -> bytes:
    """The COSE bytes of a message's first card record; ``malformed``, or ``not_ours`` without one."""
    if len(message) > MESSAGE_MAX:
        raise Refused("malformed", f"a chip holds at most {MESSAGE_MAX} bytes, {len(message)} came")
    for record in list(_records(message)):
        if (record.format, record.type) in ((_TNF_MEDIA, MEDIA_TYPE), (_TNF_EXTERNAL, SHORT_TYPE)):
            return record.payload
    raise Refused("not_ours", "the chip holds something else than a card")


def _records(message: bytes) -> Iterator[Record]:
    """The records of a whole message; nothing may stand before the first or after the last."""
    place, first = 0, True
    while True:
        record, head, place = _record(message, place)
        if bool(head & _BEGIN) != first or head & _CHUNK:
            raise _broken("its records do not follow each other, or come in chunks")
        yield record
        if head & _END:
            break
        first = False
    if place != len(message):
        raise _broken(f"{len(message) - place} bytes follow the last record")


def _record(message: bytes, place: int) -> tuple[Record, int, int]:
    sizes = 2 if len(message) > place and message[place] & _SHORT else 5
    head = message[place : place + 1 + sizes]
    if len(head) < 1 + sizes:
        raise _broken("it ends in a record's head")
    place += 1 + sizes
    id_size = 0
    if head[0] & _ID:
        if place >= len(message):
            raise _broken("it ends in a record's head")
        id_size, place = message[place], place + 1
    end_of_type = place + head[1]
    start = end_of_type + id_size
    end = start + int.from_bytes(head[2:], "big")
    if end > len(message):
        raise _broken("a record is longer than the message")
    return Record(head[0] & _TNF, message[place:end_of_type], message[start:end]), head[0], end


def _broken(why: str) -> Refused:
    return Refused("malformed", f"the chip's NDEF message is damaged: {why}")


def type2_message(area: bytes) -> bytes:
    """The first NDEF message in a Type 2 Tag's data area (Type 2 Tag 1.1, 2.3); ``not_ours`` without one."""
    place = 0
    while place < len(area) and area[place] != _TERMINATOR:
        kind, place = area[place], place + 1
        if kind == _NULL:
            continue
        length = area[place : place + (3 if area[place : place + 1] == _LONG else 1)]
        size = int.from_bytes(length.removeprefix(_LONG), "big")
        place += len(length)
        if len(length) not in (1, 3) or length == _LONG or place + size > len(area):
            raise _broken("a block is longer than the chip's memory")
        if kind == _NDEF:
            return area[place : place + size]
        place += size
    raise Refused("not_ours", "the chip holds no NDEF message")


def type2_area(message: bytes) -> bytes:
    """The data area for one message: its block, and the terminator behind it."""
    size = len(message)
    length = bytes((size,)) if size < _LONG[0] else _LONG + size.to_bytes(2, "big")
    return bytes((_NDEF,)) + length + message + bytes((_TERMINATOR,))
