"""What is written on the chip: one NDEF message with one record, the gate code's COSE bytes.

The bytes go on the chip as they are signed: no zlib and no Base45 (docs/format.md section 1).
"""

import ndef

from issuance.errors import IssuanceError

#: RFC 8392, section 9.2: the registered media type of a CWT.
MEDIA_TYPE = "application/cwt"
#: An NFC Forum external type that saves nine bytes where a chip is small.
SHORT_TYPE = "urn:nfc:ext:cardsvc:c"
#: The NDEF area that smaller chips offer and phones read in one go, in bytes.
SMALL_CHIP = 256
#: Nothing that calls itself a card is longer; checked before parsing.
MAX_MESSAGE = 8192


def ndef_message(cose: bytes, *, short_over: int | None = None) -> bytes:
    """The message for a chip: one ``application/cwt`` record around the COSE_Sign1 bytes.

    ``short_over``: if the message would be longer than this many bytes, the short external type is
    written instead (`SMALL_CHIP` for small chips; a reader of ours knows both).
    """
    message = b"".join(ndef.message_encoder([ndef.Record(MEDIA_TYPE, "", cose)]))
    if short_over is not None and len(message) > short_over:
        message = b"".join(ndef.message_encoder([ndef.Record(SHORT_TYPE, "", cose)]))
    return message


def read_records(message: bytes) -> tuple[ndef.Record, ...]:
    """All records of a message, strictly read.

    Raises `IssuanceError` ``malformed_ndef`` for every departure from the NDEF specification.
    """
    if len(message) > MAX_MESSAGE:
        raise IssuanceError(
            "malformed_ndef", f"a chip holds at most {MAX_MESSAGE} bytes, and {len(message)} came"
        )
    try:
        return tuple(ndef.message_decoder(message, errors="strict"))
    except (ndef.DecodeError, ValueError) as error:
        raise IssuanceError("malformed_ndef", f"this is no NDEF message: {error}") from error


def read_ndef(message: bytes) -> bytes:
    """The COSE bytes of the first card record of a message.

    Raises `IssuanceError`: ``malformed_ndef``, or ``no_card_record`` when the chip holds something else.
    """
    records = read_records(message)
    for record in records:
        if record.type in (MEDIA_TYPE, SHORT_TYPE):
            return bytes(record.data)
    types = ", ".join(record.type or "an empty one" for record in records) or "none"
    raise IssuanceError(
        "no_card_record", f"a record of type {MEDIA_TYPE} was expected, and the types are: {types}"
    )
