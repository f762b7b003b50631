"""Who looked at a resident's data: one row a look, written before the answer left.

A row names the card and the officer, never the person: it can be kept when the person is erased. What the
holder may be told of a look, and from when, is decided as it is made.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, RowMapping, insert, select
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.errors import NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import Records, table


class LookKind(StrEnum):
    """``details``: on line, after a scan of the card itself; ``look_up``: without the card."""

    DETAILS = "details"
    LOOK_UP = "look_up"


class Look(Records, table=True):
    """One look. A look-up names its case and the second officer; nobody is one's own second."""

    __table_args__ = (
        CheckConstraint("kind IN ('details', 'look_up')", name="kind_known"),
        CheckConstraint("second <> staff", name="two_people"),
        CheckConstraint(
            "kind <> 'look_up' OR (case_number IS NOT NULL AND second IS NOT NULL)", name="look_up_vouched"
        ),
        Index("ix_look_card_number_told_from", "card_number", "told_from"),
    )

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number")
    kind: str
    staff: str = Field(index=True)
    second: str | None = None
    office: str
    purpose: str
    case_number: str | None = None
    at: datetime = Field(sa_type=Instant, index=True)
    told_from: datetime = Field(sa_type=Instant)


LOOK = table(Look)


@dataclass(frozen=True, slots=True)
class LookRecord:
    """A look: ``staff`` asked, ``second`` approved; the holder may be told from ``told_from`` on.

    ``purpose`` is a code of ``cardsvc.police.purposes``, ``office`` the unit the officer belonged to then.
    """

    id: str
    card_number: str
    kind: LookKind
    staff: str
    office: str
    purpose: str
    at: datetime
    told_from: datetime
    second: str | None = None
    case_number: str | None = None


class Looks:
    """Recording looks, and telling holders of them."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, look: LookRecord) -> None:
        """Record a look; raises ``same_person_approves``."""
        self._link.run(insert(LOOK), [values_of(look)])

    def get(self, look: str) -> LookRecord:
        """That look; raises ``look_not_found``."""
        row = self._link.first(select(LOOK).where(LOOK.c.id == look))
        if row is None:
            raise NotFound("look_not_found", f"there is no look {look}")
        return look_of(row)

    def told(self, card_number: str, now: datetime, limit: int = 100) -> list[LookRecord]:
        """The looks at a card that its holder may know of by now, newest first."""
        mine = (LOOK.c.card_number == card_number) & (LOOK.c.told_from <= now)
        statement = select(LOOK).where(mine).order_by(LOOK.c.at.desc(), LOOK.c.id).limit(limit)
        return [look_of(row) for row in self._link.all(statement)]


def look_of(row: RowMapping) -> LookRecord:
    """The look in a row that holds its columns."""
    found = record(LookRecord, row)
    return replace(found, kind=LookKind(found.kind))
