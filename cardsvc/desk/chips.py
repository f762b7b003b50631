"""The code on a chip: the gate code again, signed for one chip's UID (docs/format.md section 7).

The same two transactions as for a print: the bytes are stored before they are signed, the signature before
the message is given out. A chip code shares its print's status index, and says the permit day of today.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from cardsvc.desk.life import CardLife
from cardsvc.desk.signing import CrashPoint, card_signer, nowhere, protected_of
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, Site
from cardsvc.records import ChipRecord, PrintRecord, Transaction
from issuance.application import PERMIT_FREE_CLASSES
from issuance.chips.tags import message_within
from issuance.nfc import SMALL_CHIP
from issuance.rehearsal import Rehearsal
from verify import cose
from verify.card import CHIP_KEY_BYTES, Card
from verify.cose import PublicKey
from verify.errors import Refused

#: ISO 14443-3: a UID has four, seven or ten bytes.
UID_BYTES = (4, 7, 10)


def write_chip(
    installation: Installation,
    life: CardLife,
    number: str,
    uid: str,
    now: datetime,
    *,
    room: int = SMALL_CHIP,
    chip_key: PublicKey | None = None,
    clock: Callable[[], datetime] | None = None,
    reach: CrashPoint = nowhere,
) -> tuple[ChipRecord, bytes]:
    """Give the message for one chip of a card's newest print; the same chip again gives the same bytes.

    ``room`` is the longest message that the chip holds, in bytes; ``chip_key`` the public key of a chip that
    has one of its own (claim 9). ``clock`` is asked inside the writing transaction, so that what is signed is
    dated in the order in which it was written; without it, all is dated ``now``. Raises ``chip_too_small``,
    ``chip_key_differs`` for a chip that was written with another key, and ``chip_key_over`` for a code that
    was reserved and never signed while its key may sign no more.
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
        if tx.sun_chips.get(raw.hex()) is not None:
            words = f"the chip {raw.hex()} signs its taps and carries no code; take a fresh one"
            raise ServiceError("chip_in_use", words)
        if chip is None:
            chip = _reserve(installation, tx, printed, card.permit_true_day, raw, chip_key, now)
        elif chip.print_id != printed.id:
            raise ServiceError(
                "chip_in_use", f"the chip {raw.hex()} carries another print's code; take a fresh one"
            )
        elif Card.decode(chip.payload).chip_key != _fingerprint(chip_key):
            words = f"the chip {raw.hex()} was written with another key or with none; take a fresh one"
            raise ServiceError("chip_key_differs", words)
        elif chip.signature is None:
            _check_key(installation, tx, chip, now)
        protected = protected_of(installation.keyring, chip.signing_kid)
        # Any signature has the same length: what cannot be written is never reserved.
        message_within(cose.encode_sign1(protected, chip.payload, bytes(cose.SIGNATURE_BYTES)), room)
        details = {"uid": raw.hex(), "print": printed.print_no, "approved_by": life.people.approved_by}
        tx.audit.append(life.people.by, "chip_reserved", card.number, details, now)
    reach("chip reserved")
    signature = chip.signature
    if signature is None:
        signer = installation.keyring.signer_of(chip.signing_kid)
        signature = signer.sign(cose.sign1_tbs(protected, chip.payload))
        # A run killed before this point left an intent; the same command again comes here and finishes it.
        with installation.store.transaction() as tx:
            tx.chips.issue(chip.uid, signature)
            tx.audit.append(life.people.approved_by, "chip_issued", card.number, {"uid": chip.uid}, now)
    signed = cose.encode_sign1(protected, chip.payload, signature)
    return chip, message_within(signed, room)


def read_chip_key(text: str) -> PublicKey:
    """The public key of a chip, as ``04 ‖ x ‖ y`` in hexadecimal or in a PEM file; ``bad_chip_key``."""
    try:
        path = Path(text)
        raw = point_of_pem(path.read_bytes()) if path.is_file() else bytes.fromhex(text)
        key = PublicKey(cose.ES256, raw)
        cose.check_public(key)
    except (OSError, ValueError, Refused) as error:
        words = f"{text!r} is neither a P-256 point (04, x, y in hexadecimal) nor a PEM file with one"
        raise ServiceError("bad_chip_key", words) from error
    return key


def point_of_pem(data: bytes) -> bytes:
    """``04 ‖ x ‖ y`` of a P-256 key in PEM; ``ValueError`` for any other."""
    key = load_pem_public_key(data)
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("no P-256 key")
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _fingerprint(key: PublicKey | None) -> bytes | None:
    """Claim 9 of a chip's key."""
    return None if key is None else cose.thumbprint(key)[:CHIP_KEY_BYTES]


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


def check_free(tx: Transaction, uid: bytes) -> None:
    """Refuse a chip that carries a signed code or signs its taps; raises ``chip_in_use``."""
    chip = tx.chips.get(uid.hex())
    if tx.sun_chips.get(uid.hex()) is not None:
        words = f"the chip {uid.hex()} signs its taps and carries no code; take a fresh one"
        raise ServiceError("chip_in_use", words)
    if chip is not None and chip.signature is not None:
        words = f"the chip {uid.hex()} has its code already; write that one again, or take a fresh chip"
        raise ServiceError("chip_in_use", words)


def payload_for(
    site: Site,
    printed: PrintRecord,
    true_day: int | None,
    uid: bytes,
    chip_key: PublicKey | None,
    now: datetime,
) -> bytes:
    """The gate code's claims again, for one chip, with the permit of today; rehearsed."""
    card = replace(
        Card.decode(printed.gate_payload),
        chip_uid=uid,
        chip_key=_fingerprint(chip_key),
        issued_at=int(now.timestamp()),
        permit_day=true_day,
    )
    payload = card.encode()
    issuer = site.issuer
    rehearsal = Rehearsal(
        issuer.iss, card.issued_at, day_offset_s=issuer.day_offset_s, permit_free=PERMIT_FREE_CLASSES
    )
    rehearsal.check(payload, card)
    return payload


def _reserve(
    installation: Installation,
    tx: Transaction,
    printed: PrintRecord,
    true_day: int | None,
    uid: bytes,
    chip_key: PublicKey | None,
    now: datetime,
) -> ChipRecord:
    payload = payload_for(installation, printed, true_day, uid, chip_key, now)
    kid = card_signer(tx, installation.keyring, now, 1).public.kid
    tx.chips.add_intent(uid.hex(), printed.id, payload, kid, permit_day=true_day, now=now)
    return ChipRecord(uid.hex().upper(), printed.id, payload, kid, None, true_day, now)
