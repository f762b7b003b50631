"""Long work of the desk in parts, each a transaction of its own, so that others' saves come in between."""

import time
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

#: Large enough that two syncs to disk hardly count; small enough that a clerk's save, which waits for the
#: writer before it, waits a tenth of a second: a card takes 4 ms of the transaction that reserves it.
BATCH: Final = 25
#: Whoever waits for SQLite's writer looks again every 100 ms at most (sqlite3_busy_timeout): who took the
#: next turn at once would be found writing again and again.
STAND_BACK_S: Final = 0.05

T = TypeVar("T")


def stand_back() -> None:
    """Let other writers have their turn."""
    time.sleep(STAND_BACK_S)


def in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """``items`` by :data:`BATCH`, with a moment for other writers between two parts."""
    for start in range(0, len(items), BATCH):
        if start:
            stand_back()
        yield items[start : start + BATCH]
