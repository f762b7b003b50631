"""The tree of offices, and what the people of each may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.staff_tables import OFFICE


@dataclass(frozen=True, slots=True)
class OfficeRecord:
    """An office; ``may`` are powers of ``cardsvc.staff.powers``, ``parent`` is the office above."""

    id: str
    name: str
    parent: str | None
    kind: str
    may: Sequence[str]


class Offices:
    """The tree: a few hundred offices at most, read as a whole."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link
        self._read: list[OfficeRecord] | None = None

    def all(self) -> list[OfficeRecord]:
        """Every office, by id; read once a transaction, for every request asks twice whom it may concern."""
        if self._read is None:
            rows = self._link.all(select(OFFICE).order_by(OFFICE.c.id))
            self._read = [record(OfficeRecord, row) for row in rows]
        return list(self._read)

    def get(self, office: str) -> OfficeRecord:
        """The office of that id; raises ``office_not_found``."""
        row = self._link.first(select(OFFICE).where(OFFICE.c.id == office))
        if row is None:
            raise NotFound("office_not_found", f"there is no office {office!r}")
        return record(OfficeRecord, row)

    def put(self, office: OfficeRecord) -> None:
        """Record or change an office; raises ``office_not_found``, ``office_ring``."""
        above, seen = office.parent, {office.id}
        while above is not None:
            if above in seen:
                raise Conflict("office_ring", f"{office.id} would stand above itself")
            seen.add(above)
            above = self.get(above).parent
        self._read = None
        values = values_of(office) | {"may": sorted(office.may)}
        if not self._link.run(update(OFFICE).where(OFFICE.c.id == office.id).values(values)):
            self._link.run(insert(OFFICE), [values])

    def below(self, office: str) -> frozenset[str]:
        """The office and all those below it; one that is in no tree stands alone."""
        children: dict[str | None, list[str]] = {}
        for one in self.all():
            children.setdefault(one.parent, []).append(one.id)
        found, waiting = {office}, [office]
        while waiting:
            for child in children.get(waiting.pop(), ()):
                found.add(child)
                waiting.append(child)
        return frozenset(found)

    def above(self, office: str) -> tuple[OfficeRecord, ...]:
        """The office and those above it, the own one first; nothing where it is in no tree."""
        known = {one.id: one for one in self.all()}
        path: list[OfficeRecord] = []
        at: str | None = office
        while at is not None and at in known:
            path.append(known[at])
            at = known[at].parent
        return tuple(path)
