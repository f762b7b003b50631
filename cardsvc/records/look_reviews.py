"""Looks drawn at random for the data-protection officer, and what was said of their purposes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update

from cardsvc.records.errors import Conflict
from cardsvc.records.link import Link
from cardsvc.records.looks import LOOK, LookRecord, look_of
from cardsvc.records.police_tables import LOOK_REVIEW


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A look that was drawn; ``verdict`` is fine or explain, None while nobody has reviewed it."""

    look: LookRecord
    drawn_by: str
    drawn_at: datetime
    verdict: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None


class LookReviews:
    """Drawing looks and reviewing them."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def draw(self, since: datetime, count: int, by: str, now: datetime) -> int:
        """Draw up to ``count`` looks since then that were never drawn; returns how many.

        The database draws, so that nobody who knows the rows chooses among them.
        """
        never = ~select(LOOK_REVIEW.c.look).where(LOOK_REVIEW.c.look == LOOK.c.id).exists()
        statement = select(LOOK.c.id).where(LOOK.c.at >= since, never).order_by(func.random()).limit(count)
        rows = [
            {"look": row["id"], "drawn_by": by, "drawn_at": now, "verdict": None}
            for row in self._link.all(statement)
        ]
        self._link.run(insert(LOOK_REVIEW), rows)
        return len(rows)

    def waiting(self, limit: int) -> list[ReviewRecord]:
        """What was drawn and not reviewed, oldest look first."""
        return self._all(LOOK_REVIEW.c.verdict.is_(None), (LOOK.c.at, LOOK.c.id), limit)

    def reviewed(self, limit: int) -> list[ReviewRecord]:
        """What was reviewed, the latest first."""
        newest = (LOOK_REVIEW.c.reviewed_at.desc(), LOOK_REVIEW.c.look)
        return self._all(LOOK_REVIEW.c.verdict.is_not(None), newest, limit)

    def say(self, look: str, verdict: str, by: str, now: datetime) -> None:
        """Give the verdict on a look; raises ``not_in_review`` for one that waits for none."""
        waiting = (LOOK_REVIEW.c.look == look) & LOOK_REVIEW.c.verdict.is_(None)
        values = {"verdict": verdict, "reviewed_by": by, "reviewed_at": now}
        if not self._link.run(update(LOOK_REVIEW).where(waiting).values(values)):
            raise Conflict("not_in_review", "this look was not drawn, or was reviewed meanwhile")

    def _all(
        self, which: ColumnElement[bool], order: Sequence[ColumnElement[object]], limit: int
    ) -> list[ReviewRecord]:
        columns = [column for column in LOOK_REVIEW.c if column.name != "look"]
        statement = select(LOOK, *columns).join(LOOK_REVIEW, LOOK_REVIEW.c.look == LOOK.c.id)
        rows = self._link.all(statement.where(which).order_by(*order).limit(limit))
        return [_review(row) for row in rows]


def _review(row: RowMapping) -> ReviewRecord:
    names = ("drawn_by", "drawn_at", "verdict", "reviewed_by", "reviewed_at")
    return ReviewRecord(look_of(row), **{name: row[name] for name in names})
