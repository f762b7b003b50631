"""The answer to a look-up that two officers agreed on: the least there is, recorded before it is given."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.desk.likeness import ALIKE, WORD, alike, identity_of
from cardsvc.errors import ServiceError
from cardsvc.installation import Site
from cardsvc.police.asking import CARD, NAME, Asked
from cardsvc.police.purposes import told_from
from cardsvc.police.told import portrait, who
from cardsvc.records import CardRecord, LookKind, LookRecord, NotFound, Transaction
from cardsvc.records.police import RequestRecord
from cardsvc.records.police_tables import RequestKind, RequestState
from cardsvc.records.traces import PERSON_KIND
from issuance.names import mrz_components

#: How long the officer who asked may read the answer once the second one has agreed.
ANSWER_LIFE: Final = timedelta(minutes=5)
#: More people of one name and birthday than this are no answer.
MOST_FOUND: Final = 5


@dataclass(frozen=True, slots=True)
class LookUps:
    """Answers for one officer."""

    site: Site
    staff: str

    def answer(self, request: str, now: datetime) -> list[dict[str, Any]]:
        """Whom the look-up found; written down, with what the holders may know, before it is given.

        Reading it again within the five minutes is the same look. Raises ``request_not_found``,
        ``not_agreed``, ``request_over`` and ``too_many_found``.
        """
        # Found and opened before anybody has to wait for it: thousands may share the words of a name.
        with self.site.store.reading() as tx:
            asked = Asked.decode(self._agreed(tx, request, now).request)
            cards = _cards(tx, asked.query)
            refused = None
            if len(cards) > MOST_FOUND:
                words = f"more than {MOST_FOUND} people fit; look for a passport or a card number"
                refused, cards = ServiceError("too_many_found", words), []
            told = [
                who(self.site, tx, card, now) | {"portrait": portrait(tx, card)}
                for card in cards
                if _is_known(tx, card)
            ]
        with self.site.store.transaction() as tx:
            record = self._agreed(tx, request, now)
            if record.state is RequestState.APPROVED:
                self._recorded(tx, record, asked, cards, now)
        # Nothing leaves before this: who was looked at stands in the records.
        if refused is not None:
            raise refused
        return told

    def _agreed(self, tx: Transaction, request: str, now: datetime) -> RequestRecord:
        record = tx.police_requests.get(request)
        if record.asker != self.staff or record.kind is not RequestKind.LOOK_UP:
            raise NotFound("request_not_found", "there is no such request")
        if record.state not in (RequestState.APPROVED, RequestState.ANSWERED) or record.decided_at is None:
            raise ServiceError("not_agreed", "a second officer has to agree first")
        if record.decided_at + ANSWER_LIFE <= now:
            raise ServiceError("request_over", "the answer was there for five minutes; ask anew")
        return record

    def _recorded(
        self,
        tx: Transaction,
        record: RequestRecord,
        asked: Asked,
        cards: list[CardRecord],
        now: datetime,
    ) -> None:
        for card in cards:
            look = LookRecord(
                id=secrets.token_hex(16),
                card_number=card.number,
                kind=LookKind.LOOK_UP,
                staff=asked.asker,
                second=record.second,
                office=asked.office,
                purpose=asked.purpose,
                case_number=asked.case_number,
                at=now,
                told_from=told_from(asked.purpose, asked.covert_days, now),
            )
            tx.looks.add(look)
            details = {"card": card.number, "request": record.id, "purpose": asked.purpose}
            tx.audit.append(self.staff, "looked_up", look.id, details, now)
        tx.police_requests.move(
            record.id, RequestState.APPROVED, {"state": RequestState.ANSWERED, "answered_at": now}
        )
        tx.audit.append(self.staff, "look_up_answered", record.id, {"found": len(cards)}, now)


def _cards(tx: Transaction, query: Mapping[str, str]) -> list[CardRecord]:
    """The newest card of each person who fits."""
    if query["by"] == CARD:
        return list(tx.cards.get_many([query[CARD]]).values())
    if query["by"] == NAME:
        people = _named(tx, query["name"], query["birth"])
    else:
        found = tx.people.find_by_passport(query["country"], query["passport"])
        people = [] if found is None else [found]
    newest = [_newest(tx, person) for person in people]
    return [card for card in newest if card is not None]


def _named(tx: Transaction, name: str, birth: str) -> list[str]:
    """People of that birthday whose name has every word, however each was transliterated."""
    who_ = identity_of({"surname": name, "birth": birth})
    parts = [thing for thing in alike(who_) if thing[0] == ALIKE]
    if parts:
        return sorted(tx.traces.with_all(PERSON_KIND, parts))
    # Another script, or the shortest of names, leaves no likeness: its words must be the same.
    words = [(WORD, part) for word in name.split() for part in mrz_components(word) or (word.upper(),)]
    people = tx.people.facts_of(tx.traces.with_all(PERSON_KIND, words))
    return sorted(one for one, facts in people.items() if facts.get("birth") == birth)


def _newest(tx: Transaction, person: str) -> CardRecord | None:
    # A card that was reserved and never signed is none: nobody has seen it.
    cards = [card for card in tx.cards.of_person(person) if tx.prints.current_of(card.number) is not None]
    return cards[-1] if cards else None


def _is_known(tx: Transaction, card: CardRecord) -> bool:
    try:
        tx.people.facts(card.person_id)
    except NotFound:
        return False
    return True
