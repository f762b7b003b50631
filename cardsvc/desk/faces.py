"""Faces beside each other, where two people may be one. Who looked at a card's face is recorded."""

from datetime import datetime

from cardsvc.desk.actor import Actor
from cardsvc.desk.cases import unpacked
from cardsvc.installation import Site
from cardsvc.records import NotFound


def case_face(site: Site, actor: Actor, case: str, now: datetime) -> bytes:
    """The printed portrait of a case of one's offices; raises ``case_not_found``, ``portrait_missing``."""
    with site.store.reading() as tx:
        record = tx.cases.get(case)
        actor.check_office(record.office, "case_not_found", f"case {case}")
        picture = tx.cases.portrait(case, "picture")
    if picture is None:
        raise NotFound("portrait_missing", "there is no portrait")
    return unpacked(picture)[0]


def card_face(site: Site, actor: Actor, number: str, now: datetime) -> bytes:
    """The portrait on a card of the city, for the eyes of the desk; raises ``card_not_found``."""
    with site.store.transaction() as tx:
        card = tx.cards.get(number)
        portrait = tx.people.portrait(card.person_id)
        tx.audit.append(actor.id, "face_looked_at", number, {}, now)
    return portrait
