"""What is done about readers without being asked: logs that can go on, and forgetting in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardsvc.http.serving import Serving
from cardsvc.readers.ingest import GAP, QUARANTINE_LIFE, RAW_LIFE, release
from cardsvc.readers.judging import KEEP_S
from verify.reader.months import month_of

#: Deleted, or taken out of quarantine, in one transaction: others wait for it.
AT_ONCE: Final = 500
#: A record lives at most this much longer than it may.
FORGET_EVERY: Final = timedelta(minutes=10)
#: A month's key is needed for as long as a record of that month may be here, and some days for late ones.
KEYS_KEPT: Final = timedelta(days=62)


def register(serving: Serving) -> None:
    """Have this process take its share; any number of processes may."""
    serving.jobs.register("logs", lambda: _mend(serving))
    serving.jobs.register("days", Turning(serving).step)
    serving.jobs.register("forgetting", Forgetting(serving).step)


def _mend(serving: Serving) -> bool:
    with serving.installation.store.reading() as tx:
        readers = tx.gate_log.fitting(GAP)
    done = [release(serving.installation, one, AT_ONCE, serving.clock()) for one in readers]
    return any(done)


@dataclass(slots=True)
class Turning:
    """A job's step: days of the log that are over go, those to come are made (PostgreSQL)."""

    serving: Serving
    _last: datetime | None = None

    def step(self) -> bool:
        """Turn the days where it is time to; never more to do at once."""
        now = self.serving.clock()
        # A time of the future is from before the clock was set back: it holds nothing up.
        if self._last is None or not self._last <= now < self._last + FORGET_EVERY:
            with self.serving.installation.store.transaction() as tx:
                tx.gate_log.days.turn(now, RAW_LIFE)
            self._last = now
        return False


@dataclass(slots=True)
class Forgetting:
    """A job's step: deletes raw records after their month; what was counted of them stays."""

    serving: Serving
    _last: datetime | None = None

    def step(self) -> bool:
        """Delete one piece of what is over; true while there is more."""
        now, site = self.serving.clock(), self.serving.installation
        # As in Turning.
        if self._last is not None and self._last <= now < self._last + FORGET_EVERY:
            return False
        oldest = now - KEYS_KEPT
        with site.store.transaction() as tx:
            deleted = tx.gate_log.forget(now, now - QUARANTINE_LIFE, AT_ONCE)
            tx.readers.forget_over(now)
            tx.readers.forget_seen(int(now.timestamp()) - KEEP_S)
            tx.readers.forget_months(month_of(int(oldest.timestamp()), site.issuer.day_offset_s))
        if deleted < AT_ONCE:
            self._last = now
        return deleted == AT_ONCE
