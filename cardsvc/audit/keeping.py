"""Checkpoints now and then, while the service runs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cardsvc.audit.checkpoints import keep_elsewhere, make_checkpoint, read_text
from cardsvc.http.serving import Serving

#: What somebody could cut off unseen is at most the acts of this time.
EVERY: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Keeping:
    """A job's step: every process keeps its own time, a checkpoint of the same size is the same file."""

    serving: Serving
    place: str
    _last: datetime | None = None
    _size: int = field(default=0)

    def step(self) -> bool:
        """Keep a checkpoint where it is time and something was done since; false: no more to do now."""
        now = self.serving.clock()
        # A time of the future is from before the clock was set back: it holds nothing up.
        if self._last is not None and self._last <= now < self._last + EVERY:
            return False
        self._last = now
        installation = self.serving.installation
        with installation.store.reading() as tx:
            head = tx.audit.head()
        if head.seq <= self._size:
            return False
        note = make_checkpoint(installation.store, installation.signer, installation.issuer.public_url)
        size = read_text(note).size
        keep_elsewhere(self.place, note, size)
        self._size = size
        return False
