"""Writing a chip's message over PC/SC, so that a chip pulled away too early holds nothing rather than half.

First the length says 0, then the message is written, the length last; then all of it is read back.
"""

from issuance.errors import IssuanceError
from verify.chip_data import type2_area
from verify.chip_reader import (
    FIRST_PAGE,
    NDEF_APPLICATION,
    OK,
    PAGE,
    Connection,
    Type4File,
    command,
    read_type2,
    read_type4,
    select,
    select_file,
    type2_size,
    type4_file,
)

#: What stands before the message: its length in a Type 4 Tag's file, a block's head in a Type 2 Tag.
_LENGTH_BYTES, _BLOCK_HEAD = 2, 4


def write_message(connection: Connection, message: bytes) -> None:
    """Write the NDEF message on whatever tag lies there, Type 4 or Type 2, and read it back.

    Raises ``IssuanceError``: ``chip_too_small``, ``chip_locked``, ``chip_not_written``; and what reading
    raises, such as ``chip_lost``.
    """
    if select(connection, NDEF_APPLICATION):
        place = type4_file(connection)
        _write_type4(connection, place, message)
        found = read_type4(connection, place)
    else:
        _write_type2(connection, type2_size(connection), message)
        found = read_type2(connection)
    if found != message:
        raise IssuanceError("chip_not_written", "the chip reads back differently; take another chip")


def room_on(connection: Connection) -> int:
    """The longest message that the tag lying there holds, in bytes."""
    if select(connection, NDEF_APPLICATION):
        return type4_file(connection).size - _LENGTH_BYTES
    return type2_size(connection) - _BLOCK_HEAD


def _write_type4(connection: Connection, place: Type4File, message: bytes) -> None:
    """NFC Forum Type 4 Tag 2.0, 5.4.3."""
    if not place.writable:
        raise IssuanceError("chip_locked", "the chip is write-protected; take a fresh one")
    _check_size(len(message), place.size - _LENGTH_BYTES)
    select_file(connection, place.file)
    for offset, data in ((0, b"\0\0"), (2, message), (0, len(message).to_bytes(2, "big"))):
        for start in range(0, len(data), place.write_max):
            _update(connection, offset + start, data[start : start + place.write_max])


def _write_type2(connection: Connection, size: int, message: bytes) -> None:
    """NFC Forum Type 2 Tag 1.1, 6.4.3: page by page, the first one, which holds the length, last."""
    area = type2_area(message)
    if len(area) == size + 1:  # The terminator may be left out where the message fills the chip (2.3.6).
        area = area[:-1]
    _check_size(len(area), size)
    area = area.ljust(-(-len(area) // PAGE) * PAGE, b"\0")
    _write_page(connection, FIRST_PAGE, bytes.fromhex("0300fe00"))
    for start in range(PAGE, len(area), PAGE):
        _write_page(connection, FIRST_PAGE + start // PAGE, area[start : start + PAGE])
    _write_page(connection, FIRST_PAGE, area[:PAGE])


def _check_size(needed: int, there: int) -> None:
    if needed > there:
        words = f"the message takes {needed} bytes, and this chip has {there}; take a larger one"
        raise IssuanceError("chip_too_small", words)


def _update(connection: Connection, offset: int, data: bytes) -> None:
    _accept(connection, bytes((0x00, 0xD6, *offset.to_bytes(2, "big"), len(data))) + data)


def _write_page(connection: Connection, page: int, data: bytes) -> None:
    _accept(connection, bytes((0xFF, 0xD6, 0x00, page, len(data))) + data)


def _accept(connection: Connection, apdu: bytes) -> None:
    status = command(connection, apdu).status
    if status != OK:
        words = f"the chip refused to be written (status {status:04x}); is it locked? Take a fresh one"
        raise IssuanceError("chip_locked", words)
