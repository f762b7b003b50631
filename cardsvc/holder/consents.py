"""What a holder agrees to have shown, and the tokens that show a standing to sellers under it.

The service learns that a token was made, never who saw it: the seller's reader needs no network, and the
token names nobody (docs/format.md section 6).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardsvc.desk.standing import standing
from cardsvc.errors import ServiceError
from cardsvc.holder.moving import HOLDER
from cardsvc.holder.proving import carrying
from cardsvc.holder.tokens import rights_of
from cardsvc.installation import ServedInstallation
from cardsvc.records import CardRecord
from cardsvc.records.consents import ConsentKind, ConsentRecord
from keys.phonebook import STANDING
from keys.signing import TokenProof
from verify.card import CTI_BYTES, MAX_STATUSLESS_S, NO_CLASS, NO_PRINT, Card
from verify.cose import ES256, PublicKey, encode_sign1, protected_header, thumbprint
from verify.days import day_at, day_number, start_of
from verify.errors import Refused
from verify.services import Service

#: What a phone signs to see its card's consents, to give one for so many days, and to take one back.
LIST, GIVE, END = "consents", "consent:", "end-consent:"
#: For today, for a month, for a year: what the page offers.
DAYS: Final = (1, 30, 365)
#: A seller's turn takes longer than this; the phone shows the token it has.
STANDING_EVERY: Final = timedelta(seconds=2)
_SUBJECT_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class StandingToken:
    """A token for sellers as COSE_Sign1, and the epoch second it ends at."""

    token: bytes
    expires: int


def consents(site: ServedInstallation, proof: TokenProof, now: datetime) -> list[ConsentRecord]:
    """Everything the card's holder agreed to, newest first."""
    phone = carrying(site, proof, LIST, now)
    with site.store.reading() as tx:
        return tx.consents.of_card(phone.card_number)


def give(
    site: ServedInstallation, proof: TokenProof, kind: ConsentKind, days: int, now: datetime
) -> list[ConsentRecord]:
    """Agree for so many days; what was agreed before of that kind ends. Gives all, newest first."""
    phone = carrying(site, proof, f"{GIVE}{kind}:{days}", now)
    until = now + timedelta(days=days)
    with site.store.transaction() as tx:
        tx.consents.end(phone.card_number, kind, now)
        given = ConsentRecord(secrets.token_hex(16), phone.card_number, kind, phone.id, now, until)
        tx.consents.add(given)
        details = {"kind": str(kind), "until": until.isoformat(), "phone": phone.id}
        tx.audit.append(HOLDER, "consent_given", phone.card_number, details, now)
        return tx.consents.of_card(phone.card_number)


def end(site: ServedInstallation, proof: TokenProof, kind: ConsentKind, now: datetime) -> list[ConsentRecord]:
    """Take a consent back: nothing is signed under it any more, on any phone of the card. Gives all."""
    phone = carrying(site, proof, f"{END}{kind}", now)
    with site.store.transaction() as tx:
        if tx.consents.end(phone.card_number, kind, now):
            details = {"kind": str(kind), "phone": phone.id}
            tx.audit.append(HOLDER, "consent_ended", phone.card_number, details, now)
        return tx.consents.of_card(phone.card_number)


def standing_token(
    site: ServedInstallation, proof: TokenProof, holder: bytes, now: datetime
) -> StandingToken:
    """Sign a standing to a key that the phone made for this alone; ``holder`` is its point.

    Raises ``consent_needed``, ``too_often``, ``card_stands_otherwise`` where no scan could be good, and what
    a proof and the signer refuse.
    """
    try:
        key = PublicKey(ES256, holder)
    except Refused as error:
        raise ServiceError("bad_proof", f"this is no P-256 key: {error}") from error
    phone = carrying(site, proof, STANDING + thumbprint(key).hex(), now)
    with site.store.transaction() as tx:
        consent = tx.consents.standing(phone.card_number, ConsentKind.STANDING, now)
        if consent is None:
            raise ServiceError("consent_needed", "the holder has not agreed to show a standing to sellers")
        # A use of the future is from before the clock was set back: it holds nothing up.
        if consent.used_at is not None and timedelta(0) <= now - consent.used_at < STANDING_EVERY:
            raise ServiceError("too_often", "a token was made just now; show that one")
        card, printed = tx.cards.get(phone.card_number), tx.prints.current_of(phone.card_number)
        state = standing(site, card, now)
        if state != "valid" or printed is None:
            raise ServiceError("card_stands_otherwise", f"no scan could be good: the card is {state}")
        ends = min(int(consent.until.timestamp()), printed.exp)
        rights = rights_of(site, card, tx.entitlements.of_card(card.number), now)
        tx.consents.use(consent.id, now)
    until = rights.get(Service.STANDING)
    last = None if until is None else day_number(until)
    token = _token(site, card, key, ends, granted=Service.STANDING in rights, last_day=last, now=now)
    payload = token.encode()
    signed = site.signer.sign_standing(proof, payload)
    head = protected_header(signed.algorithm, signed.kid)
    return StandingToken(encode_sign1(head, payload, signed.signature), token.expires)


def _token(
    site: ServedInstallation,
    card: CardRecord,
    key: PublicKey,
    ends: int,
    *,
    granted: bool,
    last_day: int | None,
    now: datetime,
) -> Card:
    """A token that names nobody; days are told no further than it lives, so that they tell nobody apart."""
    iat, offset_s = int(now.timestamp()), site.issuer.day_offset_s
    expires = min(iat + MAX_STATUSLESS_S, ends)
    last = day_at(expires - 1, offset_s)
    permit = last if card.permit_true_day is None else min(last, card.permit_true_day)
    good = granted and last_day is None
    return Card(
        issuer=card.iss,
        number=secrets.token_hex(_SUBJECT_BYTES),
        expires=expires,
        not_before=start_of(day_at(iat, offset_s), offset_s),
        issued_at=iat,
        card_class=NO_CLASS,
        services=1 << Service.STANDING if good else 0,
        service_days={} if last_day is None else {int(Service.STANDING): min(last, last_day)},
        print_number=NO_PRINT,
        status=None,
        print_id=secrets.token_bytes(CTI_BYTES),
        holder_key=key,
        permit_day=permit,
    )
