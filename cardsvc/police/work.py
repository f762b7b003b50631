"""What is done about officers' records without being asked: forgetting in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardsvc.http.serving import Serving
from cardsvc.police.budgets import DAY, HOUR
from cardsvc.police.oversight import DAYS_SHOWN, HOURS_SHOWN
from cardsvc.police.routes import budgets

FORGET_EVERY: Final = timedelta(minutes=30)
#: Whom a look-up asked for is kept for those who ask about it later; who looked at whom stays in the looks.
REQUESTS_KEPT: Final = timedelta(days=366)


def register(serving: Serving) -> None:
    """Have this process take its share; refuses a service whose budgets cannot be read (``bad_setting``)."""
    budgets(serving)
    serving.jobs.register("officers", Forgetting(serving).step)


@dataclass(slots=True)
class Forgetting:
    """A job's step: scans that are over, counts nobody is shown any more, what old requests asked."""

    serving: Serving
    _last: datetime | None = None

    def step(self) -> bool:
        """Forget what is over; False: there is nothing more to do now."""
        now = self.serving.clock()
        # A time of the future is from before the clock was set back: it holds nothing up.
        if self._last is not None and self._last <= now < self._last + FORGET_EVERY:
            return False
        starts = budgets(self.serving).starts(now)
        with self.serving.installation.store.transaction() as tx:
            tx.police_scans.forget(now)
            tx.police_counts.forget(starts[HOUR] - HOURS_SHOWN, starts[DAY] - DAYS_SHOWN)
            tx.police_requests.forget(now - REQUESTS_KEPT)
        self._last = now
        return False
