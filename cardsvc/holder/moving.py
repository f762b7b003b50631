"""A card goes to another phone: the new one offers its key under a short code, the old one signs for it.

The records reserve the new phone's index and remember that the signer was asked; only then is it asked. Who
is killed in between finds out by asking again, or the next process does (:func:`settle`).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.desk.acts import card_office
from cardsvc.desk.asserting import UNREACHED
from cardsvc.errors import ServiceError
from cardsvc.holder.enrolling import revoke
from cardsvc.holder.proving import carrying
from cardsvc.installation import ServedInstallation
from cardsvc.records import ListKind, Transaction, Unavailable
from cardsvc.records.phones import PhoneRecord, PhoneState, PhoneWay
from cardsvc.staff.lockout import check_open, count_failure
from keys.errors import KeysError
from keys.phonebook import MOVE, check_proof
from keys.signing import TokenProof
from verify.cose import ES256, PublicKey, check_public, thumbprint
from verify.errors import CardsvcError, Refused

#: What a new phone's own key signs to be offered, and the old one's to be shown whom it would sign for.
OFFER, LOOK = "offer", "look"
HOLDER: Final = "holder"
#: Both phones lie on one table.
OFFER_LIFE: Final = timedelta(minutes=10)
#: Nobody mistakes these for one another; two phones are minutes apart, and digits are compared besides.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS: Final = 8
#: After a minute the process that asked the signer has its answer, or is gone.
SETTLE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Offered:
    """A new phone's key under a code."""

    code: str
    thumbprint: bytes
    expires: datetime


def offer(site: ServedInstallation, proof: TokenProof, now: datetime) -> Offered:
    """Keep a new phone's key for ten minutes; raises ``key_used`` for one that carries a card already."""
    key = check_proof(proof, OFFER, int(now.timestamp()))
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CHARACTERS))
    made = Offered(f"{letters[:4]}-{letters[4:]}", key, now + OFFER_LIFE)
    with site.store.transaction() as tx:
        _check_fresh(tx, proof.key, key)
        tx.phones.offer(made.code, proof.key, key, made.expires, now)
    return made


def offered(site: ServedInstallation, address: str, proof: TokenProof, code: str, now: datetime) -> bytes:
    """The thumbprint of the key behind a code, for a phone that has a card to give; failures are counted."""
    carrying(site, proof, LOOK, now)
    return thumbprint(PublicKey(ES256, _behind(site, address, code, now)))


def move(site: ServedInstallation, address: str, proof: TokenProof, code: str, now: datetime) -> PhoneRecord:
    """Let the phone behind the code carry the card of the one that signs, which is over.

    Raises ``phone_unknown``, ``bad_code``, and what the signer refuses.
    """
    raw = _behind(site, address, code, now)
    key = thumbprint(PublicKey(ES256, raw))
    old = carrying(site, proof, MOVE + key.hex(), now)
    with site.store.transaction() as tx:
        new = tx.phones.of_key(key) or succeed(tx, old, raw, key, PhoneWay.MOVED, now + OFFER_LIFE, now)
    list_id, index = place_of(new, old)
    try:
        site.signer.move_phone(proof, key, list_id, index)
    except KeysError as error:
        give_up(site, new, error, now)
        raise
    return take_over(site, new, now)


def succeed(
    tx: Transaction,
    old: PhoneRecord,
    raw: bytes,
    key: bytes,
    how: PhoneWay,
    expires: datetime,
    now: datetime,
    **more: Any,
) -> PhoneRecord:
    """Record the phone that shall take a card over, with an index of its own."""
    _check_fresh(tx, raw, key)
    ((list_id, index),) = tx.status.allot(1, ListKind.PHONE, now=now)
    phone = secrets.token_hex(16)
    values = {
        "id": phone,
        "card_number": old.card_number,
        "office": card_office(tx, old.card_number),
        "made_by": HOLDER,
        "made_at": now,
        "expires_at": expires,
        "public_key": raw,
        "thumbprint": key,
        "list_id": list_id,
        "list_index": index,
        "how": how,
        "predecessor": old.id,
    }
    tx.phones.succeed(values | more)
    return tx.phones.get(phone)


def place_of(new: PhoneRecord, old: PhoneRecord) -> tuple[str, int]:
    """The index that was reserved for a phone to take that one's card over; raises ``key_used``."""
    waits = new.state == PhoneState.WAITING and new.predecessor == old.id
    if not waits or new.list_id is None or new.list_index is None:
        raise ServiceError("key_used", "this phone's key was used before; let it make another")
    return new.list_id, new.list_index


def give_up(site: ServedInstallation, new: PhoneRecord, error: KeysError, now: datetime) -> None:
    """The signer refused: the phone gets no card, unless it was let in all the same, or nobody knows."""
    if error.reason in UNREACHED or new.thumbprint is None or site.signer.carries(new.thumbprint):
        return
    with site.store.transaction() as tx:
        revoke(tx, tx.phones.get(new.id), HOLDER, now)


def take_over(site: ServedInstallation, new: PhoneRecord, now: datetime) -> PhoneRecord:
    """The signer has let the new phone in: it carries the card, and the one before it is over."""
    with site.store.transaction() as tx:
        if tx.phones.get(new.id).state == PhoneState.WAITING:
            values = {"state": PhoneState.ACTIVE, "approver": HOLDER, "active_at": now}
            tx.phones.change(new.id, PhoneState.WAITING, values)
            details = {"phone": new.id, "from": new.predecessor or ""}
            tx.audit.append(HOLDER, f"phone_{new.how}", new.card_number, details, now)
        if new.predecessor is not None:
            revoke(tx, tx.phones.get(new.predecessor), HOLDER, now)
        return tx.phones.get(new.id)


def settle(site: ServedInstallation, now: datetime) -> int:
    """Find out what became of moves whose process died, and tell the signer of codes that are over.

    A phone that cannot be settled holds no other one up; the last such failure is raised at the end.
    """
    with site.store.reading() as tx:
        found = tx.phones.unsettled(now - SETTLE, now)
    settled, failed = 0, None
    for phone in found:
        try:
            settled += _settled(site, phone, now)
        except CardsvcError as error:
            if isinstance(error, Unavailable) or error.reason in UNREACHED:
                raise
            failed = error
    if failed is not None:
        raise failed
    return settled


def _settled(site: ServedInstallation, phone: PhoneRecord, now: datetime) -> bool:
    """Whether nothing is left to be done about a phone; otherwise it goes on waiting."""
    if phone.state == PhoneState.REVOKED:
        forget_code(site, phone)
    elif phone.thumbprint is not None and site.signer.carries(phone.thumbprint):
        take_over(site, phone, now)
    elif phone.expires_at <= now:
        with site.store.transaction() as tx:
            revoke(tx, tx.phones.get(phone.id), HOLDER, now)
    else:
        return False
    return True


def forget_code(site: ServedInstallation, phone: PhoneRecord) -> None:
    """A phone that was given up has no recovery any more."""
    if phone.thumbprint is not None:
        site.signer.stop_recovery(phone.thumbprint)
    with site.store.transaction() as tx:
        tx.phones.change(phone.id, PhoneState.REVOKED, {"recovery": None})


def _behind(site: ServedInstallation, address: str, code: str, now: datetime) -> bytes:
    """The key behind a code; failures are counted, so that nobody guesses."""
    with site.store.transaction() as tx:
        check_open(tx, None, address, now)
        raw = tx.phones.offered(code.strip().upper(), now)
        if raw is None:
            count_failure(tx, None, address, now)
    if raw is None:
        raise ServiceError(
            "bad_code", "this code is not known here, or is over; let the new phone show another"
        )
    return raw


def _check_fresh(tx: Transaction, raw: bytes, key: bytes) -> None:
    try:
        check_public(PublicKey(ES256, raw))
    except Refused as error:
        raise ServiceError("bad_proof", f"this is no P-256 key: {error}") from error
    if tx.phones.of_key(key) is not None:
        raise ServiceError("key_used", "this phone's key was used before; let it make another")
