"""How large the city is, how long its day, and how much goes wrong."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from verify.days import DAY_S

#: The day begins at four in the morning, at the issuer's clock (+08:00); midnight is in it.
BEGIN: Final = int(datetime(2026, 11, 23, 20, 0, tzinfo=UTC).timestamp())
#: The keys are so much older: cards were issued all year.
KEYS_AGE_S: Final = 300 * DAY_S


@dataclass(frozen=True, slots=True)
class Plan:
    """One run; the same plan gives the same counts. Times are seconds, rates are for one reader and day."""

    seed: int = 1
    hours: float = 24
    readers: int = 2_000
    cards: int = 50_000
    taps: int = 150_000
    #: Changes to cards during the run; a city of 50,000 has some hundreds a day, here it is busier.
    changes: int = 4_000
    sync_s: int = 1_800
    upload_s: int = 1_800
    #: A bundle is made anew when it is so old and somebody asks.
    bundle_s: int = 600
    cuts: float = 3.0
    restarts: float = 0.5
    wrong_clocks: float = 0.1
    #: Of a hundred uploads so many come more than once.
    repeats: float = 10.0
    #: Of a hundred taps so many are of cards that something has just happened to.
    curious: float = 30.0
    #: Of a hundred stays so many end in this very night.
    tonight: float = 4.0
    #: The one venue of all readers; else they stand at several.
    venue: str | None = None

    @property
    def seconds(self) -> int:
        """How long the run is."""
        return int(self.hours * 3600)

    @property
    def end(self) -> int:
        """The epoch second at which the last tap has been."""
        return BEGIN + self.seconds

    def events(self, per_reader_and_day: float) -> float:
        """How many events of a daily rate one reader has in this run, on average."""
        return per_reader_and_day * self.seconds / DAY_S

    def as_json(self) -> dict[str, object]:
        """What the report says of it."""
        return asdict(self)
