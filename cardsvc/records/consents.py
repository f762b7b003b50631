"""What holders agreed to have shown, to whom, and until when; taken back, it stays as a fact of the past."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, insert, select, update
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import Records, table


class ConsentKind(StrEnum):
    """``standing``: how the card stands, to sellers who scan its holder's phone."""

    STANDING = "standing"


class Consent(Records, table=True):
    """One consent of a card's holder, given on one of its phones."""

    __table_args__ = (
        CheckConstraint("kind IN ('standing')", name="kind_known"),
        CheckConstraint("until > given_at", name="lasts"),
        Index("ix_consent_card_number_kind", "card_number", "kind"),
    )

    id: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="card.number")
    kind: str
    phone: str = Field(foreign_key="phone.id")
    given_at: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


CONSENT = table(Consent)


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent; ``ended_at``: taken back, or replaced by another; ``used_at``: the last token under it."""

    id: str
    card_number: str
    kind: str
    phone: str
    given_at: datetime
    until: datetime
    ended_at: datetime | None = None
    used_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Whether it holds at that instant."""
        return self.ended_at is None and now < self.until


class Consents:
    """Keeping consents."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, consent: ConsentRecord) -> None:
        """Record a consent."""
        self._link.run(insert(CONSENT), [values_of(consent)])

    def of_card(self, number: str) -> list[ConsentRecord]:
        """Every consent of a card's holder, newest first."""
        statement = select(CONSENT).where(CONSENT.c.card_number == number)
        rows = self._link.all(statement.order_by(CONSENT.c.given_at.desc(), CONSENT.c.id))
        return [record(ConsentRecord, row) for row in rows]

    def standing(self, number: str, kind: ConsentKind, now: datetime) -> ConsentRecord | None:
        """The consent of that kind that holds now."""
        found = (one for one in self.of_card(number) if one.kind == kind and one.stands(now))
        return next(found, None)

    def end(self, number: str, kind: ConsentKind, now: datetime) -> int:
        """End what holds of that kind; how many there were."""
        held = (CONSENT.c.card_number == number) & (CONSENT.c.kind == kind) & (CONSENT.c.until > now)
        statement = update(CONSENT).where(held, CONSENT.c.ended_at.is_(None))
        return self._link.run(statement.values(ended_at=now))

    def use(self, consent: str, now: datetime) -> None:
        """Note that something was signed under it."""
        self._link.run(update(CONSENT).where(CONSENT.c.id == consent).values(used_at=now))
