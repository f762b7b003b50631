"""The audit: one chain of hashes, appended in the transaction of the act it tells of.

hash = SHA-256 over the deterministic CBOR of [seq, epoch seconds, actor, action, subject, details, previous],
where details is the stored JSON text and previous the hash of the entry before (32 zero bytes at first).
Writers take turns (``records.engine``), so the chain cannot fork. Details hold no personal data: they outlive
an erased person.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select

from cardsvc.records.columns import epoch_s
from cardsvc.records.errors import RecordsError
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import AUDIT
from verify import cbor

NO_HASH = bytes(32)


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
    place = entry.seq if seq is None else seq
    fields = [place, entry.time, entry.actor, entry.action, entry.subject, entry.details, entry.previous]
    return hashlib.sha256(cbor.encode(fields)).digest()


class AuditLog:
    """Appending to the chain and reading it."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link
        self._head: AuditHead | None = None

    def append(
        self, actor: str, action: str, subject: str, details: Mapping[str, object], now: datetime
    ) -> AuditHead:
        """Record one act; returns the new end of the chain."""
        return self.append_many([AuditEntry(actor, action, subject, details, now)])

    def append_many(self, entries: Iterable[AuditEntry]) -> AuditHead:
        """Record many acts in their order; returns the new end of the chain. Raises ``bad_details``."""
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

    def of_subject(self, subject: str) -> list[AuditRecord]:
        """Everything recorded about one card, person or venue, oldest first."""
        statement = select(AUDIT).where(AUDIT.c.subject == subject).order_by(AUDIT.c.seq)
        return [record(AuditRecord, row) for row in self._link.all(statement)]


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
