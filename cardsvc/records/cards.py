"""Cards: the number that stays, the rights it was given, its holds, and its one way to the end."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update

from cardsvc.records.desk_tables import CASE_FILE
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, chunks, record, values_of
from cardsvc.records.phones import LOST_PRINT
from cardsvc.records.tables import APPLICATION, CARD, HOLD, PRINT, STAFF, CardState

LIVING = (CardState.ACTIVE, CardState.SUSPENDED)
REVOKED = 1


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to be recorded.

    ``services`` is the mask of claim -70001/2, ``service_days`` claim -70001/6; days are numbers from
    2020-01-01; ``permit_true_day`` is None for classes without a permit.
    """

    number: str
    person_id: str
    card_class: int
    services: int
    service_days: Mapping[int, int]
    valid_from: int
    valid_until: int
    permit_true_day: int | None
    iss: str


@dataclass(frozen=True, slots=True)
class CardRecord:
    """A recorded card."""

    number: str
    person_id: str
    card_class: int
    services: int
    service_days: Mapping[int, int]
    valid_from: int
    valid_until: int
    permit_true_day: int | None
    state: CardState
    iss: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A suspension; open while ``lifted_at`` is None."""

    id: str
    card_number: str
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class Cards:
    """Recording cards and changing their state."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, card: NewCard, *, now: datetime) -> None:
        """Record an active card; raises ``living_card_exists`` or ``number_in_use``."""
        self.add_many([card], now=now)

    def add_many(self, cards: Sequence[NewCard], *, now: datetime) -> None:
        """Record many active cards in one statement."""
        extra = {"state": CardState.ACTIVE, "created_at": now}
        self._link.run(insert(CARD), [values_of(card) | extra for card in cards])

    def get(self, number: str) -> CardRecord:
        """The card of that number; raises ``card_not_found``."""
        row = self._link.first(select(CARD).where(CARD.c.number == number))
        if row is None:
            raise NotFound("card_not_found", f"there is no card {number}")
        return record(CardRecord, row)

    def get_many(self, numbers: Sequence[str]) -> dict[str, CardRecord]:
        """Those of ``numbers`` that exist."""
        found = (card for part in chunks(numbers) for card in self._where(CARD.c.number.in_(part)))
        return {card.number: card for card in found}

    def of_person(self, person: str) -> list[CardRecord]:
        """Every card a person ever had, oldest first."""
        return self._where(CARD.c.person_id == person)

    def of_people(self, people: Sequence[str]) -> dict[str, list[CardRecord]]:
        """Every card that each of them ever had, oldest first; who had none is left out."""
        cards: dict[str, list[CardRecord]] = {}
        for part in chunks(people):
            for card in self._where(CARD.c.person_id.in_(part)):
                cards.setdefault(card.person_id, []).append(card)
        return cards

    def offices_of(self, numbers: Sequence[str]) -> dict[str, str]:
        """The office of each card: that of its case, or of who filed its application; nothing is opened."""
        offices: dict[str, str] = {}
        for part in chunks(numbers):
            filed = (
                select(APPLICATION.c.card_number, STAFF.c.office)
                .join(STAFF, STAFF.c.id == APPLICATION.c.submitted_by)
                .where(APPLICATION.c.card_number.in_(part))
            )
            opened = select(CASE_FILE.c.card_number, CASE_FILE.c.office).where(
                CASE_FILE.c.card_number.in_(part)
            )
            offices |= dict(self._link.tuples(filed)) | dict(self._link.tuples(opened))
        return offices

    def living_of(self, person: str) -> CardRecord | None:
        """The person's one active or suspended card. Past ``valid_until`` it still counts: end it first."""
        return next(iter(self._where((CARD.c.person_id == person) & CARD.c.state.in_(LIVING))), None)

    def taken(self, numbers: Sequence[str]) -> set[str]:
        """Which of these numbers are in use; draw others for them."""
        return set(self.get_many(numbers))

    def set_permit_true_day(self, number: str, day: int | None) -> None:
        """The permit's last day as it is true now. Lifts no hold."""
        self._change(number, {"permit_true_day": day})

    def set_state(self, number: str, state: CardState) -> None:
        """Change the state alone; ``revoked`` and ``ended`` never change again (``card_is_final``).

        ``suspend``, ``reinstate`` and ``revoke`` also keep holds and indices in step: prefer them.
        """
        current = self.get(number).state
        if current not in LIVING and current != state:
            raise Conflict("card_is_final", f"the card {number} is {current.value}, which is for ever")
        self._change(number, {"state": state})

    def suspend(self, number: str, *, reason: str, by: str, now: datetime) -> str:
        """Place a hold and return its id; the next snapshot says 2."""
        self.set_state(number, CardState.SUSPENDED)
        hold = {"id": secrets.token_hex(16), "card_number": number, "reason": reason}
        self._link.run(insert(HOLD), [hold | {"placed_by": by, "placed_at": now}])
        return hold["id"]

    def reinstate(self, number: str, *, by: str, now: datetime) -> int:
        """Lift every open hold and return how many there were; raises ``not_suspended`` if none."""
        statement = (
            update(HOLD)
            .where(HOLD.c.card_number == number, HOLD.c.lifted_at.is_(None))
            .values(lifted_by=by, lifted_at=now)
        )
        self.set_state(number, CardState.ACTIVE)
        lifted = self._link.run(statement)
        if not lifted:
            raise Conflict("not_suspended", f"the card {number} has no hold to lift")
        return lifted

    def revoke(self, number: str) -> None:
        """End the card for ever: the indices of its prints say 1 from the next snapshot on."""
        self.set_state(number, CardState.REVOKED)
        statement = update(PRINT).where(PRINT.c.card_number == number, PRINT.c.status == 0)
        self._link.run(statement.values(status=REVOKED))

    def holds(self, number: str) -> list[HoldRecord]:
        """All holds of a card, oldest first."""
        statement = select(HOLD).where(HOLD.c.card_number == number).order_by(HOLD.c.placed_at, HOLD.c.id)
        return [record(HoldRecord, row) for row in self._link.all(statement)]

    def held_by(self, number: str) -> list[str]:
        """What holds a card now, by ids: its open holds, and its prints that were reported lost."""
        holds = select(HOLD.c.id).where(HOLD.c.card_number == number, HOLD.c.lifted_at.is_(None))
        lost = (
            select(LOST_PRINT.c.print_id)
            .join(PRINT, PRINT.c.id == LOST_PRINT.c.print_id)
            .where(PRINT.c.card_number == number)
        )
        return sorted(str(name) for one in (holds, lost) for (name,) in self._link.tuples(one))

    def _change(self, number: str, values: Mapping[str, object]) -> None:
        if not self._link.run(update(CARD).where(CARD.c.number == number).values(values)):
            raise NotFound("card_not_found", f"there is no card {number}")

    def _where(self, condition: ColumnElement[bool]) -> list[CardRecord]:
        statement = select(CARD).where(condition).order_by(CARD.c.created_at, CARD.c.number)
        return [record(CardRecord, row) for row in self._link.all(statement)]
