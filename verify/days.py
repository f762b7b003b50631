"""Whole days as the card counts them: from 2020-01-01, ending at midnight of the issuer's fixed offset."""

from datetime import date, timedelta
from functools import lru_cache

FIRST_DAY = date(2020, 1, 1)
FIRST_DAY_EPOCH = 1_577_836_800
DAY_S = 86_400
#: +08:00, the offset of an issuer whose key list names none.
DEFAULT_OFFSET_S = 8 * 3600


def day_number(day: date) -> int:
    """Days from 2020-01-01 to ``day``."""
    return (day - FIRST_DAY).days


@lru_cache(maxsize=4096)  # Twelve years of days: every verdict names one.
def date_of(number: int) -> date:
    """The date a day number stands for; the inverse of :func:`day_number`."""
    return FIRST_DAY + timedelta(days=number)


def start_of(number: int, offset_s: int = DEFAULT_OFFSET_S) -> int:
    """Epoch second at which the day begins at the issuer."""
    return FIRST_DAY_EPOCH + DAY_S * number - offset_s


def end_of(number: int, offset_s: int = DEFAULT_OFFSET_S) -> int:
    """Epoch second at which the day is over: a right is good while now < end (section 3)."""
    return start_of(number + 1, offset_s)


def day_at(epoch_s: int, offset_s: int = DEFAULT_OFFSET_S) -> int:
    """The day number that holds the instant ``epoch_s``."""
    return (epoch_s - FIRST_DAY_EPOCH + offset_s) // DAY_S
