"""A chip's code as an act of the desk: one asks for it, another allows it with a key, the signer signs.

The bytes are made when the second person asks what to sign, and are stored before anything is signed; until
then only the chip's number is known. The message for the chip is put together whenever it is asked for.
"""

from datetime import datetime
from hashlib import sha256

from cardsvc.desk.chips import check_free, payload_for, read_uid
from cardsvc.desk.signing import card_keys_of, protected_of
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation, Site
from cardsvc.records import ActRecord, CardRecord, ChipRecord, Conflict, NotFound, PrintRecord, Transaction
from issuance.chips.tags import TAGS, TagKind, message_within
from keys.requests import Asked, ChipRequest, decode_request
from keys.signing import Approval
from verify import cose


def check_chip(site: Site, tx: Transaction, card: CardRecord, uid: str, tag: TagKind, now: datetime) -> str:
    """The number of a chip that this card's code may be written on, as the records write it.

    Raises ``bad_uid``, ``no_print``, ``chip_in_use``, ``chip_too_small``.
    """
    raw, printed = read_uid(uid), _print_of(tx, card)
    check_free(tx, raw)
    payload = payload_for(site, printed, card.permit_true_day, raw, None, now)
    # Any signature has the same length: what cannot be written is not even asked for.
    message_within(_signed(site, payload, printed.signing_kid, bytes(cose.SIGNATURE_BYTES)), _room(tag))
    return raw.hex().upper()


def reserve_chip(
    site: ServedInstallation,
    tx: Transaction,
    card: CardRecord,
    record: ActRecord,
    asked: Asked,
    kid: bytes,
    now: datetime,
) -> bytes:
    """Store the bytes to be signed, in place of earlier ones that were not; gives the request."""
    raw, printed = read_uid(record.chip or ""), _print_of(tx, card)
    check_free(tx, raw)
    payload = payload_for(site, printed, card.permit_true_day, raw, None, now)
    tx.chips.forget_intent(raw.hex())
    tx.chips.add_intent(raw.hex(), printed.id, payload, kid, permit_day=card.permit_true_day, now=now)
    details = {"uid": raw.hex(), "print": printed.print_no, "request": record.id}
    tx.audit.append(record.requested_by, "chip_reserved", card.number, details, now)
    return ChipRequest(asked, kid, card.number, raw, sha256(payload).digest()).encode()


def sign_chip(site: ServedInstallation, record: ActRecord, approval: Approval, now: datetime) -> None:
    """Have the signer sign the stored bytes, and store its signature; again it finds it done.

    Raises ``chip_in_use`` where the chip was asked for anew meanwhile, for another card.
    """
    request = b"" if record.request is None else record.request
    named = decode_request(request)
    with site.store.reading() as tx:
        chip = None if record.chip is None else tx.chips.get(record.chip)
    if not isinstance(named, ChipRequest) or chip is None or sha256(chip.payload).digest() != named.payload:
        raise ServiceError("chip_in_use", "this chip was asked for anew meanwhile; ask for it again")
    made = site.signer.sign_chip(request, approval, chip.payload)
    if chip.signature is not None:
        return
    with site.store.transaction() as tx:
        try:
            tx.chips.issue(chip.uid, made.signature)
        except Conflict:
            return  # Another process had the same signature, and was faster.
        tx.audit.append(approval.staff, "chip_issued", record.card_number, {"uid": chip.uid.lower()}, now)


def chips_of(tx: Transaction, number: str) -> list[ChipRecord]:
    """The chips that carry, or are to carry, a code of this card."""
    return [chip for one in tx.prints.of_card(number) for chip in tx.chips.of_print(one.id)]


def message_of(site: ServedInstallation, number: str, uid: str, tag: TagKind) -> bytes:
    """What is written on a chip: its NDEF message; raises ``chip_not_found``, ``chip_too_small``."""
    with site.store.reading() as tx:
        chip = _signed_chip(tx, number, uid)
    return message_within(_signed(site, chip.payload, chip.signing_kid, chip.signature or b""), _room(tag))


def note_written(site: ServedInstallation, number: str, uid: str, *, by: str, now: datetime) -> None:
    """Audit that the message lies on the chip, as the one who wrote it says."""
    with site.store.transaction() as tx:
        chip = _signed_chip(tx, number, uid)
        tx.audit.append(by, "chip_written", number, {"uid": chip.uid.lower(), "proved": False}, now)


def _signed_chip(tx: Transaction, number: str, uid: str) -> ChipRecord:
    found = [one for one in chips_of(tx, number) if one.uid == uid.upper() and one.signature is not None]
    if not found:
        raise NotFound("chip_not_found", f"the card {number} has no signed code for the chip {uid}")
    return found[0]


def _print_of(tx: Transaction, card: CardRecord) -> PrintRecord:
    printed = tx.prints.current_of(card.number)
    if printed is None:
        raise ServiceError("no_print", f"the card {card.number} has no print yet whose chip could be written")
    return printed


def _signed(site: Site, payload: bytes, kid: bytes, signature: bytes) -> bytes:
    return cose.encode_sign1(protected_of(card_keys_of(site), kid), payload, signature)


def _room(tag: TagKind) -> int:
    return TAGS[tag].capacity
