"""Print jobs with leases: any number of processes take them, and a killed one's job is taken over.

The finished file lies outside the database, sealed under the job's key; releasing the job destroys the key.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, insert, or_, select, update

from cardsvc.records.desk_tables import (
    APPROVAL,
    APPROVAL_PRINT,
    BLANK_STOCK,
    CASE_FILE,
    PRINT_ITEM,
    PRINT_JOB,
    ItemState,
    JobState,
)
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.safe import Safe
from cardsvc.records.sealing import RecordKeys
from cardsvc.records.tables import CARD, PRINT, CardState, PrintState


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A print job; ``worker`` holds it until ``lease_until``."""

    id: str
    state: JobState
    office: str
    form: str
    printer: str | None
    made_by: str
    made_at: datetime
    worker: str | None
    lease_until: datetime | None
    blanks: int


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One card of a job; ``reason`` and ``words`` say why it was held back."""

    job: str
    place: int
    card_number: str
    print_id: str
    state: ItemState
    reason: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class StockRecord:
    """The blank cards of an office."""

    office: str
    blanks: int
    counted_by: str
    counted_at: datetime


class PrintJobs:
    """Filing, taking and finishing print jobs."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link
        self._safe = Safe(keys, "print_job")

    def add(
        self,
        office: str,
        form: str,
        printer: str | None,
        by: str,
        prints: Sequence[tuple[str, str]],
        *,
        now: datetime,
    ) -> str:
        """File a job for these ``(card number, print id)`` and return its id."""
        job = secrets.token_hex(16)
        row = {"id": job, "state": JobState.WAITING, "office": office, "form": form, "printer": printer}
        extra = {"made_by": by, "made_at": now, "blanks": 0}
        self._link.run(insert(PRINT_JOB), [row | extra | self._safe.make(job)])
        items = [
            ItemRecord(job, place, number, print_id, ItemState.WAITING, None, None)
            for place, (number, print_id) in enumerate(prints)
        ]
        self._link.run(insert(PRINT_ITEM), [values_of(item) for item in items])
        return job

    def get(self, job: str) -> JobRecord:
        """The job of that id; raises ``job_not_found``."""
        found = self._where(PRINT_JOB.c.id == job)
        if not found:
            raise NotFound("job_not_found", f"there is no print job {job}")
        return found[0]

    def page(self, offices: Collection[str], limit: int = 100) -> list[JobRecord]:
        """The jobs of these offices, newest first."""
        return self._where(PRINT_JOB.c.office.in_(offices), limit)

    def items(self, job: str) -> list[ItemRecord]:
        """The cards of a job, in their order."""
        statement = select(PRINT_ITEM).where(PRINT_ITEM.c.job == job).order_by(PRINT_ITEM.c.place)
        return [record(ItemRecord, row) for row in self._link.all(statement)]

    def take(self, worker: str, now: datetime, until: datetime) -> JobRecord | None:
        """The oldest job that waits, or whose worker's lease ran out; the lease is this worker's now."""
        lost = and_(PRINT_JOB.c.state == JobState.RUNNING, PRINT_JOB.c.lease_until <= now)
        statement = select(PRINT_JOB.c.id).where(or_(PRINT_JOB.c.state == JobState.WAITING, lost))
        row = self._link.first(statement.order_by(PRINT_JOB.c.made_at, PRINT_JOB.c.id))
        if row is None:
            return None
        taken = {"state": JobState.RUNNING, "worker": worker, "lease_until": until}
        self._link.run(update(PRINT_JOB).where(PRINT_JOB.c.id == row["id"]).values(taken))
        return self.get(row["id"])

    def hold(self, job: str, worker: str, until: datetime) -> None:
        """Prolong the lease; raises ``lease_lost`` where another process has taken the job over."""
        mine = (PRINT_JOB.c.id == job) & (PRINT_JOB.c.worker == worker)
        still = mine & (PRINT_JOB.c.state == JobState.RUNNING)
        if not self._link.run(update(PRINT_JOB).where(still).values(lease_until=until)):
            raise Conflict("lease_lost", f"another process goes on with the print job {job}")

    def set_state(self, job: str, expected: JobState, to: JobState, **values: object) -> None:
        """Go on to another state; raises ``job_moved`` where it is not in the one expected."""
        statement = update(PRINT_JOB).where(PRINT_JOB.c.id == job, PRINT_JOB.c.state == expected)
        if not self._link.run(statement.values(state=to, **values)):
            raise Conflict("job_moved", f"the print job {job} is not {expected.value} any more")

    def set_items(self, job: str, results: Sequence[tuple[int, ItemState, str | None, str | None]]) -> None:
        """Note what became of cards: place, state, reason and words."""
        statement = update(PRINT_ITEM).where(
            PRINT_ITEM.c.job == bindparam("of_job"), PRINT_ITEM.c.place == bindparam("at")
        )
        values = [
            {"of_job": job, "at": place, "state": state, "reason": reason, "words": words}
            for place, state, reason, words in results
        ]
        changed = statement.values(
            state=bindparam("state"), reason=bindparam("reason"), words=bindparam("words")
        )
        self._link.run(changed, values)

    def seal_file(self, job: str, part: str, data: bytes) -> bytes:
        """Seal a part of the job's file under the job's key; raises ``job_file_gone``."""
        self._load(job)
        return self._safe.seal(job, f"file {part}", data)

    def open_file(self, job: str, part: str, sealed: bytes) -> bytes:
        """Open a part of the job's file; raises ``job_file_gone``, ``seal_broken``."""
        self._load(job)
        return self._safe.unseal(job, f"file {part}", sealed)

    def destroy_file(self, job: str) -> None:
        """Destroy the job's key: what is left of its file opens for nobody."""
        self._link.run(update(PRINT_JOB).where(PRINT_JOB.c.id == job).values(data_key=None))

    def unprinted(
        self,
        limit: int = 500,
        among: Collection[str] | None = None,
        offices: Collection[str] | None = None,
    ) -> list[tuple[str, str]]:
        """``(card number, print id)`` of issued prints of living cards that no job has released yet.

        Oldest first; ``among`` looks at these cards alone, ``offices`` at their cases' cards, and at what
        they asked to have printed anew.
        """
        done = select(PRINT_ITEM.c.print_id).where(
            PRINT_ITEM.c.state.in_((ItemState.RELEASED, ItemState.WAITING, ItemState.READY))
        )
        statement = (
            select(PRINT.c.card_number, PRINT.c.id)
            .join(CARD, CARD.c.number == PRINT.c.card_number)
            .join(APPROVAL_PRINT, APPROVAL_PRINT.c.print_id == PRINT.c.id)
            .where(PRINT.c.state == PrintState.ISSUED, PRINT.c.status == 0, PRINT.c.id.not_in(done))
            .where(CARD.c.state.in_((CardState.ACTIVE, CardState.SUSPENDED)))
        )
        if among is not None:
            statement = statement.where(PRINT.c.card_number.in_(among))
        if offices is not None:
            approvals = select(APPROVAL.c.id).where(APPROVAL.c.office.in_(offices))
            cards = select(CASE_FILE.c.card_number).where(CASE_FILE.c.office.in_(offices))
            mine = APPROVAL_PRINT.c.approval.in_(approvals) | PRINT.c.card_number.in_(cards)
            statement = statement.where(mine)
        statement = statement.order_by(PRINT.c.iat, PRINT.c.id).limit(limit)
        return [(row["card_number"], row["id"]) for row in self._link.all(statement)]

    def stock(self, offices: Collection[str]) -> list[StockRecord]:
        """The blanks of these offices."""
        statement = select(BLANK_STOCK).where(BLANK_STOCK.c.office.in_(offices))
        return [record(StockRecord, row) for row in self._link.all(statement.order_by(BLANK_STOCK.c.office))]

    def count_stock(self, office: str, blanks: int, by: str, *, now: datetime) -> None:
        """Write down how many blanks an office has."""
        values: Mapping[str, object] = {"blanks": blanks, "counted_by": by, "counted_at": now}
        if not self._link.run(update(BLANK_STOCK).where(BLANK_STOCK.c.office == office).values(values)):
            self._link.run(insert(BLANK_STOCK), [{"office": office, **values}])

    def use_blanks(self, office: str, used: int) -> None:
        """Take blanks off the stock; what was never counted is not kept below nothing."""
        for stock in self.stock([office]):
            left = max(0, stock.blanks - used)
            statement = update(BLANK_STOCK).where(BLANK_STOCK.c.office == office)
            self._link.run(statement.values(blanks=left))

    def _load(self, job: str) -> None:
        row = self._link.first(select(PRINT_JOB).where(PRINT_JOB.c.id == job))
        if row is None or row["data_key"] is None:
            raise NotFound("job_file_gone", f"the file of the print job {job} was destroyed")
        self._safe.load(job, row["key_version"], row["data_key"])

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> list[JobRecord]:
        statement = select(PRINT_JOB).where(condition)
        ordered = statement.order_by(PRINT_JOB.c.made_at.desc(), PRINT_JOB.c.id).limit(limit)
        return [record(JobRecord, row) for row in self._link.all(ordered)]
