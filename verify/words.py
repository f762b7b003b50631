"""Times and spans in words for people: a gate's staff read a clock, not epoch seconds."""

from datetime import UTC, datetime
from typing import Final

#: The last second that a calendar date can name.
_LAST: Final = 253_402_300_799
#: From so many of it on, a span is said in the next larger unit: "90 min" says more than "1 h".
_UNITS: Final = ((2 * 86_400, 86_400, "days"), (2 * 3600, 3600, "h"), (120, 60, "min"))


def moment(epoch_s: int) -> str:
    """The instant ``epoch_s`` in UTC to the minute, ``2026-11-22 08:12Z``; never raises."""
    if not 0 <= epoch_s <= _LAST:
        return f"{epoch_s} s, outside the calendar"
    return f"{datetime.fromtimestamp(epoch_s, UTC):%Y-%m-%d %H:%MZ}"


def span(seconds: int) -> str:
    """A number of seconds in the unit people would say it in, rounded down: ``45 s``, ``3 days``."""
    for least, unit, name in _UNITS:
        if abs(seconds) >= least:
            return f"{abs(seconds) // unit} {name}"
    return f"{abs(seconds)} s"
