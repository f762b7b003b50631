"""Traces: how cases and people are found again though nothing of them can be read.

A trace is a keyed hash of a passport, of a word of a name, of a likeness. Who holds the database alone learns
which rows share one, and nothing of what they share.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, insert, select

from cardsvc.records import sealing
from cardsvc.records.desk_tables import TRACE
from cardsvc.records.link import Link, chunks
from cardsvc.records.sealing import RecordKeys

#: Whom a trace leads to.
CASE, PERSON_KIND = "case", "person"


class Traces:
    """Leaving and following traces. A thing is given as ``(what it is, its text)``."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; hash with ``keys``."""
        self._link, self._keys = link, keys

    def put(self, kind: str, subject: str, things: Iterable[tuple[str, str]]) -> None:
        """Let these lead to the subject from now on, and nothing else."""
        self.put_many(kind, [(subject, things)])

    def put_many(self, kind: str, subjects: Sequence[tuple[str, Iterable[tuple[str, str]]]]) -> None:
        """The same for many subjects, in two statements."""
        for part in chunks([subject for subject, _ in subjects]):
            self._link.run(delete(TRACE).where(TRACE.c.kind == kind, TRACE.c.subject.in_(part)))
        rows = [
            {"key": key, "kind": kind, "subject": subject}
            for subject, things in subjects
            for key in {self.key(thing) for thing in things}
        ]
        self._link.run(insert(TRACE), rows)

    def follow(self, things: Iterable[tuple[str, str]], limit: int) -> list[tuple[str, str]]:
        """Whom most of these lead to, as ``(kind, subject)``; at most ``limit``, counted in the database.

        A birthday and a name that thousands share would otherwise all be read for one case.
        """
        keys = {self.key(thing) for thing in things}
        statement = (
            select(TRACE.c.kind, TRACE.c.subject)
            .where(TRACE.c.key.in_(keys))
            .group_by(TRACE.c.kind, TRACE.c.subject)
            .order_by(func.count().desc(), TRACE.c.kind, TRACE.c.subject)
            .limit(limit)
        )
        return [(str(row["kind"]), str(row["subject"])) for row in self._link.all(statement)]

    def with_all(self, kind: str, things: Iterable[tuple[str, str]]) -> list[str]:
        """The subjects of one kind that every one of these leads to."""
        keys = {self.key(thing) for thing in things}
        statement = select(TRACE.c.subject, TRACE.c.key).where(TRACE.c.kind == kind, TRACE.c.key.in_(keys))
        met: dict[str, int] = {}
        for row in self._link.all(statement):
            met[str(row["subject"])] = met.get(str(row["subject"]), 0) + 1
        return [subject for subject, count in met.items() if count == len(keys)]

    def key(self, thing: tuple[str, str]) -> bytes:
        """The keyed hash of a thing: equal for equal things, and drawn by nobody without the records' key."""
        return sealing.trace_index(self._keys, *thing)
