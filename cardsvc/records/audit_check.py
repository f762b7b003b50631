"""Checking the audit chain, and naming the first entry that is wrong and how.

Any single change breaks the chain; which change it was is told from what else fits. Only a head remembered
outside the database shows that the end was cut off, or that the whole chain was written anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, select

from cardsvc.records.audit import NO_HASH, AuditHead, AuditRecord, entry_hash
from cardsvc.records.link import Link, record
from cardsvc.records.tables import AUDIT

#: How many entries may have been taken out together, and the rest renumbered, for it to be told as that.
MOST_DELETED = 1000


class Tampering(StrEnum):
    """What was done to the chain at the entry that is named."""

    ALTERED = "altered"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class AuditFault:
    """The first wrong entry: its number, what happened to it, and words for people."""

    seq: int
    kind: Tampering
    words: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How many entries were found sound from the start, the end of the chain, and the first fault if any."""

    sound: int
    head: AuditHead
    fault: AuditFault | None

    @property
    def ok(self) -> bool:
        """Whether the whole chain held."""
        return self.fault is None


def verify_audit(link: Link, remembered: AuditHead | None = None) -> AuditReport:
    """Walk the chain from its first entry; ``remembered`` is a head noted earlier, kept elsewhere."""
    head = AuditHead(0, NO_HASH)
    for row in link.tuples(select(AUDIT).order_by(AUDIT.c.seq)):
        entry = AuditRecord(*row)
        if entry.seq != head.seq + 1 or entry.previous != head.hash or not _fits(entry, entry.seq):
            return AuditReport(head.seq, head, _diagnose(link, head, entry))
        head = AuditHead(entry.seq, entry.hash)
        if remembered is not None and entry.seq == remembered.seq and entry.hash != remembered.hash:
            words = "the chain is sound in itself, but it is not the one whose head was remembered"
            return AuditReport(entry.seq - 1, head, AuditFault(entry.seq, Tampering.REWRITTEN, words))
    if remembered is not None and head.seq < remembered.seq:
        words = f"the chain ends after {head.seq}, but {remembered.seq} entries were remembered"
        return AuditReport(head.seq, head, AuditFault(head.seq + 1, Tampering.TRUNCATED, words))
    return AuditReport(head.seq, head, None)


def _diagnose(link: Link, head: AuditHead, entry: AuditRecord) -> AuditFault:
    """Name what happened between the sound ``head`` and the first ``entry`` that does not follow it."""
    expected = head.seq + 1
    if entry.seq != expected:
        return _fault(expected, Tampering.DELETED, f"entry {expected} is gone; the next one is {entry.seq}")
    genuine_here = _find(link, AUDIT.c.previous == head.hash, lambda other: _fits(other, expected))
    if entry.previous == head.hash:
        return _after_sound_link(link, head, entry)
    if genuine_here is not None and genuine_here.seq != expected:
        if genuine_here.seq == expected + 1 and not _fits(entry, expected + 1):
            return _fault(expected, Tampering.INSERTED, "it was put before the entry that belongs here")
        return _fault(expected, Tampering.REORDERED, f"the right one stands at {genuine_here.seq}")
    if _fits(entry, expected - 1):
        return _fault(head.seq, Tampering.INSERTED, "it was put before an entry made under this number")
    if _fits(entry, expected):
        # Sound in itself, but made after another predecessor: that one was changed and given a new hash.
        return _fault(head.seq, Tampering.ALTERED, "its successor was made after an entry with another hash")
    if any(_fits(entry, seq) for seq in range(expected + 1, expected + MOST_DELETED + 1)):
        return _fault(expected, Tampering.DELETED, "it is gone, and later ones were moved up")
    return _fault(expected, Tampering.ALTERED, "neither its contents nor its predecessor give its hash")


def _after_sound_link(link: Link, head: AuditHead, entry: AuditRecord) -> AuditFault:
    others = AUDIT.c.previous == head.hash
    rival = _find(link, others, lambda other: other.seq != entry.seq and _fits(other, entry.seq))
    if rival is not None:
        return _fault(entry.seq, Tampering.INSERTED, f"the right one stands at {rival.seq}")
    return _fault(entry.seq, Tampering.ALTERED, "its contents do not give its hash")


def _find(link: Link, where: ColumnElement[bool], fits: Callable[[AuditRecord], bool]) -> AuditRecord | None:
    for row in link.all(select(AUDIT).where(where).order_by(AUDIT.c.seq)):
        entry = record(AuditRecord, row)
        if fits(entry):
            return entry
    return None


def _fits(entry: AuditRecord, seq: int) -> bool:
    """Whether the entry was made as number ``seq``."""
    try:
        return entry.hash == entry_hash(entry, seq=seq)
    except TypeError:
        # SQLite stores any type in any column; what the format cannot hold, nobody ever hashed.
        return False


def _fault(seq: int, kind: Tampering, words: str) -> AuditFault:
    return AuditFault(seq, kind, f"entry {seq}: {words}")
