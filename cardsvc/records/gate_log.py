"""What readers brought: verdicts in their order, what did not fit, signatures, and the counts that stay."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Float, and_, cast, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cardsvc.records.gate_days import GateDays
from cardsvc.records.link import Link, chunks, record, values_of
from cardsvc.records.reader_tables import (
    GATE_CHECKPOINT,
    GATE_RECORD,
    QUARANTINED,
    READER,
    READER_PLACE,
    USAGE,
)

#: A way along the earth of up to 250 km has at least this part of its length on a flat map.
_FLAT = 0.9999
_WEEK_S, _MINUTE_S = 7 * 86_400, 60


@dataclass(frozen=True, slots=True)
class GateRecordRow:
    """One verdict as it is kept; ``time`` is the reader's clock in epoch seconds."""

    device: str
    seq: int
    hash: bytes
    time: int
    direction: str
    venue: str
    service: int | None
    who: bytes | None
    month: int | None
    answer: str
    reason: str
    bundle_epoch: int
    bundle_seq: int
    opened: bool
    noted: list[str]
    missed: int
    assurance: int | None
    late: bool
    received_at: datetime
    gone_after: datetime


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """Something that does not fit, as it came."""

    reader: str
    seq: int
    digest: bytes
    reason: str
    sealed: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class UsageKey:
    """What verdicts are counted by; ``hour`` is an epoch hour, service 0 says that none was asked for."""

    hour: int
    venue: str
    service: int
    direction: str
    answer: str
    reason: str
    opened: bool


@dataclass(frozen=True, slots=True)
class Travel:
    """How far anybody gets: ``near_m``, and ``metres_s`` with each second; after ``within_s`` anywhere.

    ``part_m`` is how long a hundred-thousandth of a degree is to the north; ``east`` is how much of that it
    is to the east where it is most, squared.
    """

    near_m: float
    metres_s: float
    within_s: int
    part_m: float
    east: float


@dataclass(frozen=True, slots=True)
class TwiceRow:
    """One card, admitted at two readers of a venue within a short time."""

    venue: str
    first_reader: str
    first_time: int
    second_reader: str
    second_time: int


class GateLog:
    """The readers' logs."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link
        self.days = GateDays(link)

    def hashes(self, device: str, seqs: Sequence[int]) -> dict[int, bytes]:
        """The hashes of those records that are here."""
        found: dict[int, bytes] = {}
        for part in chunks(seqs):
            asked = (GATE_RECORD.c.device == device) & GATE_RECORD.c.seq.in_(part)
            for row in self._link.all(select(GATE_RECORD.c.seq, GATE_RECORD.c.hash).where(asked)):
                found[row["seq"]] = row["hash"]
        return found

    def add(self, rows: Sequence[GateRecordRow]) -> None:
        """Record verdicts."""
        self._link.load(GATE_RECORD, [values_of(row) for row in rows])

    def count(self, counts: Mapping[UsageKey, int]) -> None:
        """Add to the counts, always in one order: who counts at the same time waits, and nobody for ever."""
        dialect = postgresql if self._link.on_postgres else sqlite
        more = dialect.insert(USAGE)
        total = USAGE.c.count + more.excluded.count
        adding = more.on_conflict_do_update(index_elements=list(USAGE.primary_key), set_={"count": total})
        ordered = sorted(counts.items(), key=lambda item: astuple(item[0]))
        self._link.run(adding, [values_of(key) | {"count": number} for key, number in ordered])

    # Quarantine.

    def quarantine(self, rows: Sequence[QuarantinedRow]) -> int:
        """Keep apart what does not fit; what is there already is there once. How many were new."""
        fresh = {(row.reader, row.seq, row.digest): row for row in rows}
        for part in chunks([row.digest for row in rows]):
            query = select(QUARANTINED.c.reader, QUARANTINED.c.seq, QUARANTINED.c.digest)
            for known in self._link.all(query.where(QUARANTINED.c.digest.in_(part))):
                fresh.pop((known["reader"], known["seq"], known["digest"]), None)
        self._link.run(insert(QUARANTINED), [values_of(row) for row in fresh.values()])
        return len(fresh)

    def quarantined(self, reader: str, *, reasons: Sequence[str] = (), limit: int) -> list[QuarantinedRow]:
        """What of a reader waits for somebody, lowest number first."""
        query = select(QUARANTINED).where(QUARANTINED.c.reader == reader)
        if reasons:
            query = query.where(QUARANTINED.c.reason.in_(reasons))
        rows = self._link.all(query.order_by(QUARANTINED.c.seq, QUARANTINED.c.digest).limit(limit))
        return [record(QuarantinedRow, row) for row in rows]

    def waiting(self, reader: str) -> int:
        """How much of a reader waits for somebody."""
        query = select(func.count().label("number")).where(QUARANTINED.c.reader == reader)
        return int(self._link.all(query)[0]["number"])

    def fitting(self, reason: str) -> list[str]:
        """Readers whose log has come as far as something that waits in quarantine for ``reason``."""
        joined = select(READER.c.id).join(QUARANTINED, QUARANTINED.c.reader == READER.c.id)
        rows = self._link.all(
            joined.where(QUARANTINED.c.reason == reason, QUARANTINED.c.seq <= READER.c.head_seq + 1)
        )
        return sorted({row["id"] for row in rows})

    def release(self, rows: Sequence[QuarantinedRow]) -> None:
        """Take out of quarantine what was taken, or known, after all."""
        for row in rows:
            here = (QUARANTINED.c.reader == row.reader) & (QUARANTINED.c.seq == row.seq)
            self._link.run(delete(QUARANTINED).where(here, QUARANTINED.c.digest == row.digest))

    def quarantine_counts(self) -> dict[str, dict[str, int]]:
        """How much of each reader waits, by reason."""
        query = select(QUARANTINED.c.reader, QUARANTINED.c.reason, func.count().label("number"))
        found: dict[str, dict[str, int]] = {}
        for row in self._link.all(query.group_by(QUARANTINED.c.reader, QUARANTINED.c.reason)):
            found.setdefault(row["reader"], {})[row["reason"]] = int(row["number"])
        return found

    # Checkpoints.

    def add_checkpoint(self, reader: str, seq: int, digest: bytes, signed: bytes, now: datetime) -> None:
        """Keep a signature that still has to be compared; one that is here already stays as it is."""
        named = (GATE_CHECKPOINT.c.reader == reader) & (GATE_CHECKPOINT.c.seq == seq)
        if self._link.first(select(GATE_CHECKPOINT).where(named, GATE_CHECKPOINT.c.hash == digest)) is None:
            values = {"reader": reader, "seq": seq, "hash": digest, "signed": signed, "received_at": now}
            self._link.run(insert(GATE_CHECKPOINT), [values | {"state": "waiting"}])

    def waiting_checkpoints(self, reader: str, up_to: int) -> list[tuple[int, bytes]]:
        """(seq, hash) of the signatures that can be compared now."""
        waits = (GATE_CHECKPOINT.c.reader == reader) & (GATE_CHECKPOINT.c.state == "waiting")
        query = select(GATE_CHECKPOINT.c.seq, GATE_CHECKPOINT.c.hash).where(waits)
        rows = self._link.all(query.where(GATE_CHECKPOINT.c.seq <= up_to))
        return [(row["seq"], row["hash"]) for row in rows]

    def settle_checkpoint(self, reader: str, seq: int, digest: bytes, *, fits: bool) -> None:
        """Say whether a signature is over the record that is here."""
        named = (GATE_CHECKPOINT.c.reader == reader) & (GATE_CHECKPOINT.c.seq == seq)
        state = "fits" if fits else "wrong"
        here = update(GATE_CHECKPOINT).where(named, GATE_CHECKPOINT.c.hash == digest)
        self._link.run(here.values(state=state))

    def unfitting_checkpoints(self, reader: str) -> int:
        """How many signatures of a reader wait to be compared, or are over another record."""
        here = (GATE_CHECKPOINT.c.reader == reader) & (GATE_CHECKPOINT.c.state != "fits")
        query = select(func.count().label("number")).where(here)
        return int(self._link.all(query)[0]["number"])

    def wrong_checkpoints(self) -> dict[str, int]:
        """How many signatures of each reader are over another record than the one it brought."""
        query = select(GATE_CHECKPOINT.c.reader, func.count().label("number"))
        query = query.where(GATE_CHECKPOINT.c.state == "wrong").group_by(GATE_CHECKPOINT.c.reader)
        return {row["reader"]: int(row["number"]) for row in self._link.all(query)}

    # Forgetting.

    def forget(self, now: datetime, quarantined_before: datetime, limit: int) -> int:
        """Delete up to ``limit`` verdicts that are over, and what waited too long; how many verdicts."""
        over = select(GATE_RECORD.c.device, GATE_RECORD.c.seq).where(GATE_RECORD.c.gone_after <= now)
        rows = self._link.all(over.limit(limit))
        by_device: dict[str, list[int]] = {}
        for row in rows:
            by_device.setdefault(row["device"], []).append(row["seq"])
        for device, seqs in by_device.items():
            for part in chunks(seqs):
                here = (GATE_RECORD.c.device == device) & GATE_RECORD.c.seq.in_(part)
                self._link.run(delete(GATE_RECORD).where(here))
        old = QUARANTINED.c.received_at <= quarantined_before
        self._link.run(delete(QUARANTINED).where(old))
        # What still waits now is over a record that was given up or is gone: it can be compared no more.
        harmless = GATE_CHECKPOINT.c.state != "wrong"
        self._link.run(
            delete(GATE_CHECKPOINT).where(harmless, GATE_CHECKPOINT.c.received_at <= quarantined_before)
        )
        return len(rows)

    # Reports.

    def usage(
        self, venues: Sequence[str], first_hour: int, last_hour: int, services: Sequence[int] | None
    ) -> list[tuple[UsageKey, int]]:
        """Counts of those venues and, where given, services; hours are epoch hours, both included."""
        query = select(USAGE).where(USAGE.c.venue.in_(venues), USAGE.c.hour.between(first_hour, last_hour))
        if services is not None:
            query = query.where(USAGE.c.service.in_(services))
        rows = self._link.all(query.order_by(USAGE.c.hour, USAGE.c.venue, USAGE.c.service, USAGE.c.reason))
        return [(record(UsageKey, row), int(row["count"])) for row in rows]

    def twice(
        self, venues: Sequence[str], since: int, within_s: int, travel: Travel, limit: int
    ) -> list[TwiceRow]:
        """Cards that two readers of one venue admitted within seconds, or too far apart; newest first."""
        one, other = GATE_RECORD.alias("one"), GATE_RECORD.alias("other")
        here, there = READER_PLACE.alias("here"), READER_PLACE.alias("there")
        same = and_(
            one.c.who == other.c.who,
            one.c.venue == other.c.venue,
            one.c.device != other.c.device,
            other.c.time.between(one.c.time, one.c.time + max(within_s, travel.within_s)),
            (other.c.time > one.c.time) | (other.c.device > one.c.device),
        )
        took = other.c.time - one.c.time
        query = (
            select(
                one.c.venue,
                one.c.device.label("first_reader"),
                one.c.time.label("first_time"),
                other.c.device.label("second_reader"),
                other.c.time.label("second_time"),
            )
            .join(other, same)
            .outerjoin(here, here.c.reader == one.c.device)
            .outerjoin(there, there.c.reader == other.c.device)
            .where(one.c.venue.in_(venues), one.c.time >= since, *_admitted(one), *_admitted(other))
            .where((took <= within_s) | ((took <= travel.within_s) & _outrun(here, there, took, travel)))
            .order_by(one.c.time.desc(), one.c.device)
            .limit(limit)
        )
        return [record(TwiceRow, row) for row in self._link.all(query)]

    def admitted(self, who: Sequence[bytes], since: int) -> list[GateRecordRow]:
        """Where those pseudonyms were let in since then."""
        rows: list[GateRecordRow] = []
        for part in chunks(who):
            asked = select(GATE_RECORD).where(GATE_RECORD.c.who.in_(part), GATE_RECORD.c.time >= since)
            rows += [
                record(GateRecordRow, row) for row in self._link.all(asked.where(*_admitted(GATE_RECORD)))
            ]
        return rows

    def admissions(self, venue: str, since: int, day_offset_s: int) -> Iterator[tuple[int, int | None, int]]:
        """(time, assurance, how many) of all whom a venue let in since then, by the minute of the week.

        A month has hundreds of thousands, and a week 10,080 minutes: rules on hours go by no more than that.
        ``time`` is that of one of them.
        """
        minute = (GATE_RECORD.c.time + day_offset_s) % _WEEK_S // _MINUTE_S
        query = select(func.min(GATE_RECORD.c.time), GATE_RECORD.c.assurance, func.count()).where(
            GATE_RECORD.c.venue == venue, GATE_RECORD.c.time >= since, *_admitted(GATE_RECORD)
        )
        yield from self._link.tuples(query.group_by(minute, GATE_RECORD.c.assurance))


def _outrun(here: Any, there: Any, took: Any, travel: Travel) -> Any:
    """Whether two positions are further apart than anybody gets; null where one of them is not known.

    Plain arithmetic on a flat map, for a database need not have a cosine: no such pair is missed, and one
    that is a ten-thousandth nearer may be among them.
    """
    north = (cast(there.c.latitude, Float) - here.c.latitude) * travel.part_m
    east = (cast(there.c.longitude, Float) - here.c.longitude) * travel.part_m
    reach = (took * travel.metres_s + travel.near_m) * _FLAT
    return north * north + east * east * travel.east > reach * reach


def _admitted(table: Any) -> tuple[Any, ...]:
    return table.c.opened.is_(True), table.c.direction == "in"
