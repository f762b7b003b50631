"""How a phone asks for a card: with a code from the desk and a key of its own."""

from datetime import datetime
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records import Transaction
from cardsvc.records.phones import PhoneRecord, PhoneState
from cardsvc.staff.lockout import check_open, count_failure
from keys.approvals import fingerprint_of
from verify.cose import ES256, PublicKey, check_public, thumbprint, verify_signature
from verify.errors import Refused

#: What a phone signs when it brings its code.
_CONTEXT: Final = b"cardsvc-enrol-1:"


def enrol_message(code: str) -> bytes:
    """What a phone signs with its new key to bring a code."""
    return _CONTEXT + code.encode()


def revoke(tx: Transaction, record: PhoneRecord, by: str, now: datetime) -> None:
    """Give a phone's index up; one that was revoked before stays as it is."""
    if record.state == PhoneState.REVOKED:
        return
    tx.phones.change(record.id, PhoneState(record.state), {"state": PhoneState.REVOKED, "revoked_at": now})
    tx.audit.append(by, "phone_revoked", record.card_number, {"phone": record.id}, now)


def bring(
    site: ServedInstallation, address: str, code: str, key: bytes, proof: bytes, now: datetime
) -> PhoneRecord:
    """Take a phone's code and key; the same once more gets the same answer. Raises ``phone_refused``.

    ``address`` is where failures are counted; ``proof`` signs :func:`enrol_message`.
    """
    code = code.strip().upper()
    with site.store.transaction() as tx:
        check_open(tx, None, address, now)
        refused = None
        try:
            found = _brought(tx, code, key, proof, now)
        except (ServiceError, Refused) as error:
            count_failure(tx, None, address, now)
            refused = ServiceError("phone_refused", str(error))
    # Raised outside: the failure that was counted stays counted.
    if refused is not None:
        raise refused
    return found


def _brought(tx: Transaction, code: str, raw: bytes, proof: bytes, now: datetime) -> PhoneRecord:
    key = PublicKey(ES256, raw)
    check_public(key)
    if not verify_signature(key, enrol_message(code), proof):
        raise ServiceError("bad_proof", "the phone's signature does not fit its key")
    found = tx.phones.invited(code)
    if (
        found is None
        or found.expires_at <= now
        or found.state not in (PhoneState.INVITED, PhoneState.WAITING)
    ):
        raise ServiceError("bad_code", "this code is not known here, or is over; ask the desk for another")
    if found.state == PhoneState.WAITING:
        if found.public_key != raw:
            raise ServiceError("code_used", "another phone brought this code; ask the desk for another")
        return found
    if tx.phones.of_key(thumbprint(key)) is not None:
        raise ServiceError("key_used", "this phone's key was enrolled before; let it make another")
    values = {"state": PhoneState.WAITING, "public_key": raw, "thumbprint": thumbprint(key)}
    tx.phones.change(found.id, PhoneState.INVITED, values)
    tx.audit.append("holder", "phone_brought", found.card_number, {"phone": found.id}, now)
    return tx.phones.get(found.id)


def spoken(thumb: bytes | None) -> str:
    """What clerk and holder compare: digits of the key's hash, the same on both screens."""
    return "" if thumb is None else fingerprint_of(thumb)
