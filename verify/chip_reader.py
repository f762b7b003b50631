"""A chip at a reader: its UID, the code on it, its own key, and its answer to a challenge.

Over any connection that carries ISO 7816-4 commands and PC/SC's own (part 3, 3.2.2: ``FF CA``, ``FF B0``,
``FF D6``): Type 4 Tags (NTAG 424 DNA, DESFire, cards with a key) and Type 2 Tags (NTAG 215 and 216).
What a chip sends is a stranger's until its signature has been judged.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Protocol

from verify.card import Card
from verify.chip_data import MESSAGE_MAX, card_record, type2_message
from verify.cose import decode_sign1
from verify.errors import Refused, Unchecked
from verify.phone import CHALLENGE_BYTES, ChipProof

#: NFC Forum Type 4 Tag 2.0, 4.2: the NDEF application, and the file that says where the message is.
NDEF_APPLICATION = bytes.fromhex("d2760000850101")
CAPABILITY_FILE = bytes.fromhex("e103")
#: ISO 7816-5, 8.1.2.2: F marks a name nobody registered; then "cardsvc", then the version of the protocol.
KEY_APPLICATION = b"\xf0cardsvc\x01"
#: The key file's short identifier, and what it holds: 04 ‖ x ‖ y of a P-256 point.
KEY_FILE, KEY_BYTES = 1, 65
SIGNATURE_BYTES = 64
OK = 0x9000
#: A reader asks for no more at once: larger answers need extended length, which old readers lack.
READ_MAX = 0xF0
#: Type 2 Tag 1.1, 2.1: four pages of four bytes a reading; the capability container is page 3.
PAGE, PAGES_READ, CAPABILITY_PAGE, FIRST_PAGE = 4, 4, 3, 4
_TYPE2_MAGIC = 0xE1
#: A command names a page with one byte; what lies behind the last one cannot be read.
_TYPE2_MAX = (256 - FIRST_PAGE) * PAGE
#: Type 4 Tag 2.0, 5.1: the capability container's length and the block that names the message's file.
_CAPABILITY_BYTES, _FILE_BLOCK = 15, bytes((0x04, 0x06))
_MAPPING_MAJORS = (2, 3)


class Connection(Protocol):
    """A chip in a reader's field."""

    def transmit(self, command: bytes) -> bytes:
        """The answer with its two status bytes; raises ``Unchecked`` ``chip_lost`` when the chip has gone."""


@dataclass(frozen=True, slots=True)
class ChipReading:
    """What a chip gave: its UID, its code's COSE bytes, and its public key (04 ‖ x ‖ y) if it has one."""

    uid: bytes
    code: bytes
    key: bytes | None = None


class Answer(NamedTuple):
    """A chip's answer: its data and its status word."""

    data: bytes
    status: int


@dataclass(frozen=True, slots=True)
class Type4File:
    """Where a Type 4 Tag keeps its message: file, size, and the most bytes a command may read or write."""

    file: bytes
    size: int
    read_max: int
    write_max: int
    writable: bool


def read_chip(connection: Connection) -> ChipReading:
    """Read UID, code and key.

    Raises ``Unchecked`` ``chip_unreadable`` and ``chip_lost``, ``Refused`` ``not_ours`` and ``malformed``.
    """
    uid = read_uid(connection)
    if select(connection, NDEF_APPLICATION):
        code = card_record(read_type4(connection, type4_file(connection)))
        return ChipReading(uid, code, read_key(connection))
    return ChipReading(uid, card_record(read_type2(connection)))


def proof_of(connection: Connection, reading: ChipReading) -> ChipProof | None:
    """Challenge the chip if its code names a key (claim 9); None where it names none, or is no code at all.

    A chip that cannot answer gives a proof that proves nothing: the verdict is then ``chip_not_proved``.
    """
    try:
        payload = decode_sign1(reading.code).payload
        named = Card.decode(payload).chip_key
    except (Refused, Unchecked):
        return None  # The verdict will say why.
    return None if named is None else challenge(connection, payload)


def challenge(
    connection: Connection,
    payload: bytes,
    *,
    random: Callable[[int], bytes] = os.urandom,
    clock: Callable[[], float] = time.monotonic,
) -> ChipProof:
    """Let the chip sign 16 fresh random bytes together with its code's payload (ISO 7816-4, 11.5.2).

    ``clock`` measures in seconds how long the answer took: the verdict allows two. The chip puts
    ``cardsvc-chip-1`` in front itself, so that it can never be made to sign anything else.
    """
    key = read_key(connection) or b""
    nonce = random(CHALLENGE_BYTES)
    question = nonce + sha256(payload).digest()
    begun = clock()
    internal_authenticate = bytes((0x00, 0x88, 0x00, 0x00, len(question)))
    answer = command(connection, internal_authenticate + question + bytes((SIGNATURE_BYTES,)))
    took = clock() - begun
    signature = answer.data if answer.status == OK and key else b""
    return ChipProof(key, nonce, signature, took)


def read_uid(connection: Connection) -> bytes:
    """The chip's UID as the reader knows it (PC/SC part 3, 3.2.2.1.3)."""
    answer = command(connection, bytes.fromhex("ffca000000"))
    if answer.status != OK or not 4 <= len(answer.data) <= 10:
        raise Unchecked("chip_unreadable", "the reader gives no UID; is it a contactless one?")
    return answer.data


def read_key(connection: Connection) -> bytes | None:
    """The chip's own public key, 04 ‖ x ‖ y; None for a chip without one."""
    if not select(connection, KEY_APPLICATION):
        return None
    answer = command(connection, bytes((0x00, 0xB0, 0x80 | KEY_FILE, 0x00, KEY_BYTES)))
    return answer.data if answer.status == OK and len(answer.data) == KEY_BYTES else None


def command(connection: Connection, apdu: bytes) -> Answer:
    """Send one command and take its answer apart; ``chip_unreadable`` for one without a status."""
    answer = connection.transmit(apdu)
    if len(answer) < 2:
        raise Unchecked("chip_unreadable", "the chip's answer has no status; hold it still and try again")
    return Answer(answer[:-2], int.from_bytes(answer[-2:], "big"))


def select(connection: Connection, name: bytes) -> bool:
    """Select an application by its name; False where the chip has none of that name."""
    return command(connection, bytes((0x00, 0xA4, 0x04, 0x00, len(name))) + name + b"\0").status == OK


def select_file(connection: Connection, file: bytes) -> None:
    """Select a file of the application; ``chip_unreadable`` where there is none."""
    answer = command(connection, bytes((0x00, 0xA4, 0x00, 0x0C, len(file))) + file)
    if answer.status != OK:
        raise Unchecked("chip_unreadable", f"the chip has no file {file.hex()} (status {answer.status:04x})")


def type4_file(connection: Connection) -> Type4File:
    """Read the capability container, once the NDEF application is selected."""
    select_file(connection, CAPABILITY_FILE)
    container = _read_binary(connection, 0, _CAPABILITY_BYTES)
    major, block = container[2] >> 4, container[7:9]
    read_max, write_max = int.from_bytes(container[3:5], "big"), int.from_bytes(container[5:7], "big")
    if major not in _MAPPING_MAJORS or block != _FILE_BLOCK or read_max < _CAPABILITY_BYTES or not write_max:
        raise Unchecked("chip_unreadable", "the chip's description of its NDEF file is of no known version")
    return Type4File(
        file=container[9:11],
        size=int.from_bytes(container[11:13], "big"),
        read_max=min(read_max, READ_MAX),
        write_max=min(write_max, READ_MAX),
        writable=container[13] == 0 and container[14] == 0,
    )


def read_type4(connection: Connection, place: Type4File) -> bytes:
    """The NDEF message of a Type 4 Tag (5.4): its length, then as many readings as it takes."""
    select_file(connection, place.file)
    size = int.from_bytes(_read_binary(connection, 0, 2), "big")
    if size > min(place.size - 2, MESSAGE_MAX):
        raise Refused("malformed", f"the chip claims a message of {size} bytes in a file of {place.size}")
    message = b""
    while len(message) < size:
        message += _read_binary(connection, 2 + len(message), min(place.read_max, size - len(message)))
    return message


def read_type2(connection: Connection) -> bytes:
    """The NDEF message of a Type 2 Tag; ``chip_unreadable`` for what is neither kind of tag."""
    return type2_message(_type2_data(connection, type2_size(connection)))


def type2_size(connection: Connection) -> int:
    """The bytes of a Type 2 Tag's data area, from its capability container."""
    container = _read_pages(connection, CAPABILITY_PAGE)
    if container is None or container[0] != _TYPE2_MAGIC or container[1] >> 4 != 1:
        raise Unchecked("chip_unreadable", "the chip is neither a Type 4 nor a formatted Type 2 tag")
    size = 8 * container[2]
    if size > _TYPE2_MAX:
        raise Unchecked("chip_unreadable", f"the chip claims {size} bytes, and {_TYPE2_MAX} can be read")
    return size


def _type2_data(connection: Connection, size: int) -> bytes:
    data = b""
    while len(data) < size:
        pages = _read_pages(connection, FIRST_PAGE + len(data) // PAGE)
        if pages is None:
            raise Unchecked("chip_unreadable", "the chip stopped answering; hold it still and try again")
        data += pages
        if data[0] == 0x03 and _whole(data[:size]):
            break
    return data[:size]


def _whole(data: bytes) -> bool:
    """Whether the first block, an NDEF message, has been read already: the rest need not be."""
    size = int.from_bytes(data[2:4], "big") + 4 if data[1] == 0xFF else data[1] + 2
    return len(data) >= size


def _read_pages(connection: Connection, page: int) -> bytes | None:
    answer = command(connection, bytes((0xFF, 0xB0, 0x00, page, PAGES_READ * PAGE)))
    return answer.data if answer.status == OK and len(answer.data) == PAGES_READ * PAGE else None


def _read_binary(connection: Connection, offset: int, size: int) -> bytes:
    answer = command(connection, bytes((0x00, 0xB0, *offset.to_bytes(2, "big"), size)))
    if answer.status != OK or len(answer.data) != size:
        words = f"the chip gave {len(answer.data)} of {size} bytes (status {answer.status:04x})"
        raise Unchecked("chip_unreadable", f"{words}; hold it still and try again")
    return answer.data
