"""The whole check of the audit: its chain, entry by entry, and the checkpoints that were kept elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from cardsvc.audit.checkpoints import compare
from cardsvc.records import AuditHead, Store, Transaction
from keys.checkpoints import Checkpoint


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it; ``kind`` is a :class:`~cardsvc.records.Tampering`, or ``checkpoint``."""

    entries: int
    head: AuditHead
    first_wrong: int | None
    kind: str | None
    words: str

    @property
    def whole(self) -> bool:
        """Whether everything held."""
        return self.first_wrong is None


def check_audit(
    store: Store, checkpoints: Iterable[Checkpoint] = (), remembered: AuditHead | None = None
) -> Checked:
    """Check everything; the first wrong entry is named."""
    with store.reading() as tx:
        return _check(tx, list(checkpoints), remembered)


def _check(tx: Transaction, checkpoints: list[Checkpoint], remembered: AuditHead | None) -> Checked:
    report = tx.verify_audit(remembered)
    if report.fault is not None:
        fault = report.fault
        return Checked(report.sound, report.head, fault.seq, fault.kind.value, fault.words)
    wrong = compare(tx, checkpoints)
    if wrong is not None:
        return Checked(wrong.seq - 1, report.head, wrong.seq, "checkpoint", wrong.words)
    agree = f"; checkpoints that agree: {len(checkpoints)}" if checkpoints else ""
    return Checked(report.sound, report.head, None, None, f"{report.sound} entries, all as written{agree}")
