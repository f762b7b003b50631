"""The days of the readers' log: on PostgreSQL a table each, so that to forget a day is to drop its table.

``gate_record`` is partitioned by ``gone_after``, which is a midnight. Each day's table is made a week before
its first row; what belongs to none (from before the first start, or so late that its day is over) lies in
``gate_days.rest`` and is deleted row by row, as everything is on SQLite.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text

from cardsvc.records.link import Link

#: Where the tables of days are, apart from those that the models describe.
SCHEMA: Final = "gate_days"
DAY: Final = timedelta(days=1)
#: Nothing that comes waits for this work: what it made must suffice for as long as it may fail.
AHEAD_DAYS: Final = 7
#: A new table, or one that goes, needs the log for itself for a moment. Whoever reads or writes goes first.
_PATIENCE: Final = "2s"
_FORM: Final = "until_%Y%m%d"


class GateDays:
    """The tables that the readers' log lies in, one a day."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def turn(self, now: datetime, life: timedelta) -> list[datetime]:
        """Drop the days that are over at ``now``, and make those that today's and next week's records need.

        ``life`` is how long after its own midnight a record goes. Gives the days that were dropped; raises
        ``database_busy`` where others did not let go in time. Nothing happens on SQLite.
        """
        if not self._link.on_postgres:
            return []
        self._link.run(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        here = self._here()
        over = [day for day in here if day <= now]
        for day in over:
            self._link.run(text(f"DROP TABLE {SCHEMA}.{day:{_FORM}}"))
        first = _midnight(now) + life
        wanted = [first + number * DAY for number in range(AHEAD_DAYS + 1)]
        taken = set(here) | self._in_rest(first)
        for day in (day for day in wanted if day not in taken):
            begins, ends = int(day.timestamp()), int((day + DAY).timestamp())
            bounds = f"FOR VALUES FROM ({begins}) TO ({ends})"
            self._link.run(text(f"CREATE TABLE {SCHEMA}.{day:{_FORM}} PARTITION OF gate_record {bounds}"))
        return over

    def _here(self) -> list[datetime]:
        query = text(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'gate_record'::regclass AND relname LIKE 'until%' ORDER BY relname"
        )
        names = [str(row["relname"]) for row in self._link.all(query)]
        return [datetime.strptime(name, _FORM).replace(tzinfo=UTC) for name in names]

    def _in_rest(self, since: datetime) -> set[datetime]:
        """Days of which something lies in the rest: PostgreSQL makes no table for them any more."""
        query = text(
            f"SELECT DISTINCT gone_after / 86400 AS day FROM {SCHEMA}.rest WHERE gone_after >= :since"  # noqa: S608 - a constant
        ).bindparams(since=int(since.timestamp()))
        return {datetime.fromtimestamp(row["day"] * 86_400, UTC) for row in self._link.all(query)}


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
