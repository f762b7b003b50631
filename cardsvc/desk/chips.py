"""The code on a chip: the gate code again, signed for one chip's UID (docs/format.md section 7).

The same two transactions as for a print: the bytes are stored before they are signed, the signature before
the message is given out. A chip code shares its print's status index, and says the permit day of today.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cardsvc.desk.life import CardLife
from cardsvc.desk.signing import CrashPoint, card_signer, nowhere, protected_of
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation
from cardsvc.records import ChipRecord, PrintRecord, Transaction
from issuance.application import PERMIT_FREE_CLASSES
from issuance.nfc import SMALL_CHIP, ndef_message
from issuance.rehearsal import Rehearsal
from verify import cose
from verify.card import Card

#: ISO 14443-3: a UID has four, seven or ten bytes.
UID_BYTES = (4, 7, 10)


def write_chip(
    installation: Installation,
    life: CardLife,
    number: str,
    uid: str,
    now: datetime,
    *,
    clock: Callable[[], datetime] | None = None,
    reach: CrashPoint = nowhere,
) -> tuple[ChipRecord, bytes]:
    """Give the message for one chip of a card's newest print; the same chip again gives the same bytes.

    ``clock`` is asked inside the writing transaction, so that what is signed is dated in the order in which
    it was written; without it, all is dated ``now``. Raises ``chip_key_over`` for a code that was reserved
    and never signed while its key may sign no more.
    """
    raw = read_uid(uid)
    with installation.store.transaction() as tx:
        now = now if clock is None else clock()
        card = life.living(tx, number)
        printed = tx.prints.current_of(card.number)
        if printed is None:
            raise ServiceError(
                "no_print", f"the card {card.number} has no print yet whose chip could be written"
            )
        chip = tx.chips.get(raw.hex())
        if chip is None:
            chip = _reserve(installation, tx, printed, card.permit_true_day, raw, now)
        elif chip.print_id != printed.id:
            raise ServiceError(
                "chip_in_use", f"the chip {raw.hex()} carries another print's code; take a fresh one"
            )
        elif chip.signature is None:
            _check_key(installation, tx, chip, now)
        details = {"uid": raw.hex(), "print": printed.print_no, "approved_by": life.people.approved_by}
        tx.audit.append(life.people.by, "chip_reserved", card.number, details, now)
    reach("chip reserved")
    protected, signature = protected_of(installation.keyring, chip.signing_kid), chip.signature
    if signature is None:
        signer = installation.keyring.signer_of(chip.signing_kid)
        signature = signer.sign(cose.sign1_tbs(protected, chip.payload))
        # A run killed before this point left an intent; the same command again comes here and finishes it.
        with installation.store.transaction() as tx:
            tx.chips.issue(chip.uid, signature)
            tx.audit.append(life.people.approved_by, "chip_issued", card.number, {"uid": chip.uid}, now)
    signed = cose.encode_sign1(protected, chip.payload, signature)
    return chip, ndef_message(signed, short_over=SMALL_CHIP)


def read_uid(text: str) -> bytes:
    """The bytes of a UID written in hexadecimal, with or without colons."""
    try:
        raw = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raw = b""
    if len(raw) not in UID_BYTES:
        raise ServiceError("bad_uid", f"{text!r} is no UID of 4, 7 or 10 bytes, like 04A1B2C3D4E5F6")
    return raw


def _check_key(installation: Installation, tx: Transaction, chip: ChipRecord, now: datetime) -> None:
    """A code that was never signed is signed only by a key that may sign now: readers would refuse it."""
    distrusted = any(key.kid == chip.signing_kid for key in tx.distrusted.all())
    if distrusted or not installation.keyring.entry_of(chip.signing_kid).covers(int(now.timestamp())):
        why = "is distrusted" if distrusted else "may not sign any more"
        words = (
            f"the key that was reserved for the chip {chip.uid} {why}; take a fresh chip, or revoke the card"
        )
        raise ServiceError("chip_key_over", words)


def _reserve(
    installation: Installation,
    tx: Transaction,
    printed: PrintRecord,
    true_day: int | None,
    uid: bytes,
    now: datetime,
) -> ChipRecord:
    gate = Card.decode(printed.gate_payload)
    card = replace(gate, chip_uid=uid, issued_at=int(now.timestamp()), permit_day=true_day)
    payload = card.encode()
    issuer = installation.issuer
    rehearsal = Rehearsal(
        issuer.iss, card.issued_at, day_offset_s=issuer.day_offset_s, permit_free=PERMIT_FREE_CLASSES
    )
    rehearsal.check(payload, card)
    kid = card_signer(tx, installation.keyring, now, 1).public.kid
    tx.chips.add_intent(uid.hex(), printed.id, payload, kid, permit_day=true_day, now=now)
    return ChipRecord(uid.hex().upper(), printed.id, payload, kid, None, true_day, now)
