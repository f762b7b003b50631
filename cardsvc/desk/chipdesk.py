"""A chip on the desk's reader: its code is signed for it, written, read back and proved in one go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cardsvc.desk.chips import write_chip
from cardsvc.desk.life import CardLife
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation
from cardsvc.records import ChipRecord
from issuance.chips.writer import room_on, write_message
from issuance.nfc import read_ndef
from issuance.number import check_number
from verify.chip_reader import Connection, proof_of, read_chip, read_key, read_uid
from verify.cose import ES256, PublicKey
from verify.errors import Refused
from verify.phone import check_chip, read_code


@dataclass(frozen=True, slots=True)
class WrittenChip:
    """What lies on a chip now: its record, the message, and whether its own key was proved."""

    record: ChipRecord
    message: bytes
    proved: bool


def write_on(
    installation: Installation,
    life: CardLife,
    number: str,
    connection: Connection,
    now: datetime,
    *,
    clock: Callable[[], datetime] | None = None,
) -> WrittenChip:
    """Sign the card's code for the chip lying there and write it, by what the chip says of itself.

    UID, room and key come from the chip; a chip with a key must answer a challenge before it is handed out.
    Raises as ``write_chip`` and ``write_message`` do, and ``chip_not_proved``.
    """
    uid, room, raw_key = read_uid(connection), room_on(connection), read_key(connection)
    key = None if raw_key is None else PublicKey(ES256, raw_key)
    record, message = write_chip(
        installation, life, number, uid.hex(), now, room=room, chip_key=key, clock=clock
    )
    write_message(connection, message)
    reading = read_chip(connection)
    try:
        _, proved = check_chip(read_code(reading.code), reading.uid, proof_of(connection, reading))
    except Refused as error:
        raise ServiceError(error.reason, f"{error}; do not hand this card out") from error
    if reading.code != read_ndef(message):
        raise ServiceError("chip_not_written", "the chip reads back differently; take another chip")
    with installation.store.transaction() as tx:
        details: dict[str, object] = {"uid": record.uid, "proved": proved, "room": room}
        tx.audit.append(life.people.by, "chip_written", check_number(number), details, now)
    return WrittenChip(record, message, proved)
