"""A phone's token: what is true of its card today, for fourteen days at most (docs/format.md section 6)."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from cardsvc.desk.facts import optional_text_of, text_of
from cardsvc.desk.orders import rights_today
from cardsvc.desk.standing import standing
from cardsvc.errors import ServiceError
from cardsvc.holder import recovering
from cardsvc.holder.proving import proved
from cardsvc.holder.recovering import Waiting
from cardsvc.installation import ServedInstallation
from cardsvc.records import CardRecord, EntitlementRecord, PrintRecord, Transaction
from cardsvc.records.phones import PhoneRecord, PhoneState, PhoneWay
from keys.phonebook import RENEW
from keys.signing import TokenProof
from verify.card import CTI_BYTES, MAX_TOKEN_LIFE_S, Card
from verify.cose import ES256, PublicKey, encode_sign1, protected_header
from verify.days import date_of, day_at, day_number, start_of
from verify.services import CardClass, Service

#: A phone that asks more often than this is mistaken; it keeps the token it has.
RENEW_EVERY_S: Final = 20


@dataclass(frozen=True, slots=True)
class Renewed:
    """What the phone learns: how its card stands, what to show, and a token where one was signed.

    ``ready_at`` is when a recovery brings the card; ``notices`` are recoveries that this phone may stop.
    """

    state: str
    card: dict[str, Any] | None = None
    token: bytes | None = None
    ready_at: datetime | None = None
    notices: tuple[Waiting, ...] = ()


def renew(site: ServedInstallation, proof: TokenProof, now: datetime) -> Renewed:
    """Tell an enrolled phone how its card stands, and sign it a token where a scan could be good.

    Raises ``phone_unknown``, ``bad_proof``, ``stale_proof``.
    """
    phone = proved(site, proof, RENEW, now)
    if phone.how == PhoneWay.RECOVERED and phone.state == PhoneState.WAITING:
        phone = recovering.finish(site, phone, now)
    with site.store.reading() as tx:
        notices = tuple(recovering.waiting_for(tx, phone, now))
    if phone.state != PhoneState.ACTIVE:
        return _without_card(phone, notices, now)
    with site.store.transaction() as tx:
        card, printed = tx.cards.get(phone.card_number), tx.prints.current_of(phone.card_number)
        state = standing(site, card, now)
        shown = _shown(site, tx, card, printed, now)
        # One of the future is from before the clock was set back: it holds nothing up.
        too_soon = 0 <= int(now.timestamp()) - phone.iat < RENEW_EVERY_S
        if state != "valid" or printed is None or too_soon:
            return Renewed(state, shown, notices=notices)
        token = _token(site, phone, card, printed, tx.entitlements.of_card(card.number), now)
        # Known to the lists before it is signed: what is out there is never missing from them.
        days = {day: exp for day, exp in phone.token_days.items() if exp > token.issued_at}
        if token.permit_day is not None:
            days[token.permit_day] = token.expires
        values = {"iat": token.issued_at, "exp": max(phone.exp, token.expires), "token_days": days}
        tx.phones.change(phone.id, PhoneState.ACTIVE, values)
    payload = token.encode()
    signed = site.signer.sign_token(proof, payload)
    cose = encode_sign1(protected_header(signed.algorithm, signed.kid), payload, signed.signature)
    return Renewed(state, shown, cose, notices=notices)


def _without_card(phone: PhoneRecord, notices: tuple[Waiting, ...], now: datetime) -> Renewed:
    if phone.state != PhoneState.WAITING or phone.expires_at <= now:
        return Renewed("phone_over", notices=notices)
    if phone.how == PhoneWay.RECOVERED:
        return Renewed("recovering", ready_at=phone.ready_at)
    return Renewed("waiting")


def _shown(
    site: ServedInstallation, tx: Transaction, card: CardRecord, printed: PrintRecord | None, now: datetime
) -> dict[str, Any]:
    """What the page shows to its holder: names, rights and days; no passport, no birth."""
    facts = tx.people.facts(card.person_id)
    rights = rights_of(site, card, tx.entitlements.of_card(card.number), now)
    return {
        "number": card.number,
        "class": CardClass(card.card_class).label,
        "name": text_of(facts, "full_name"),
        "name_native": optional_text_of(facts, "name_native"),
        "language_native": optional_text_of(facts, "language_native"),
        "name_chinese": optional_text_of(facts, "name_chinese"),
        "valid_until": date_of(card.valid_until).isoformat(),
        "permit_until": None if card.permit_true_day is None else date_of(card.permit_true_day).isoformat(),
        "services": [
            {"service": one.label, "until": None if until is None else until.isoformat()}
            for one, until in sorted(rights.items())
        ],
        "print_lost": printed is not None and tx.phones.is_lost(printed.id),
    }


def rights_of(
    site: ServedInstallation, card: CardRecord, entitlements: Iterable[EntitlementRecord], now: datetime
) -> dict[Service, date | None]:
    """What the card opens today, each with its last day where it ends before the card."""
    today = day_at(int(now.timestamp()), site.issuer.day_offset_s)
    return rights_today(card.services, card.service_days, entitlements, today)


def _token(
    site: ServedInstallation,
    phone: PhoneRecord,
    card: CardRecord,
    printed: PrintRecord,
    entitlements: Iterable[EntitlementRecord],
    now: datetime,
) -> Card:
    if phone.public_key is None or phone.list_id is None or phone.list_index is None:
        raise ServiceError("phone_unknown", "this phone was never enrolled")
    iat, offset_s = int(now.timestamp()), site.issuer.day_offset_s
    rights = rights_of(site, card, entitlements, now)
    return Card(
        issuer=card.iss,
        number=card.number,
        expires=min(iat + MAX_TOKEN_LIFE_S, printed.exp),
        not_before=start_of(day_at(iat, offset_s), offset_s),
        issued_at=iat,
        card_class=card.card_class,
        services=sum(1 << service for service, until in rights.items() if until is None),
        service_days={int(one): day_number(until) for one, until in rights.items() if until is not None},
        print_number=printed.print_no,
        status=site.status_ref(phone.list_id, phone.list_index),
        print_id=secrets.token_bytes(CTI_BYTES),
        holder_key=PublicKey(ES256, phone.public_key),
        permit_day=card.permit_true_day,
    )
