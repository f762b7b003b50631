"""Logs of readers: every record into one drawer, none lost, none twice (docs/readers.md, "Upload").

A reader's log is one chain of hashes. What goes on where the chain ends is taken; what is here already is
known; all else is kept apart as it came, and taken later if what was missing comes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cardsvc.installation import ServedInstallation
from cardsvc.records import NotAlone, Transaction
from cardsvc.records.gate_log import GateRecordRow, QuarantinedRow, UsageKey
from cardsvc.records.readers import ReaderRecord
from verify.cose import ES256, PublicKey
from verify.days import DAY_S
from verify.errors import CardsvcError
from verify.reader.records import Record, read_checkpoint, record_hash

TAKEN, KNOWN, LATE, QUARANTINED = "taken", "known", "late", "quarantined"
#: Not taken in any drawer: the reader keeps it and offers it again, once a day.
REFUSED: Final = "refused"
#: Something is missing before it: the one reason that may pass by itself.
GAP: Final = "gap"
#: A fact is late when yesterday's counts were looked at without it.
LATE_AFTER_S: Final = 24 * 3600
#: Where somebody was is kept for a month.
RAW_LIFE: Final = timedelta(days=30)
#: What does not fit waits this long for somebody; it is sealed as the reader sealed it.
QUARANTINE_LIFE: Final = timedelta(days=90)
#: What may wait of one reader, some 60 MB at worst: a stolen one, not revoked yet, brings what it likes.
MOST_WAITING: Final = 20_000
#: Signatures that were not found to fit; a later one vouches for all records before it, so few are enough.
MOST_SIGNATURES: Final = 1_000
#: Numbers that both databases hold; no honest one comes near.
_MOST: Final = 1 << 62
_MOST_SMALL: Final = 1 << 31
#: The year 2242: no clock of a computer can be set so far ahead (Linux ends in 2232), and calendars hold it.
NO_CLOCK_SAYS: Final = 1 << 33
_MOST_CHARACTERS: Final = 64
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Brought:
    """One record as it came."""

    seq: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one record."""

    seq: int
    answer: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A record that was unsealed; ``fault`` says why it is none of this reader's."""

    brought: Brought
    record: Record | None
    hash: bytes
    fault: str | None


@dataclass(slots=True)
class _Chain:
    """Where a reader's log ends while a batch is looked at, and what the batch adds."""

    reader: ReaderRecord
    seq: int
    hash: bytes
    known: dict[int, bytes]
    forgotten: bool
    now: datetime
    rows: list[GateRecordRow] = field(default_factory=list)
    apart: list[QuarantinedRow] = field(default_factory=list)

    def place(self, one: _Opened) -> Answered:
        """Put one record where it belongs."""
        record, seq = one.record, one.brought.seq
        if record is None or one.fault is not None:
            return self._keep_apart(one, one.fault or "malformed")
        if seq <= self.seq:
            # What was deleted after its month is known by its number alone.
            here = self.known.get(seq, one.hash if self.forgotten else None)
            if here == one.hash:
                return Answered(seq, KNOWN)
            return self._keep_apart(one, "other_record")
        if seq > self.seq + 1:
            return self._keep_apart(one, GAP)
        if record.before != self.hash:
            return self._keep_apart(one, "broken_chain")
        row = _row(record, one.hash, self.now)
        self.rows.append(row)
        self.seq, self.hash, self.known[seq] = seq, one.hash, one.hash
        return Answered(seq, LATE if row.late else TAKEN)

    def _keep_apart(self, one: _Opened, reason: str) -> Answered:
        digest = sha256(one.brought.sealed).digest()
        self.apart.append(
            QuarantinedRow(self.reader.id, one.brought.seq, digest, reason, one.brought.sealed, self.now)
        )
        return Answered(one.brought.seq, QUARANTINED, reason)


def take_batch(
    installation: ServedInstallation,
    reader: ReaderRecord,
    batch: Sequence[Brought],
    checkpoints: Sequence[bytes],
    now: datetime,
) -> list[Answered]:
    """Take a batch in one durable transaction; the answers hold once this has returned.

    Logs of different readers are taken beside each other. What belongs in the audit is taken alone.
    """
    opened = _open_all(installation, reader, batch)
    signed = [(data, _vouched(reader, data)) for data in checkpoints]
    try:
        with installation.store.beside() as tx:
            return _take(tx, reader, opened, signed, now)
    except NotAlone:
        with installation.store.transaction() as tx:
            return _take(tx, reader, opened, signed, now)


def release(installation: ServedInstallation, reader: str, limit: int, now: datetime) -> int:
    """Take what waited for something that has come since; how many left the quarantine."""
    with installation.store.reading() as tx:
        known = tx.readers.get(reader)
        waiting = tx.gate_log.quarantined(reader, reasons=(GAP,), limit=limit)
    opened = _open_all(installation, known, [Brought(row.seq, row.sealed) for row in waiting])
    with installation.store.transaction() as tx:
        chain, answers = _place_all(tx, known, opened, now)
        done = [row for row, said in zip(waiting, answers, strict=True) if said.reason != GAP]
        tx.gate_log.release(done)
        # Now it is known what is wrong with them, which no record to come will mend; their time runs on.
        came = {(row.seq, row.digest): row.received_at for row in waiting}
        wrong = [row for row in chain.apart if row.reason != GAP]
        tx.gate_log.quarantine([replace(row, received_at=came[row.seq, row.digest]) for row in wrong])
        _compare_checkpoints(tx, chain)
        _count(tx, chain)
    return len(done)


def _take(
    tx: Transaction,
    reader: ReaderRecord,
    opened: Sequence[_Opened],
    signed: Sequence[tuple[bytes, tuple[int, bytes] | None]],
    now: datetime,
) -> list[Answered]:
    """All of it, in the order that keeps two transactions from waiting for each other: see ``_count``."""
    chain, answers = _place_all(tx, reader, opened, now)
    room = bool(signed) and tx.gate_log.unfitting_checkpoints(reader.id) < MOST_SIGNATURES
    for data, vouched in signed:
        if vouched is None:
            digest = sha256(data).digest()
            chain.apart.append(QuarantinedRow(reader.id, 0, digest, "bad_checkpoint", data, now))
        elif room:
            tx.gate_log.add_checkpoint(reader.id, *vouched, data, now)
    _compare_checkpoints(tx, chain)
    if chain.apart and tx.gate_log.waiting(reader.id) >= MOST_WAITING:
        chain.apart.clear()
        answers = [
            Answered(one.seq, REFUSED, "too_many_waiting") if one.answer == QUARANTINED else one
            for one in answers
        ]
    fresh = tx.gate_log.quarantine(chain.apart)
    if fresh:
        details = {"records": fresh, "reasons": sorted({one.reason for one in chain.apart})}
        tx.audit.append(reader.id, "records_quarantined", reader.id, details, now)
    _count(tx, chain)
    return answers


def _place_all(
    tx: Transaction, reader: ReaderRecord, opened: Sequence[_Opened], now: datetime
) -> tuple[_Chain, list[Answered]]:
    """The reader's log is held first, so that of one batch that comes twice the second finds it known."""
    held = tx.readers.hold(reader.id)
    here = [one.brought.seq for one in opened if one.brought.seq <= held.head_seq]
    known = tx.gate_log.hashes(reader.id, here)
    absent = [one.record for one in opened if one.brought.seq in here and one.brought.seq not in known]
    forgotten = _forgotten(held, [one for one in absent if one is not None], now)
    chain = _Chain(held, held.head_seq, held.head_hash, known, forgotten, now)
    answers = [chain.place(one) for one in opened]
    tx.gate_log.add(chain.rows)
    if chain.rows:
        tx.readers.move_head(held, chain.seq, chain.hash)
    return chain, answers


def _forgotten(reader: ReaderRecord, absent: Sequence[Record], now: datetime) -> bool:
    """Whether records that are not here, of numbers that were given, were here and deleted after their month.

    They say so themselves: some are old enough, and none so young that it would still be here. A device that
    begins its log anew, or brings what somebody went on without, uses such numbers too. A clock that was
    ahead, or had never been set, says nothing.
    """
    begun, at = int(reader.enrolled_at.timestamp()) // DAY_S * DAY_S, int(now.timestamp())
    told = [record.entry.time for record in absent if begun <= record.entry.time <= at]
    return bool(told) and _gone_after(max(told)) <= now


def _count(tx: Transaction, chain: _Chain) -> None:
    """Last of all: readers of one venue wait here for each other until the commit, and not for longer."""
    tx.gate_log.count(Counter(map(_usage, chain.rows)))


def _open_all(
    installation: ServedInstallation, reader: ReaderRecord, batch: Sequence[Brought]
) -> list[_Opened]:
    """Where the signer is away this raises: nothing is answered, and all comes again."""
    plain = installation.signer.unseal([one.sealed for one in batch])
    return [_open(reader, one, encoded) for one, encoded in zip(batch, plain, strict=True)]


def _open(reader: ReaderRecord, one: Brought, encoded: bytes | None) -> _Opened:
    if encoded is None:
        return _Opened(one, None, b"", "not_sealed_to_us")
    try:
        record = Record.decode(encoded)
    except CardsvcError:
        return _Opened(one, None, b"", "malformed")
    return _Opened(one, record, record_hash(encoded), _fault(reader, one, record))


def _fault(reader: ReaderRecord, one: Brought, record: Record) -> str | None:
    entry = record.entry
    if record.device != reader.id:
        return "foreign_device"
    if record.seq != one.seq:
        return "wrong_seq"
    if entry.venue != reader.venue:
        return "wrong_venue"
    epoch, bundle = entry.bundle
    large = (record.seq, record.missed, bundle)
    small = (epoch, entry.service or 0, entry.month or 0, entry.assurance or 0)
    texts = (entry.reason, *entry.noted)
    decent = (
        record.seq > 0
        and entry.time < NO_CLOCK_SAYS
        and max(large) < _MOST
        and max(small) < _MOST_SMALL
        and all(len(text) <= _MOST_CHARACTERS and text.isprintable() for text in texts)
        and len(entry.noted) <= _MOST_CHARACTERS
        and len(entry.who or b"") <= _MOST_CHARACTERS
    )
    return None if decent else "malformed"


def _gone_after(time: int) -> datetime:
    """When a record of that time is deleted. Whole days go at once: when their first record must."""
    return datetime.fromtimestamp(time // DAY_S * DAY_S, UTC) + RAW_LIFE


def _row(record: Record, digest: bytes, now: datetime) -> GateRecordRow:
    entry, at = record.entry, int(now.timestamp())
    return GateRecordRow(
        device=record.device,
        seq=record.seq,
        hash=digest,
        time=entry.time,
        direction=entry.direction,
        venue=entry.venue,
        service=entry.service,
        who=entry.who,
        month=entry.month,
        answer=entry.answer,
        reason=entry.reason,
        bundle_epoch=entry.bundle[0],
        bundle_seq=entry.bundle[1],
        opened=entry.opened,
        noted=list(entry.noted),
        missed=record.missed,
        assurance=entry.assurance,
        late=at - entry.time > LATE_AFTER_S,
        received_at=now,
        gone_after=_gone_after(min(entry.time, at)),  # A clock that runs ahead keeps nothing for longer.
    )


def _usage(row: GateRecordRow) -> UsageKey:
    return UsageKey(
        hour=row.time // _HOUR_S,
        venue=row.venue,
        service=row.service or 0,
        direction=row.direction,
        answer=row.answer,
        reason=row.reason,
        opened=row.opened,
    )


def _vouched(reader: ReaderRecord, data: bytes) -> tuple[int, bytes] | None:
    """The (seq, hash) that the device signed; None for what is no checkpoint of its own."""
    try:
        device, seq, digest = read_checkpoint(data, PublicKey(ES256, reader.public_key))
    except CardsvcError:
        return None
    return (seq, digest) if device == reader.id and 0 < seq < _MOST else None


def _compare_checkpoints(tx: Transaction, chain: _Chain) -> None:
    """Set signatures against the records that they are over."""
    reader = chain.reader.id
    waiting = tx.gate_log.waiting_checkpoints(reader, chain.seq)
    known = chain.known | tx.gate_log.hashes(reader, [seq for seq, _ in waiting if seq not in chain.known])
    for seq, digest in waiting:
        if seq not in known:
            continue  # Deleted after its month: nothing can be said any more.
        fits = known[seq] == digest
        tx.gate_log.settle_checkpoint(reader, seq, digest, fits=fits)
        if fits:
            tx.readers.vouch(reader, seq)
        else:
            tx.audit.append(reader, "checkpoint_wrong", reader, {"seq": seq}, chain.now)
