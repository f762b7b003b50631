"""What an address may begin without saying who it is, and staff with the signer: so often a minute."""

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
#: Nobody touches a key so often. The signer keeps 10,000 nonces for the whole city, each for ten minutes.
NONCES: Final = 60
#: Counted at once: beyond it somebody floods from everywhere, and all strangers wait for the next minute.
ADDRESSES: Final = 10_000


@dataclass(slots=True)
class Budget:
    """Counts of this process alone, in memory: counting must cost less than what it prevents."""

    limit: int = BEGINNINGS
    _since: datetime | None = None
    _spent: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, who: str, now: datetime) -> None:
        """Count one beginning; raises ``too_often`` for one too many."""
        with self._lock:
            if self._since is None or not self._since <= now < self._since + WINDOW:
                self._since = now
                self._spent.clear()
            full = len(self._spent) >= ADDRESSES and who not in self._spent
            if full or self._spent[who] >= self.limit:
                raise ServiceError("too_often", "too many attempts: wait a minute")
            self._spent[who] += 1
