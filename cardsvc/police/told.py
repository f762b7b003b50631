"""What officers are told of a card on line: all of it after a scan, the least after a look-up."""

import base64
from datetime import datetime
from typing import Any

from cardsvc.desk.acts import card_office
from cardsvc.desk.facts import optional_text_of, text_of
from cardsvc.desk.orders import rights_today
from cardsvc.desk.standing import standing
from cardsvc.installation import Site
from cardsvc.records import CardRecord, PrintRecord, PrintState, Transaction
from verify.days import date_of, day_at
from verify.services import CardClass

_STATUS = {0: "valid", 1: "revoked", 3: "replaced"}
_NAMES = ("name_native", "language_native", "name_chinese")


def who(site: Site, tx: Transaction, card: CardRecord, now: datetime) -> dict[str, Any]:
    """The least that tells people apart, and whether the card is good; raises ``person_not_found``."""
    facts = tx.people.facts(card.person_id)
    return {
        "number": card.number,
        "name": text_of(facts, "full_name"),
        **{name: optional_text_of(facts, name) for name in _NAMES},
        "birth": text_of(facts, "birth"),
        "sex": text_of(facts, "sex"),
        "nationality": text_of(facts, "nationality"),
        "class": CardClass(card.card_class).label,
        "status": standing(site, card, now),
        "permit_until": None if card.permit_true_day is None else date_of(card.permit_true_day).isoformat(),
        "valid_until": date_of(card.valid_until).isoformat(),
        "office": card_office(tx, card.number),
        "hotlist": bool(tx.hotlist.of_card(card.number, now)),
    }


def details(site: Site, tx: Transaction, card: CardRecord, now: datetime) -> dict[str, Any]:
    """Everything that an officer who holds the card may know of it, but for the portrait."""
    facts = tx.people.facts(card.person_id)
    today = day_at(int(now.timestamp()), site.issuer.day_offset_s)
    rights = rights_today(card.services, card.service_days, tx.entitlements.of_card(card.number), today)
    prints = [one for one in tx.prints.of_card(card.number) if one.state is not PrintState.INTENT]
    return who(site, tx, card, now) | {
        "passport": text_of(facts, "passport"),
        "passport_country": text_of(facts, "passport_country"),
        "services": [
            {"service": service.label, "until": None if until is None else until.isoformat()}
            for service, until in sorted(rights.items())
        ],
        "prints": [_print(tx, one) for one in prints],
    }


def portrait(tx: Transaction, card: CardRecord) -> str:
    """The large portrait (JPEG) in base64; raises ``person_not_found``."""
    return base64.b64encode(tx.people.portrait(card.person_id)).decode("ascii")


def _print(tx: Transaction, one: PrintRecord) -> dict[str, Any]:
    return {
        "print": one.print_no,
        "status": "lost" if one.status == 0 and tx.phones.is_lost(one.id) else _STATUS[one.status],
        "made_at": one.iat,
    }
