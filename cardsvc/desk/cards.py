"""Cards as the desk sees them: found by number, passport or name, with prints, rights, holds and history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cardsvc.desk.actor import Actor
from cardsvc.desk.caseview import history
from cardsvc.desk.facts import optional_text_of, text_of
from cardsvc.desk.orders import rights_today
from cardsvc.desk.worklist import card_number, people_found
from cardsvc.installation import Site
from cardsvc.records import (
    ActRecord,
    CardRecord,
    EntitlementValue,
    Facts,
    NotFound,
    PrintRecord,
    Transaction,
)
from verify.days import date_of, day_at
from verify.services import CardClass, Service

#: More than anybody reads; a narrower search finds the rest.
MOST = 50
#: So many people are looked at together: thousands may share a name, and the first few fill the page.
A_LOOK = 500
_STATUS = {0: "valid", 1: "revoked", 3: "replaced"}


def cards_found(site: Site, actor: Actor, search: str) -> dict[str, Any]:
    """Cards of the actor's offices that fit a search, ``MOST`` of them, and whether there are ``more``."""
    with site.store.reading() as tx:
        number = card_number(search)
        numbers = [] if number is None else [number]
        mine = _mine(tx, list(tx.cards.get_many(numbers).values()), actor)
        people = people_found(tx, search) if search.strip() else []
        for start in range(0, len(people), A_LOOK):
            if len(mine) > MOST:
                break
            every = tx.cards.of_people(people[start : start + A_LOOK]).values()
            mine |= _mine(tx, [card for cards in every for card in cards], actor)
        shown = list(mine.values())[:MOST]
        # Opened last: nothing of people whom nobody sees. Who was erased has no name to be shown.
        facts = tx.people.facts_of([card.person_id for card, _ in shown])
        rows = [
            _row(card, office, facts[card.person_id]) for card, office in shown if card.person_id in facts
        ]
        return {"rows": rows, "more": len(mine) > MOST}


def card_view(site: Site, actor: Actor, number: str, now: datetime) -> dict[str, Any]:
    """The whole card; personal, and for staff of its office alone. Raises ``card_not_found``."""
    with site.store.reading() as tx:
        card = tx.cards.get(number)
        mine = _mine(tx, [card], actor)
        if number not in mine:
            raise NotFound("card_not_found", f"there is no card {number}")
        facts, entitlements = tx.people.facts(card.person_id), tx.entitlements.of_card(number)
        today = day_at(int(now.timestamp()), site.issuer.day_offset_s)
        rights = rights_today(card.services, card.service_days, entitlements, today)
        by_list = {one.service for one in entitlements}
        return _row(*mine[number], facts) | {
            "name_native": optional_text_of(facts, "name_native"),
            "name_chinese": optional_text_of(facts, "name_chinese"),
            "nationality": text_of(facts, "nationality"),
            "birth": text_of(facts, "birth"),
            "passport": text_of(facts, "passport"),
            "valid_from": date_of(card.valid_from).isoformat(),
            "person_cards": [one.number for one in tx.cards.of_person(card.person_id)],
            "prints": [_print(one) for one in tx.prints.of_card(number)],
            "chips": [
                {
                    "uid": chip.uid,
                    "print": one.print_no,
                    "signed": chip.signature is not None,
                    "made_at": chip.created_at,
                }
                for one in tx.prints.of_card(number)
                for chip in tx.chips.of_print(one.id)
            ],
            "rights": [
                {
                    "service": service.label,
                    "until": None if until is None else until.isoformat(),
                    "by": "list" if service in by_list else "print",
                }
                for service, until in sorted(rights.items())
            ],
            "withdrawn": [
                Service(one.service).label for one in entitlements if one.value is EntitlementValue.WITHDRAWN
            ],
            "holds": [
                {
                    "reason": one.reason,
                    "by": one.placed_by,
                    "at": one.placed_at,
                    "lifted_by": one.lifted_by,
                    "lifted_at": one.lifted_at,
                }
                for one in tx.cards.holds(number)
            ],
            "acts": [act_view(tx, one) for one in tx.acts.of_card(number)],
            "history": history(tx, number),
            "face": f"/api/desk/faces/card/{number}",
        }


def act_view(tx: Transaction, act: ActRecord) -> dict[str, Any]:
    """A request for an act, with the holder's name for who decides it."""
    try:
        name = text_of(tx.people.facts(tx.cards.get(act.card_number).person_id), "full_name")
    except NotFound:  # Erased; the request is still there to be refused.
        name = ""
    last = None if act.last_day is None else date_of(act.last_day).isoformat()
    return {
        "id": act.id,
        "card": act.card_number,
        "name": name,
        "act": act.act,
        "reason": act.reason,
        "service": None if act.service is None else Service(act.service).label,
        "until": None if act.act == "extend" else last,
        "permit_until": last if act.act == "extend" else None,
        "chip": act.chip,
        "requested_by": act.requested_by,
        "office": act.office,
        "at": act.requested_at,
        "state": act.state.value,
        "decided_by": act.decided_by,
    }


def _row(card: CardRecord, office: str, facts: Facts) -> dict[str, Any]:
    return {
        "number": card.number,
        "name": text_of(facts, "full_name"),
        "class": CardClass(card.card_class).label,
        "state": card.state.value,
        "valid_until": date_of(card.valid_until).isoformat(),
        "permit_until": None if card.permit_true_day is None else date_of(card.permit_true_day).isoformat(),
        "office": office,
    }


def _mine(tx: Transaction, cards: Sequence[CardRecord], actor: Actor) -> dict[str, tuple[CardRecord, str]]:
    """The cards of the actor's offices, each with its own, that were ever signed: a reservation is none."""
    offices = tx.cards.offices_of([card.number for card in cards])
    issued = tx.prints.issued_among(list(offices))
    seen = {number for number, office in offices.items() if office in actor.offices and number in issued}
    return {card.number: (card, offices[card.number]) for card in cards if card.number in seen}


def _print(one: PrintRecord) -> dict[str, Any]:
    return {
        "print": one.print_no,
        "state": one.state.value,
        "status": _STATUS[one.status],
        "made_at": one.iat,
    }
