"""The audit: one chain of hashes, appended in the transaction of the act it tells of.

hash = SHA-256 over the deterministic CBOR of [seq, epoch seconds, actor, action, subject, details, previous],
where details is the stored JSON text and previous the hash of the entry before (32 zero bytes at first).
Writers take turns (``records.engine``), so the chain cannot fork. Details hold no personal data: they outlive
an erased person.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select

from cardsvc.records.columns import epoch_s
from cardsvc.records.errors import NotAlone, RecordsError
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import AUDIT
from verify import cbor
from verify.errors import Refused

NO_HASH = bytes(32)
#: Of the fields that are hashed, in their order.
_FIELD_TYPES = [int, int, str, str, str, str, bytes]
#: The action of an act that the signer took note of: ``approved`` in its details is the request's SHA-256.
ACT_RECORDED = "act_recorded"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act to be recorded: who did what to which card, person or venue; details without personal data."""

    actor: str
    action: str
    subject: str
    details: Mapping[str, object]
    now: datetime


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry as it stands in the chain: ``time`` in epoch seconds, ``details`` the JSON text hashed."""

    seq: int
    time: int
    actor: str
    action: str
    subject: str
    details: str
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of the chain: what to remember elsewhere, so that cutting the end off shows."""

    seq: int
    hash: bytes


def entry_hash(entry: AuditRecord, *, seq: int | None = None) -> bytes:
    """The hash the entry should bear, as the number it has or as number ``seq``."""
    return hashlib.sha256(entry_bytes(entry, seq=seq)).digest()


def entry_bytes(entry: AuditRecord, *, seq: int | None = None) -> bytes:
    """What the entry's hash is taken over, as the number it has or as number ``seq``."""
    place = entry.seq if seq is None else seq
    return cbor.encode(
        [place, entry.time, entry.actor, entry.action, entry.subject, entry.details, entry.previous]
    )


def read_entry(raw: bytes) -> AuditRecord:
    """The entry whose hash is taken over these bytes, written or not; raises ``bad_entry``."""
    try:
        item = cbor.decode(raw)
    except Refused as error:
        raise RecordsError("bad_entry", f"no entry of an audit: {error}") from error
    if not isinstance(item, list) or [type(one) for one in item] != _FIELD_TYPES or cbor.encode(item) != raw:
        raise RecordsError("bad_entry", "no entry of an audit: its seven fields were expected")
    seq, time, actor, action, subject, details, previous = item
    digest = hashlib.sha256(raw).digest()
    return AuditRecord(seq, time, actor, action, subject, details, previous, digest)


class AuditLog:
    """Appending to the chain and reading it."""

    def __init__(self, link: Link, *, alone: bool = True) -> None:
        """Work inside the transaction of ``link``; only one that writes ``alone`` may append."""
        self._link, self._alone = link, alone
        self._head: AuditHead | None = None

    def append(
        self, actor: str, action: str, subject: str, details: Mapping[str, object], now: datetime
    ) -> AuditHead:
        """Record one act; returns the new end of the chain."""
        return self.append_many([AuditEntry(actor, action, subject, details, now)])

    def append_many(self, entries: Iterable[AuditEntry]) -> AuditHead:
        """Record many acts in their order; returns the new end of the chain. Raises ``bad_details``."""
        if not self._alone:
            raise NotAlone("not_alone", "this transaction writes beside others, so it cannot be audited")
        head = self._head or self.head()
        rows = []
        for entry in entries:
            row = _next(head, entry)
            rows.append(values_of(row))
            head = AuditHead(row.seq, row.hash)
        self._link.run(insert(AUDIT), rows)
        # Kept: nobody else appends before this transaction ends.
        self._head = head
        return head

    def head(self) -> AuditHead:
        """The end of the chain; seq 0 while it is empty."""
        row = self._link.first(select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1))
        return AuditHead(0, NO_HASH) if row is None else record(AuditHead, row)

    def newest_but(self, actions: Iterable[str]) -> int:
        """The number of the newest entry of any other action; 0 without one. Walks back from the end."""
        statement = select(AUDIT.c.seq).where(AUDIT.c.action.not_in(sorted(actions)))
        row = self._link.first(statement.order_by(AUDIT.c.seq.desc()).limit(1))
        return 0 if row is None else int(row["seq"])

    def of_subject(self, subject: str) -> list[AuditRecord]:
        """Everything recorded about one card, person or venue, oldest first."""
        statement = select(AUDIT).where(AUDIT.c.subject == subject).order_by(AUDIT.c.seq)
        return [record(AuditRecord, row) for row in self._link.all(statement)]

    def details_of(self, action: str) -> Iterator[Mapping[str, object]]:
        """The details of every entry of one action, oldest first."""
        statement = select(AUDIT.c.details).where(AUDIT.c.action == action).order_by(AUDIT.c.seq)
        for (details,) in self._link.tuples(statement):
            yield json.loads(details)

    def count_of(self, action: str) -> int:
        """How many entries of one action there are."""
        rows = self._link.all(select(func.count().label("number")).where(AUDIT.c.action == action))
        return int(rows[0]["number"])

    def hashes(self) -> Iterator[bytes]:
        """The hash of every entry, from the first on."""
        for (digest,) in self._link.tuples(select(AUDIT.c.hash).order_by(AUDIT.c.seq)):
            yield digest

    def search(self, query: "AuditQuery") -> list[AuditRecord]:
        """The entries that fit, newest first."""
        fits: list[ColumnElement[bool]] = [
            AUDIT.c[name] == value
            for name in ("subject", "actor", "action")
            if (value := getattr(query, name)) is not None
        ]
        if query.since is not None:
            fits.append(AUDIT.c.time >= epoch_s(query.since))
        if query.until is not None:
            fits.append(AUDIT.c.time <= epoch_s(query.until))
        if query.before is not None:
            fits.append(AUDIT.c.seq < query.before)
        found = select(AUDIT).where(*fits).order_by(AUDIT.c.seq.desc()).limit(query.limit)
        return [record(AuditRecord, row) for row in self._link.all(found)]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries to show: ``None`` asks nothing; ``before`` is the number to go on from."""

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 100


def _next(head: AuditHead, entry: AuditEntry) -> AuditRecord:
    time = epoch_s(entry.now)
    try:
        details = json.dumps(dict(entry.details), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        row = AuditRecord(
            head.seq + 1, time, entry.actor, entry.action, entry.subject, details, head.hash, NO_HASH
        )
        # Text that is no Unicode, half a surrogate pair, shows only here, where it becomes bytes.
        return replace(row, hash=entry_hash(row))
    except (TypeError, ValueError) as error:
        words = f"an audit entry is plain Unicode text and its details plain JSON: {error}"
        raise RecordsError("bad_details", words) from error
