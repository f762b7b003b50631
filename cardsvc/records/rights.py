"""Departments' lists of cards: kept until they were carried out, and for a month after."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.rights_tables import RIGHTS_LINE, RIGHTS_LIST, LineState, ListState


@dataclass(frozen=True, slots=True)
class RightsListRecord:
    """A list; ``decided_by`` is who had it carried out."""

    id: str
    service: int
    act: str
    state: ListState
    reason: str
    made_by: str
    made_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    request: bytes | None = None
    assertion: bytes | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class RightsLineRecord:
    """A line; ``last_day`` counts from 2020-01-01, None means to the card's end."""

    list: str
    line: int
    number: str
    last_day: int | None
    state: LineState
    reason: str | None


class RightsLists:
    """The lists of all departments; who may see which is the use case's to decide."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, values: Mapping[str, object], lines: Iterable[Mapping[str, object]]) -> str:
        """Record a list with its lines and return its id."""
        row = secrets.token_hex(16)
        self._link.run(insert(RIGHTS_LIST), [{**values, "id": row, "state": ListState.OPEN}])
        self._link.run(insert(RIGHTS_LINE), [{**line, "list": row} for line in lines])
        return row

    def get(self, row: str) -> RightsListRecord:
        """The list of that id; raises ``list_not_found``."""
        found = self._link.first(select(RIGHTS_LIST).where(RIGHTS_LIST.c.id == row))
        if found is None:
            raise NotFound("list_not_found", f"there is no list {row}")
        return record(RightsListRecord, found)

    def of_service(self, service: int, limit: int) -> list[RightsListRecord]:
        """A service's lists, newest first."""
        query = select(RIGHTS_LIST).where(RIGHTS_LIST.c.service == service)
        rows = self._link.all(query.order_by(RIGHTS_LIST.c.made_at.desc(), RIGHTS_LIST.c.id).limit(limit))
        return [record(RightsListRecord, row) for row in rows]

    def in_state(self, state: ListState) -> list[RightsListRecord]:
        """Every list that came so far, in the order they were decided in: the last word on a card holds."""
        query = select(RIGHTS_LIST).where(RIGHTS_LIST.c.state == state)
        order = (RIGHTS_LIST.c.decided_at, RIGHTS_LIST.c.made_at, RIGHTS_LIST.c.id)
        rows = self._link.all(query.order_by(*order))
        return [record(RightsListRecord, row) for row in rows]

    def move(self, row: str, expected: ListState, values: Mapping[str, object]) -> None:
        """Write columns; raises ``list_moved`` where somebody was faster."""
        here = (RIGHTS_LIST.c.id == row) & (RIGHTS_LIST.c.state == expected)
        if not self._link.run(update(RIGHTS_LIST).where(here).values(dict(values))):
            raise Conflict("list_moved", f"the list {row} is not {expected.value} any more; look again")

    def lines(
        self, row: str, *, state: LineState | None = None, limit: int | None = None
    ) -> list[RightsLineRecord]:
        """The lines of a list, in its order."""
        query = select(RIGHTS_LINE).where(RIGHTS_LINE.c.list == row)
        if state is not None:
            query = query.where(RIGHTS_LINE.c.state == state)
        rows = self._link.all(query.order_by(RIGHTS_LINE.c.line).limit(limit))
        return [record(RightsLineRecord, one) for one in rows]

    def settle(self, lines: Iterable[RightsLineRecord]) -> None:
        """Write what became of these lines."""
        for line in lines:
            here = (RIGHTS_LINE.c.list == line.list) & (RIGHTS_LINE.c.line == line.line)
            self._link.run(update(RIGHTS_LINE).where(here).values(values_of(line)))

    def counts(self, rows: Sequence[str]) -> dict[str, dict[str, int]]:
        """How many lines of each list are in which state."""
        query = select(RIGHTS_LINE.c.list, RIGHTS_LINE.c.state, func.count().label("number"))
        query = query.where(RIGHTS_LINE.c.list.in_(rows)).group_by(RIGHTS_LINE.c.list, RIGHTS_LINE.c.state)
        found: dict[str, dict[str, int]] = {row: {} for row in rows}
        for one in self._link.all(query):
            found[one["list"]][one["state"].value] = int(one["number"])
        return found

    def over(self, open_before: datetime, done_before: datetime, limit: int) -> list[str]:
        """Lists that nobody carried out, and those that were carried out long ago."""
        open_ = (RIGHTS_LIST.c.state == ListState.OPEN) & (RIGHTS_LIST.c.made_at <= open_before)
        ended = RIGHTS_LIST.c.state.in_((ListState.DONE, ListState.DROPPED))
        over = open_ | (ended & (RIGHTS_LIST.c.made_at <= done_before))
        return [one["id"] for one in self._link.all(select(RIGHTS_LIST.c.id).where(over).limit(limit))]

    def forget(self, rows: Sequence[str]) -> None:
        """Delete lists with their lines; what they did stays in the audit."""
        self._link.run(delete(RIGHTS_LINE).where(RIGHTS_LINE.c.list.in_(rows)))
        self._link.run(delete(RIGHTS_LIST).where(RIGHTS_LIST.c.id.in_(rows)))
