"""What strangers may begin without saying who they are: so many a minute from one address."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cardsvc.errors import ServiceError

WINDOW: Final = timedelta(minutes=1)
#: A whole office behind one address begins its day in two minutes; a flood does not fill the records.
BEGINNINGS: Final = 120
#: Portraits that strangers may have looked at: each costs a fifth of a second of a processor.
PICTURES: Final = 30
#: Chips that are held to phones, many of which a network may show as one address; each costs one check.
TAPS: Final = 600
#: Counted at once: beyond it somebody floods from everywhere, and all strangers wait for the next minute.
ADDRESSES: Final = 10_000


@dataclass(slots=True)
class Budget:
    """Counts of this process alone, in memory: counting must cost less than what it prevents."""

    limit: int = BEGINNINGS
    _since: datetime | None = None
    _spent: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, address: str, now: datetime) -> None:
        """Count one beginning; raises ``too_often`` for one too many."""
        with self._lock:
            if self._since is None or not self._since <= now < self._since + WINDOW:
                self._since = now
                self._spent.clear()
            full = len(self._spent) >= ADDRESSES and address not in self._spent
            if full or self._spent[address] >= self.limit:
                raise ServiceError("too_often", "too many attempts from your address: wait a minute")
            self._spent[address] += 1
