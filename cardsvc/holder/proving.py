"""Which phone proves its key; to anybody else nothing is said."""

from datetime import datetime

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.records.phones import PhoneRecord, PhoneState
from keys.phonebook import check_proof
from keys.signing import TokenProof


def proved(site: ServedInstallation, proof: TokenProof, act: str, now: datetime) -> PhoneRecord:
    """The phone whose key signed for ``act``; raises ``phone_unknown``, ``bad_proof``, ``stale_proof``."""
    key = check_proof(proof, act, int(now.timestamp()))
    with site.store.reading() as tx:
        phone = tx.phones.of_key(key)
    if phone is None:
        raise ServiceError("phone_unknown", "this phone carries no card; bring a code from the desk")
    return phone


def carrying(site: ServedInstallation, proof: TokenProof, act: str, now: datetime) -> PhoneRecord:
    """The same, of a phone that carries a card now."""
    phone = proved(site, proof, act, now)
    if phone.state != PhoneState.ACTIVE:
        raise ServiceError("phone_unknown", "this phone carries no card; bring a code from the desk")
    return phone
