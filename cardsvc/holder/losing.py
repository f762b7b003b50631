"""What a holder reports lost: the print, the chip, this phone or another one; what is not lost stays good."""

from dataclasses import dataclass
from datetime import datetime

from cardsvc.errors import ServiceError
from cardsvc.holder import moving
from cardsvc.holder.enrolling import revoke, spoken
from cardsvc.holder.moving import HOLDER
from cardsvc.holder.proving import carrying, proved
from cardsvc.installation import ServedInstallation
from cardsvc.records.phones import PhoneRecord, PhoneState, PhoneWay
from keys.errors import KeysError
from keys.phonebook import check_proof
from keys.signing import TokenProof

PRINT, CHIP, PHONE = "print", "chip", "phone"
#: What a phone signs to see the card's phones, and to give another one up; its id follows.
LIST, LOSE_OTHER = "phones", "lost-phone:"


@dataclass(frozen=True, slots=True)
class OfCard:
    """A phone of a card, as another one shows it."""

    id: str
    state: str
    how: str
    fingerprint: str
    since: datetime
    token_until: int
    this: bool


def report_lost(
    site: ServedInstallation, proof: TokenProof, what: str, other: str | None, now: datetime
) -> None:
    """Suspend the print (a chip shares its index), or give a phone up: this one, or ``other`` of the card."""
    if what != PHONE:
        _lose_print(site, proof, what, now)
    elif other is not None:
        _lose_other(site, proof, other, now)
    else:
        phone, by_code = _losing(site, proof, now)
        give_up(site, phone, HOLDER, now, keep_code=by_code)


def give_up(
    site: ServedInstallation, phone: PhoneRecord, by: str, now: datetime, *, keep_code: bool = False
) -> None:
    """Revoke a phone for ever; its recovery code goes with it, unless it is the code that says so."""
    with site.store.transaction() as tx:
        record = tx.phones.get(phone.id)
        revoke(tx, record, by, now)
        if keep_code and record.recovery is not None:
            # The records forget it, so that nobody uses it again; what it began goes on.
            tx.phones.change(phone.id, PhoneState.REVOKED, {"recovery": None})
        forget = record.recovery is not None and not keep_code
    if forget:
        try:
            moving.forget_code(site, phone)
        except KeysError:
            return  # The signer is away; the next round of settling tells it.


def phones_of(site: ServedInstallation, proof: TokenProof, now: datetime) -> list[OfCard]:
    """The phones that carry this card or wait for it, and those given up: this one first, the living next."""
    by = carrying(site, proof, LIST, now)
    with site.store.reading() as tx:
        found = tx.phones.of_card(by.card_number)
    shown = [
        OfCard(
            id=one.id,
            state=str(one.state),
            how=one.how or PhoneWay.CODE,
            fingerprint=spoken(one.thumbprint),
            since=one.active_at or one.made_at,
            token_until=one.exp,
            this=one.id == by.id,
        )
        for one in found
        if one.thumbprint is not None and (one.expires_at > now or one.approver)
    ]
    return sorted(shown, key=lambda one: (not one.this, one.state == PhoneState.REVOKED, one.since))


def _losing(site: ServedInstallation, proof: TokenProof, now: datetime) -> tuple[PhoneRecord, bool]:
    """The phone that gives itself up, or whose recovery key does; and whether it was the key."""
    key = check_proof(proof, "lost-phone", int(now.timestamp()))
    with site.store.reading() as tx:
        own, by_code = tx.phones.of_key(key), tx.phones.of_recovery(key)
    phone = own or by_code
    if phone is None:
        raise ServiceError("phone_unknown", "this phone carries no card; bring a code from the desk")
    return phone, own is None


def _lose_print(site: ServedInstallation, proof: TokenProof, what: str, now: datetime) -> None:
    phone = carrying(site, proof, f"lost-{what}", now)
    # The signer first: a list that suspends the print is then no hold of the card, and its phones go on.
    site.signer.report_print_lost(proof, f"lost-{what}")
    with site.store.transaction() as tx:
        printed = tx.prints.current_of(phone.card_number)
        if printed is not None and tx.phones.report_lost(printed.id, now):
            details = {"what": what, "phone": phone.id}
            tx.audit.append(HOLDER, "print_lost", phone.card_number, details, now)


def _lose_other(site: ServedInstallation, proof: TokenProof, other: str, now: datetime) -> None:
    by = proved(site, proof, LOSE_OTHER + other, now)
    with site.store.reading() as tx:
        found = [one for one in tx.phones.of_card(by.card_number) if one.id == other]
    if by.state != PhoneState.ACTIVE or not found:
        raise ServiceError("phone_unknown", "this phone carries no card that the other one carries")
    give_up(site, found[0], HOLDER, now)
