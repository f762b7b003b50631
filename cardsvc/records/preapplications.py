"""Applications that residents send from their phones, sealed until a clerk takes them over.

What is personal lies under a data key of the row's own; what it is found by is a reference, the phone's key,
or the family's, hashed. A row that nobody took over is deleted, key and all.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, RowMapping, and_, delete, func, insert, select, update
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link
from cardsvc.records.safe import Safe, rewrap
from cardsvc.records.sealing import RecordKeys, applicant_index
from cardsvc.records.tables import Records, _names, _one_of, table

_SEALED = ("content", "portrait", "picture")


class PreState(StrEnum):
    """``taken``: a clerk made a case of it, and nothing of what was sent is left here."""

    WAITING = "waiting"
    TAKEN = "taken"


class PreApplication(Records, table=True):
    """One person's application from a phone. Days are day numbers, halves ``am`` and ``pm``.

    ``meeting_…`` is what the desk answered to the wish; ``key_seen``: the clerk read the phone's own screen.
    """

    __tablename__ = "pre_application"
    __table_args__ = (_one_of("state", PreState),)

    id: str = Field(primary_key=True)
    reference: str = Field(unique=True)
    state: PreState = Field(sa_type=_names(PreState), index=True)
    office: str | None = Field(default=None, index=True)
    wish_day: int | None = None
    wish_half: str | None = None
    meeting_day: int | None = None
    meeting_half: str | None = None
    meeting_office: str | None = None
    family: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    thumbprint: bytes = Field(sa_type=LargeBinary, unique=True)
    address: bytes = Field(sa_type=LargeBinary, index=True)
    made_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    case_id: str | None = Field(default=None, foreign_key="case_file.id")
    taken_by: str | None = None
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    key_seen: bool = False
    key_version: int
    data_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    portrait: bytes | None = Field(default=None, sa_type=LargeBinary)
    picture: bytes | None = Field(default=None, sa_type=LargeBinary)


PRE = table(PreApplication)


@dataclass(frozen=True, slots=True)
class PreRecord:
    """A pre-application. ``content`` is opened, and empty once it was taken over."""

    id: str
    reference: str
    state: PreState
    office: str | None
    wish_day: int | None
    wish_half: str | None
    meeting_day: int | None
    meeting_half: str | None
    meeting_office: str | None
    family: bytes | None
    public_key: bytes
    thumbprint: bytes
    made_at: datetime
    updated_at: datetime
    expires_at: datetime
    case_id: str | None
    taken_by: str | None
    taken_at: datetime | None
    key_seen: bool
    has_portrait: bool
    content: Mapping[str, Any]


class PreApplications:
    """Writing, finding and reading them. Who may do what is the use case's to decide."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``."""
        self._link, self._keys = link, keys
        self._safe = Safe(keys, PRE.name)

    def add(self, reference: str, address: str, values: Mapping[str, Any]) -> str:
        """Record one that waits, and return its id; contents and pictures are given open."""
        row = secrets.token_hex(16)
        keys = self._safe.make(row)
        fixed = {"id": row, "reference": reference, "state": PreState.WAITING, "key_seen": False}
        counted = {"address": applicant_index(self._keys, b"address", address.encode())}
        self._link.run(insert(PRE), [fixed | counted | keys | self._sealed(row, values)])
        return row

    def change(self, row: str, expected: PreState, values: Mapping[str, Any]) -> None:
        """Change one that is in that state; it must have been read in this transaction.

        Raises ``preapplication_moved`` for one that is not any more.
        """
        statement = update(PRE).where(PRE.c.id == row, PRE.c.state == expected)
        if not self._link.run(statement.values(self._sealed(row, values))):
            raise Conflict("preapplication_moved", "somebody else took it over meanwhile; look again")

    def of_key(self, thumbprint: bytes) -> PreRecord | None:
        """The one that this phone's key sent."""
        return self._first(PRE.c.thumbprint == thumbprint)

    def of_reference(self, reference: str) -> PreRecord:
        """That one; raises ``preapplication_not_found``."""
        found = self._first(PRE.c.reference == reference)
        if found is None:
            words = f"nobody sent {reference}, or it was deleted: it is kept a while only"
            raise NotFound("preapplication_not_found", words)
        return found

    def of_family(self, family: bytes) -> list[PreRecord]:
        """Those that one phone sent together, oldest first."""
        return self._all(PRE.c.family == family, 100)

    def family_of(self, secret: bytes) -> bytes:
        """By what the people of one family are found: the hash of what their phone drew for them."""
        return applicant_index(self._keys, b"family", secret)

    def waiting(self, offices: Collection[str], limit: int) -> list[PreRecord]:
        """Those that wish to come to one of the offices, or were asked to, oldest first."""
        named = PRE.c.office.in_(offices) | PRE.c.meeting_office.in_(offices)
        return self._all(and_(PRE.c.state == PreState.WAITING, named), limit)

    def count_waiting(self, offices: Collection[str] | None = None) -> int:
        """How many wait, at these offices or at all."""
        wanted: ColumnElement[bool] = PRE.c.state == PreState.WAITING
        if offices is not None:
            wanted &= PRE.c.office.in_(offices) | PRE.c.meeting_office.in_(offices)
        row = self._link.first(select(func.count().label("n")).select_from(PRE).where(wanted))
        return 0 if row is None else int(row["n"])

    def count_from(self, address: str, since: datetime) -> int:
        """How many came from one address since then."""
        hashed = applicant_index(self._keys, b"address", address.encode())
        wanted = (PRE.c.address == hashed) & (PRE.c.made_at > since)
        row = self._link.first(select(func.count().label("n")).select_from(PRE).where(wanted))
        return 0 if row is None else int(row["n"])

    def picture(self, row: str, column: str = "picture") -> bytes | None:
        """The ``picture`` made of the portrait, or the ``portrait`` as it came."""
        found = self._link.first(
            select(PRE.c[column], PRE.c.key_version, PRE.c.data_key).where(PRE.c.id == row)
        )
        if found is None or found[column] is None or found["data_key"] is None:
            return None
        self._safe.load(row, found["key_version"], found["data_key"])
        return self._safe.unseal(row, column, found[column])

    def forget(self, row: str) -> bool:
        """Destroy one, key and all; whether it was there."""
        return self._link.run(delete(PRE).where(PRE.c.id == row)) == 1

    def over(self, now: datetime, limit: int = 100) -> list[tuple[str, str]]:
        """Ids and references of those whose time has passed."""
        statement = select(PRE.c.id, PRE.c.reference).where(PRE.c.expires_at <= now)
        rows = self._link.all(statement.order_by(PRE.c.expires_at).limit(limit))
        return [(str(row["id"]), str(row["reference"])) for row in rows]

    def rewrap(self, limit: int = 1000) -> int:
        """Move up to ``limit`` data keys to the current master version."""
        return rewrap(self._link, self._keys, PRE, limit)

    def _sealed(self, row: str, values: Mapping[str, Any]) -> dict[str, Any]:
        sealed = dict(values)
        for column in _SEALED:
            plain = sealed.get(column)
            if isinstance(plain, bytes):
                sealed[column] = self._safe.seal(row, column, plain)
            elif isinstance(plain, Mapping):
                sealed[column] = self._safe.seal_json(row, column, plain)
        return sealed

    def _first(self, condition: ColumnElement[bool]) -> PreRecord | None:
        return next(iter(self._all(condition, 1)), None)

    def _all(self, condition: ColumnElement[bool], limit: int) -> list[PreRecord]:
        columns = [column for column in PRE.c if column.name not in ("portrait", "picture")]
        statement = select(*columns, PRE.c.picture.is_not(None).label("has_portrait")).where(condition)
        rows = self._link.all(statement.order_by(PRE.c.made_at, PRE.c.id).limit(limit))
        return [self._opened(row) for row in rows]

    def _opened(self, row: RowMapping) -> PreRecord:
        content: Mapping[str, Any] = {}
        if row["content"] is not None and row["data_key"] is not None:
            self._safe.load(row["id"], row["key_version"], row["data_key"])
            content = self._safe.unseal_json(row["id"], "content", row["content"])
        plain = {name: row[name] for name in PreRecord.__slots__ if name != "content"}
        plain |= {"has_portrait": bool(row["has_portrait"]), "key_seen": bool(row["key_seen"])}
        return PreRecord(**plain, content=content)
