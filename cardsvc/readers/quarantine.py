"""What of a reader's log waits for a person: looked into, gone on with, or set aside for good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation
from cardsvc.readers.ingest import GAP, NO_CLOCK_SAYS
from cardsvc.records.gate_log import QuarantinedRow
from verify.errors import CardsvcError
from verify.reader.records import Record

#: It names another record before it than the last one that came.
BROKEN: Final = "broken_chain"
#: What a log can be gone on with.
_ON_THE_CHAIN: Final = (GAP, BROKEN)
#: What may wait of one reader at a time when somebody looks.
_LOOKED_AT: Final = 100_000
#: More runs than anybody reads; the first ones tell what happened.
_MOST_RUNS: Final = 200


@dataclass(frozen=True, slots=True)
class Run:
    """Records that came apart for one reason and follow one another; the reader's clock at both ends.

    ``first`` is 0 for signatures, which are of no record. Times are None where nobody can read them.
    """

    reason: str
    first: int
    last: int
    count: int
    came: datetime
    recorded: tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where the unbroken log ends, what waits behind and beside it, and from where one may go on.

    ``missing`` are the numbers between the log's end and ``go_on_from``. That is None where there is nothing
    to go on with, or where two records claim one number: then two devices write under one name.
    """

    head: int
    runs: tuple[Run, ...]
    go_on_from: int | None
    missing: int


def look(installation: ServedInstallation, reader: str) -> Waiting:
    """Show what waits of a reader; raises ``reader_not_found``."""
    with installation.store.reading() as tx:
        head = tx.readers.get(reader).head_seq
        rows = tx.gate_log.quarantined(reader, limit=_LOOKED_AT)
    start = _start(rows, head)
    runs = tuple(_run(installation, some) for some in list(_runs(rows))[:_MOST_RUNS])
    return Waiting(head, runs, start, 0 if start is None else start - 1 - head)


def go_on(
    installation: ServedInstallation, reader: str, seq: int, by: str, reason: str, now: datetime
) -> None:
    """Let a reader's log end before record ``seq``, the first that waits; raises ``cannot_go_on``.

    The chain is then whole again from there; that it broke stays in the audit for ever. From a later one on,
    those that wait before it would belong to no log any more.
    """
    with installation.store.reading() as tx:
        known = tx.readers.get(reader)
        waiting = tx.gate_log.quarantined(reader, reasons=_ON_THE_CHAIN, limit=_LOOKED_AT)
    if seq != _start(waiting, known.head_seq):
        words = (
            f"{seq} must be the first that waits behind the end of {reader}'s log, {known.head_seq}, and one"
        )
        raise ServiceError("cannot_go_on", words)
    record = _read(installation, next(row for row in waiting if row.seq == seq))
    if record is None:
        raise ServiceError("cannot_go_on", f"record {seq} of {reader} cannot be read")
    with installation.store.transaction() as tx:
        held = tx.readers.hold(reader)
        if held.head_seq != known.head_seq:
            raise ServiceError("changed_meanwhile", f"{reader} sent more meanwhile; look again")
        tx.readers.move_head(held, seq - 1, record.before)
        # Whatever else waits is looked at anew, in its order.
        tx.gate_log.release([row for row in waiting if row.reason != GAP])
        tx.gate_log.quarantine([replace(row, reason=GAP) for row in waiting if row.reason != GAP])
        details = {"from": seq, "missing": seq - 1 - known.head_seq, "reason": reason}
        tx.audit.append(by, "reader_goes_on", reader, details, now)


def set_aside(
    installation: ServedInstallation, reader: str, kind: str, by: str, reason: str, now: datetime
) -> int:
    """Delete what waits of a reader for the reason ``kind``; how many. Who did it and why is audited."""
    with installation.store.transaction() as tx:
        tx.readers.get(reader)
        rows = tx.gate_log.quarantined(reader, reasons=(kind,), limit=_LOOKED_AT)
        if rows:
            tx.gate_log.release(rows)
            numbers = [row.seq for row in rows]
            details = {"records": len(rows), "of": kind, "from": min(numbers), "to": max(numbers)}
            tx.audit.append(by, "records_set_aside", reader, details | {"reason": reason}, now)
    return len(rows)


def _start(rows: Sequence[QuarantinedRow], head: int) -> int | None:
    """The lowest number that a log can be gone on with, where one record alone claims it."""
    behind = [row.seq for row in rows if row.reason in _ON_THE_CHAIN and row.seq > head]
    lowest = min(behind, default=None)
    return lowest if lowest is not None and behind.count(lowest) == 1 else None


def _runs(rows: Iterable[QuarantinedRow]) -> Iterable[list[QuarantinedRow]]:
    run: list[QuarantinedRow] = []
    for row in sorted(rows, key=lambda one: (one.reason, one.seq)):
        if run and (row.reason != run[-1].reason or row.seq > run[-1].seq + 1):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _run(installation: ServedInstallation, rows: Sequence[QuarantinedRow]) -> Run:
    ends = [_read(installation, row) for row in (rows[0], rows[-1])]
    times = [datetime.fromtimestamp(one.entry.time, UTC) for one in ends if one is not None and _sane(one)]
    return Run(
        reason=rows[0].reason,
        first=rows[0].seq,
        last=rows[-1].seq,
        count=len(rows),
        came=max(row.received_at for row in rows),
        recorded=(times[0], times[1]) if len(times) == len(ends) else None,
    )


def _sane(record: Record) -> bool:
    """Years that a calendar has; a clock gone wild says nothing."""
    return record.entry.time < NO_CLOCK_SAYS


def _read(installation: ServedInstallation, row: QuarantinedRow) -> Record | None:
    """The record, where it is one and was sealed to us; raises what a signer that is away raises."""
    (encoded,) = installation.signer.unseal([row.sealed])
    try:
        return None if encoded is None else Record.decode(encoded)
    except CardsvcError:
        return None
