"""Open sessions. The browser holds a random token, the records its hash: a copy of them opens nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from cardsvc.records.link import Link, record, values_of
from cardsvc.records.signin import hashed
from cardsvc.records.staff_tables import SESSION


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """An open session; ``id`` is the hash of its token, ``method`` how it was opened."""

    id: bytes
    staff: str
    method: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    stepped_up_until: datetime | None
    idle_s: int = 1800


class Sessions:
    """Opening, finding and ending sessions."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, session: SessionRecord, now: datetime) -> None:
        """Open one, and forget those whose time is over."""
        self._link.run(delete(SESSION).where(SESSION.c.ends_at <= now))
        self._link.run(insert(SESSION), [values_of(session)])

    def find(self, token: str) -> SessionRecord | None:
        """The session of a token; whether its time is over is for the caller to say."""
        row = self._link.first(select(SESSION).where(SESSION.c.id == hashed(token)))
        return None if row is None else record(SessionRecord, row)

    def seen(self, session: bytes, now: datetime) -> None:
        """Remember that it was used."""
        self._link.run(update(SESSION).where(SESSION.c.id == session).values(seen_at=now))

    def begin_shift(self, session: bytes, length: timedelta) -> datetime | None:
        """Let it last that long from its sign-in on, with no idle end before; when it ends, if it is open."""
        row = self._link.first(select(SESSION.c.created_at).where(SESSION.c.id == session))
        if row is None:
            return None
        ends: datetime = row["created_at"] + length
        values = {"ends_at": ends, "idle_s": int(length.total_seconds())}
        self._link.run(update(SESSION).where(SESSION.c.id == session).values(values))
        return ends

    def end(self, session: bytes) -> bool:
        """End one; false if it had ended."""
        return self._link.run(delete(SESSION).where(SESSION.c.id == session)) == 1

    def end_all(self, staff: str) -> int:
        """End all of somebody's; returns how many."""
        return self._link.run(delete(SESSION).where(SESSION.c.staff == staff))
