"""The tables of departments' lists: cards, a service, and what became of each line. No name stands here."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.tables import Records, _names, _one_of, table


class ListState(StrEnum):
    """How far a list came: made, its key has spoken, being carried out; done or dropped in the end."""

    OPEN = "open"
    ASSERTED = "asserted"
    WORKING = "working"
    DONE = "done"
    DROPPED = "dropped"


class LineState(StrEnum):
    """What becomes of a line: to be done, done; or nothing to do, refused when read, failed when done."""

    READY = "ready"
    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"


class RightsList(Records, table=True):
    """A service granted to cards, or withdrawn from them; ``request`` are the bytes that a key signs."""

    __table_args__ = (
        _one_of("state", ListState),
        CheckConstraint("act IN ('grant', 'withdraw')", name="act_known"),
    )

    id: str = Field(primary_key=True)
    service: int = Field(index=True)
    act: str
    state: ListState = Field(sa_type=_names(ListState), index=True)
    reason: str = Field(sa_type=Text)
    made_by: str
    made_at: datetime = Field(sa_type=Instant, index=True)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    request: bytes | None = Field(default=None, sa_type=LargeBinary)
    assertion: bytes | None = Field(default=None, sa_type=LargeBinary)
    expires: datetime | None = Field(default=None, sa_type=Instant)


class RightsLine(Records, table=True):
    """One line of a list, numbered as in the file it came from; ``number`` is empty where it was none."""

    __table_args__ = (_one_of("state", LineState), Index("ix_rights_line_list_state", "list", "state"))

    list: str = Field(primary_key=True, foreign_key="rights_list.id")
    line: int = Field(primary_key=True)
    number: str
    last_day: int | None = None
    state: LineState = Field(sa_type=_names(LineState))
    reason: str | None = None


RIGHTS_LIST, RIGHTS_LINE = table(RightsList), table(RightsLine)
