"""A lost phone's card comes back: by a code on paper, a day later, unless a phone of the card stops it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cardsvc.errors import ServiceError
from cardsvc.holder.enrolling import revoke, spoken
from cardsvc.holder.moving import HOLDER, give_up, place_of, succeed, take_over
from cardsvc.holder.proving import carrying, proved
from cardsvc.installation import ServedInstallation
from cardsvc.records import Transaction
from cardsvc.records.phones import PhoneRecord, PhoneState, PhoneWay
from cardsvc.staff.lockout import check_open, count_failure
from keys.errors import KeysError
from keys.moves import RECOVERY_LIFE_S
from keys.phonebook import RECOVER, RECOVERY, check_proof
from keys.signing import TokenProof
from verify.cose import ES256, PublicKey, thumbprint

#: What the new phone's own key signs beside the recovery key.
CARRY = "carry"
#: What a phone of the card signs to stop a recovery; the waiting phone's id follows.
STOP = "stop-recovery:"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recovery that waits: which phone, its digits, and when it may be finished."""

    phone: str
    fingerprint: str
    ready_at: datetime


def register(site: ServedInstallation, proof: TokenProof, recovery: bytes, now: datetime) -> None:
    """Keep the public half of the phone's recovery key; the one before is over."""
    code = thumbprint(PublicKey(ES256, recovery))
    phone = carrying(site, proof, RECOVERY + code.hex(), now)
    site.signer.register_recovery(proof, recovery)
    with site.store.transaction() as tx:
        tx.phones.change(phone.id, PhoneState.ACTIVE, {"recovery": code, "recovery_at": now})
        tx.audit.append(HOLDER, "recovery_registered", phone.card_number, {"phone": phone.id}, now)


def begin(
    site: ServedInstallation, address: str, by: TokenProof, new: TokenProof, now: datetime
) -> PhoneRecord:
    """Let a recovery key ask for its card on the phone whose key is ``new``; wrong codes are counted.

    Raises ``recovery_unknown``, ``key_used``, and what the signer refuses.
    """
    key = check_proof(new, CARRY, int(now.timestamp()))
    code = check_proof(by, RECOVER + key.hex(), int(now.timestamp()))
    with site.store.transaction() as tx:
        check_open(tx, None, address, now)
        old = tx.phones.of_recovery(code)
        if old is None:
            count_failure(tx, None, address, now)
    if old is None:
        raise ServiceError("recovery_unknown", "no card waits behind this code; the desk can help")
    expires = now + timedelta(seconds=RECOVERY_LIFE_S)
    with site.store.transaction() as tx:
        phone = tx.phones.of_key(key) or succeed(tx, old, new.key, key, PhoneWay.RECOVERED, expires, now)
    list_id, index = place_of(phone, old)
    try:
        ready = site.signer.begin_recovery(by, key, list_id, index)
    except KeysError as error:
        if phone.ready_at is None:
            give_up(site, phone, error, now)
        raise
    with site.store.transaction() as tx:
        values = {"ready_at": datetime.fromtimestamp(ready, UTC)}
        tx.phones.change(phone.id, PhoneState.WAITING, values)
        tx.audit.append(HOLDER, "recovery_begun", phone.card_number, {"phone": phone.id}, now)
        return tx.phones.get(phone.id)


def finish(site: ServedInstallation, phone: PhoneRecord, now: datetime) -> PhoneRecord:
    """Take the card over once the day has passed; before it, and while the card is held, nothing changes."""
    if phone.thumbprint is None or phone.ready_at is None or phone.ready_at > now:
        return phone
    try:
        site.signer.finish_recovery(phone.thumbprint)
    except KeysError as error:
        if error.reason != "no_recovery":
            return phone
        with site.store.transaction() as tx:
            revoke(tx, tx.phones.get(phone.id), HOLDER, now)
            return tx.phones.get(phone.id)
    return take_over(site, phone, now)


def stop(site: ServedInstallation, proof: TokenProof, phone: str, now: datetime) -> None:
    """End a recovery, as a phone of the card wishes: the lost one too, in case it was not lost."""
    by = proved(site, proof, STOP + phone, now)
    with site.store.reading() as tx:
        found = [one for one in tx.phones.of_card(by.card_number) if one.id == phone]
    if not found or not _may_stop(by, found[0]) or found[0].thumbprint is None:
        raise ServiceError("phone_unknown", "no recovery waits that this phone could stop")
    end(site, found[0], HOLDER, now)


def end(site: ServedInstallation, phone: PhoneRecord, by: str, now: datetime) -> None:
    """The waiting phone is over, and the code behind it."""
    if phone.thumbprint is not None:
        site.signer.stop_recovery(phone.thumbprint)
    with site.store.transaction() as tx:
        record = tx.phones.get(phone.id)
        revoke(tx, record, by, now)
        if record.predecessor is not None:
            old = tx.phones.get(record.predecessor)
            tx.phones.change(old.id, PhoneState(old.state), {"recovery": None, "recovery_at": None})
        tx.audit.append(by, "recovery_stopped", phone.card_number, {"phone": phone.id}, now)


def waiting_for(tx: Transaction, by: PhoneRecord, now: datetime) -> list[Waiting]:
    """The recoveries that this phone is told of, and may stop."""
    return [
        Waiting(one.id, spoken(one.thumbprint), one.ready_at)
        for one in waiting(tx.phones.of_card(by.card_number), now)
        if one.ready_at is not None and _may_stop(by, one)
    ]


def waiting(phones: Iterable[PhoneRecord], now: datetime) -> list[PhoneRecord]:
    """Those that wait for a recovery."""
    return [
        one
        for one in phones
        if one.how == PhoneWay.RECOVERED and one.state == PhoneState.WAITING and one.expires_at > now
    ]


def _may_stop(by: PhoneRecord, phone: PhoneRecord) -> bool:
    """Every living phone of the card, and the one whose code was used, whatever became of it."""
    return by.id == phone.predecessor or (
        by.state == PhoneState.ACTIVE and by.card_number == phone.card_number
    )
