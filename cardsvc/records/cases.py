"""Cases: applications on their way from draft to card, sealed, each under a key of its own."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, delete, func, insert, or_, select, update

from cardsvc.records.desk_tables import CASE_FILE, CASE_OPENING, FAMILY_FILE, IMPORT_FILE, CaseState
from cardsvc.records.errors import NotFound
from cardsvc.records.link import Link, chunks, record, values_of
from cardsvc.records.safe import Safe, rewrap
from cardsvc.records.sealing import RecordKeys

_SEALED = ("content", "portrait", "picture")
#: Columns that are read with every case; pictures are large and asked for by themselves.
_READ = select(
    *(column for column in CASE_FILE.c if column.name not in ("portrait", "picture")),
    (CASE_FILE.c.portrait.is_not(None) | CASE_FILE.c.picture.is_not(None)).label("has_portrait"),
)


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case. ``content`` is opened: the application as typed, and what people wrote about it."""

    id: str
    reference: str
    version: int
    state: CaseState
    office: str
    owner: str
    submitted_by: str | None
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime
    family: str | None
    approval: str | None
    attempts: int
    card_number: str | None
    content: Mapping[str, Any]
    has_portrait: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Which cases of a list are wanted; ``before`` is the place a page before ended at."""

    offices: Collection[str]
    states: Collection[CaseState] = ()
    ids: Collection[str] | None = None
    cards: Collection[str] | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class FamilyRecord:
    """A family that applies together."""

    id: str
    guardian: str | None
    office: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """A file that was taken in, with its rows opened."""

    id: str
    office: str
    made_by: str
    made_at: datetime
    content: Mapping[str, Any]


class Cases:
    """Writing, finding and reading cases. Who may do what is the use case's to decide."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``."""
        self._link, self._keys = link, keys
        self._safe, self._imports = Safe(keys, "case_file"), Safe(keys, "import_file")

    def add(
        self, reference: str, office: str, owner: str, content: Mapping[str, Any], *, now: datetime
    ) -> str:
        """Record a draft and return its id."""
        case = secrets.token_hex(16)
        keys = self._safe.make(case)
        row = {
            "id": case, "reference": reference, "version": 1, "state": CaseState.DRAFT, "office": office,
            "owner": owner, "created_at": now, "updated_at": now, "attempts": 0,
            "content": self._safe.seal_json(case, "content", content),
        }  # fmt: skip
        self._link.run(insert(CASE_FILE), [row | keys])
        return case

    def get(self, case: str) -> CaseRecord:
        """The case of that id; raises ``case_not_found``."""
        found = self.get_many([case])
        if not found:
            raise NotFound("case_not_found", f"there is no case {case}")
        return found[0]

    def get_many(self, cases: Sequence[str]) -> list[CaseRecord]:
        """Those that exist, in the order asked for."""
        found: dict[str, CaseRecord] = {}
        for part in chunks(cases):
            found |= {one.id: one for one in self._where(CASE_FILE.c.id.in_(part))}
        return [found[case] for case in cases if case in found]

    def page(self, page: Page) -> list[CaseRecord]:
        """Cases of a list, the one changed last first."""
        wanted: list[ColumnElement[bool]] = [CASE_FILE.c.office.in_(page.offices)]
        if page.states:
            wanted.append(CASE_FILE.c.state.in_(page.states))
        if page.ids is not None:
            wanted.append(CASE_FILE.c.id.in_(page.ids))
        if page.cards is not None:
            wanted.append(CASE_FILE.c.card_number.in_(page.cards))
        if page.before is not None:
            at, case = page.before
            earlier = and_(CASE_FILE.c.updated_at == at, CASE_FILE.c.id < case)
            wanted.append(or_(CASE_FILE.c.updated_at < at, earlier))
        return self._where(and_(*wanted), page.limit)

    def counts(self, offices: Collection[str]) -> dict[CaseState, int]:
        """How many cases of these offices are in each state."""
        statement = (
            select(CASE_FILE.c.state, func.count().label("cases"))
            .where(CASE_FILE.c.office.in_(offices))
            .group_by(CASE_FILE.c.state)
        )
        return {CaseState(row["state"]): int(row["cases"]) for row in self._link.all(statement)}

    def of_family(self, family: str) -> list[CaseRecord]:
        """The cases of a family, oldest first."""
        return sorted(self._where(CASE_FILE.c.family == family), key=lambda one: (one.created_at, one.id))

    def of_card(self, number: str) -> CaseRecord | None:
        """The case a card came from."""
        return next(iter(self._where(CASE_FILE.c.card_number == number)), None)

    def change(self, case: str, values: Mapping[str, object], *, now: datetime) -> None:
        """Write columns of a case; ``content`` and pictures are given open and sealed here.

        A picture given as None is destroyed. The case must have been read in this transaction.
        """
        row: dict[str, object] = {**values, "updated_at": now}
        for column in _SEALED:
            plain = row.get(column)
            if isinstance(plain, bytes):
                row[column] = self._safe.seal(case, column, plain)
            elif isinstance(plain, Mapping):
                row[column] = self._safe.seal_json(case, column, plain)
        self._link.run(update(CASE_FILE).where(CASE_FILE.c.id == case).values(row))

    def claim(self, cases: Mapping[str, int], approval: str, *, now: datetime) -> bool:
        """Have submitted cases wait for an approval, each in the version given; whether all had it."""
        statement = (
            update(CASE_FILE)
            .where(
                CASE_FILE.c.id == bindparam("case_id"),
                CASE_FILE.c.version == bindparam("seen"),
                CASE_FILE.c.state == CaseState.SUBMITTED,
            )
            .values(state=CaseState.APPROVING, approval=approval, updated_at=now)
        )
        rows = [{"case_id": case, "seen": version} for case, version in cases.items()]
        return self._link.run(statement, rows) == len(cases)

    def claimed(self, approval: str, limit: int) -> list[str]:
        """Some of the cases that wait for this approval."""
        waiting = (CASE_FILE.c.approval == approval) & (CASE_FILE.c.state == CaseState.APPROVING)
        rows = self._link.all(select(CASE_FILE.c.id).where(waiting).limit(limit))
        return [str(row["id"]) for row in rows]

    def portrait(self, case: str, column: str = "portrait") -> bytes | None:
        """The portrait as it came, or the ``picture`` made of it; None where there is none."""
        keys = (CASE_FILE.c.key_version, CASE_FILE.c.data_key)
        row = self._link.first(select(CASE_FILE.c[column], *keys).where(CASE_FILE.c.id == case))
        if row is None or row[column] is None:
            return None
        self._safe.load(case, row["key_version"], row["data_key"])
        return self._safe.unseal(case, column, row[column])

    def opened(self, case: str, staff: str, version: int, *, now: datetime) -> bool:
        """Note that somebody looked at this version; whether it was news."""
        before = self._link.first(
            select(CASE_OPENING.c.version).where(
                CASE_OPENING.c.case_id == case, CASE_OPENING.c.staff == staff
            )
        )
        if before is not None and before["version"] == version:
            return False
        seen = {"version": version, "opened_at": now}
        if before is None:
            self._link.run(insert(CASE_OPENING), [seen | {"case_id": case, "staff": staff}])
        else:
            same = (CASE_OPENING.c.case_id == case) & (CASE_OPENING.c.staff == staff)
            self._link.run(update(CASE_OPENING).where(same).values(seen))
        return True

    def openings(self, cases: Sequence[str]) -> dict[str, dict[str, int]]:
        """Who looked at which version, by case."""
        found: dict[str, dict[str, int]] = {}
        for part in chunks(cases):
            for row in self._link.all(select(CASE_OPENING).where(CASE_OPENING.c.case_id.in_(part))):
                found.setdefault(row["case_id"], {})[row["staff"]] = row["version"]
        return found

    def add_family(self, guardian: str | None, office: str, by: str, *, now: datetime) -> str:
        """Record a family and return its id."""
        family = FamilyRecord(secrets.token_hex(16), guardian, office, by, now)
        self._link.run(insert(FAMILY_FILE), [values_of(family)])
        return family.id

    def family(self, family: str) -> FamilyRecord:
        """The family of that id; raises ``family_not_found``."""
        row = self._link.first(select(FAMILY_FILE).where(FAMILY_FILE.c.id == family))
        if row is None:
            raise NotFound("family_not_found", f"there is no family {family}")
        return record(FamilyRecord, row)

    def set_guardian(self, family: str, guardian: str | None) -> None:
        """Let another case be the guardian's."""
        self._link.run(update(FAMILY_FILE).where(FAMILY_FILE.c.id == family).values(guardian=guardian))

    def add_import(self, office: str, by: str, content: Mapping[str, Any], *, now: datetime) -> str:
        """Keep a file's rows and return the id."""
        row = secrets.token_hex(16)
        keys = self._imports.make(row)
        sealed = self._imports.seal_json(row, "content", content)
        values = {"id": row, "office": office, "made_by": by, "made_at": now, "content": sealed}
        self._link.run(insert(IMPORT_FILE), [values | keys])
        return row

    def get_import(self, row_id: str) -> ImportRecord:
        """A file that was taken in; raises ``import_not_found``."""
        row = self._link.first(select(IMPORT_FILE).where(IMPORT_FILE.c.id == row_id))
        if row is None:
            raise NotFound("import_not_found", f"there is no import {row_id}")
        self._imports.load(row_id, row["key_version"], row["data_key"])
        content = self._imports.unseal_json(row_id, "content", row["content"])
        return ImportRecord(row_id, row["office"], row["made_by"], row["made_at"], content)

    def change_import(self, row_id: str, content: Mapping[str, Any]) -> None:
        """Write the rows of an import anew; it must have been read in this transaction."""
        sealed = self._imports.seal_json(row_id, "content", content)
        self._link.run(update(IMPORT_FILE).where(IMPORT_FILE.c.id == row_id).values(content=sealed))

    def imports_before(self, made: datetime, limit: int = 100) -> list[str]:
        """Files that were taken in until then, oldest first."""
        statement = select(IMPORT_FILE.c.id).where(IMPORT_FILE.c.made_at <= made)
        rows = self._link.all(statement.order_by(IMPORT_FILE.c.made_at).limit(limit))
        return [str(row["id"]) for row in rows]

    def forget_import(self, row_id: str) -> bool:
        """Destroy a file that was taken in, key and all; whether it was there."""
        return self._link.run(delete(IMPORT_FILE).where(IMPORT_FILE.c.id == row_id)) == 1

    def rewrap(self, limit: int = 1000) -> int:
        """Move up to ``limit`` data keys of cases and imports to the current master version."""
        tables = (CASE_FILE, IMPORT_FILE)
        return sum(rewrap(self._link, self._keys, table, limit) for table in tables)

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> list[CaseRecord]:
        newest = _READ.order_by(CASE_FILE.c.updated_at.desc(), CASE_FILE.c.id.desc())
        ordered = newest.where(condition).limit(limit)
        return [self._opened(row) for row in self._link.all(ordered)]

    def _opened(self, row: RowMapping) -> CaseRecord:
        self._safe.load(row["id"], row["key_version"], row["data_key"])
        content = self._safe.unseal_json(row["id"], "content", row["content"])
        plain = {name: row[name] for name in CaseRecord.__slots__ if name not in ("content", "has_portrait")}
        return CaseRecord(**plain, content=content, has_portrait=bool(row["has_portrait"]))
