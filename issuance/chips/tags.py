"""The kinds of chips a card may carry, and what each holds."""

from dataclasses import dataclass
from enum import StrEnum

from issuance.errors import IssuanceError
from issuance.nfc import ndef_message


class TagKind(StrEnum):
    """A chip as the trade names it; the values are what ``--tag`` takes."""

    NTAG215 = "ntag215"
    NTAG216 = "ntag216"
    NTAG424 = "ntag424"
    DESFIRE = "desfire"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Tag:
    """One kind: its NFC Forum type (2 or 4) and the largest NDEF message it holds, in bytes."""

    name: str
    type: int
    capacity: int


#: Type 2 Tags: the data area less the block's head of four bytes (NXP NTAG213/215/216 data sheet, 8.5.6).
#: Type 4 Tags: the NDEF file less its length of two bytes (NTAG 424 DNA data sheet, 8.2.3; AN11004 for the
#: smallest DESFire, formatted for NFC). A card with a key of its own has at least a file of 1 KiB.
TAGS = {
    TagKind.NTAG215: Tag("NTAG 215", 2, 496 - 4),
    TagKind.NTAG216: Tag("NTAG 216", 2, 872 - 4),
    TagKind.NTAG424: Tag("NTAG 424 DNA", 4, 256 - 2),
    TagKind.DESFIRE: Tag("MIFARE DESFire", 4, 2048 - 2),
    TagKind.KEY: Tag("card with a key of its own", 4, 1024 - 2),
}


def message_within(cose: bytes, room: int) -> bytes:
    """The NDEF message of at most ``room`` bytes, with the short record type where only that fits.

    Raises ``IssuanceError`` ``chip_too_small`` with the numbers.
    """
    message = ndef_message(cose, short_over=room)
    if len(message) > room:
        words = f"the message has {len(message)} bytes, and this chip holds {room}; take a larger one"
        raise IssuanceError("chip_too_small", words)
    return message
