"""Who watches the officers' looks: budgets for operators, samples of purposes for data protection."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardsvc.police.budgets import DAY, HOUR, Budgets
from cardsvc.records import Store
from cardsvc.records.look_reviews import ReviewRecord
from cardsvc.records.police import CountRecord

#: What operators see of hours and days that are over.
HOURS_SHOWN, DAYS_SHOWN = 48, 31
#: Reviewed at one sitting, and shown of what was reviewed before.
MOST_DRAWN: Final = 50
MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Budgeted:
    """A count beside its limit; ``at`` is when its hour or day began."""

    count: CountRecord
    limit: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Oversight:
    """What is shown to those who watch."""

    store: Store
    budgets: Budgets

    def spent(self, now: datetime) -> list[Budgeted]:
        """What was counted in the last days, and where a budget was spent."""
        starts = self.budgets.starts(now)
        with self.store.reading() as tx:
            counts = tx.police_counts.since(starts[HOUR] - HOURS_SHOWN, starts[DAY] - DAYS_SHOWN)
        return list(self._beside_limits(counts))

    def draw(self, days: int, count: int, by: str, now: datetime) -> int:
        """Draw looks of the last days at random for review; how many were drawn. Audited."""
        with self.store.transaction() as tx:
            drawn = tx.look_reviews.draw(now - timedelta(days=days), count, by, now)
            tx.audit.append(by, "looks_drawn", by, {"days": days, "drawn": drawn}, now)
        return drawn

    def reviews(self) -> tuple[list[ReviewRecord], list[ReviewRecord]]:
        """What waits for a review, and what was reviewed last."""
        with self.store.reading() as tx:
            return tx.look_reviews.waiting(MOST_SHOWN), tx.look_reviews.reviewed(MOST_SHOWN)

    def review(self, look: str, verdict: str, by: str, now: datetime) -> None:
        """Say whether a look's purpose is fine or has to be explained; raises ``not_in_review``."""
        with self.store.transaction() as tx:
            tx.look_reviews.say(look, verdict, by, now)
            tx.audit.append(by, "look_reviewed", look, {"verdict": verdict}, now)

    def _beside_limits(self, counts: Iterable[CountRecord]) -> Iterable[Budgeted]:
        for one in counts:
            limit = self.budgets.limits.get((one.kind, one.scope, one.span))
            if limit is not None:
                yield Budgeted(one, limit, self.budgets.began(one.span, one.start))
