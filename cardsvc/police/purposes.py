"""Why somebody's data may be looked at, and when the holder may be told."""

from datetime import datetime, timedelta
from typing import Final

from cardsvc.errors import ServiceError

#: Details on line, after the holder showed the card: the purpose is the check itself.
SCAN: Final = "scan"
#: Without a card, and told to the holder at once.
OPEN: Final = ("identity", "missing", "accident", "document")
#: Told to the holder later: the person, or whoever warns the person, must not know yet.
COVERT: Final = ("investigation", "wanted")
PURPOSES: Final = (*OPEN, *COVERT)
#: How long a covert purpose keeps the holder from being told, where the officer asks for nothing else.
COVERT_DAYS: Final = 30


def told_from(purpose: str, covert_days: int, now: datetime) -> datetime:
    """From when the holder may be told of a look made ``now``."""
    return now + timedelta(days=covert_days if purpose in COVERT else 0)


def check_covert(purpose: str, covert_days: int | None, longest: int) -> int:
    """The days to be kept from the holder; raises ``not_covert`` and ``too_covert``."""
    if purpose not in COVERT:
        if covert_days:
            raise ServiceError("not_covert", f"the holder is told at once of a look for {purpose}")
        return 0
    days = min(COVERT_DAYS, longest) if covert_days is None else covert_days
    if not 0 <= days <= longest:
        raise ServiceError("too_covert", f"the holder is told after {longest} days at the latest, not {days}")
    return days
