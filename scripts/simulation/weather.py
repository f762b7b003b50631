"""Everything that goes wrong: lines that are cut, answers that are lost or come twice, clocks, power."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from scripts.simulation.plan import BEGIN, Plan
from verify.days import DAY_S

_MINUTE, _HOUR = 60, 3600
_YEAR: Final = 365 * DAY_S + DAY_S // 4
#: How wrong a clock is, in seconds; some faults are small enough to be borne.
_WRONG: Final = (
    *(-10 * _YEAR, -_YEAR, -DAY_S, -3 * _HOUR, -10 * _MINUTE, -90, -5),
    *(5, 90, 10 * _MINUTE, 3 * _HOUR, DAY_S, 8 * DAY_S, _YEAR, 10 * _YEAR),
)
#: Where in its work a reader loses its power (the points of ``verify.reader``).
POINTS: Final = ("judged", "recorded", "shown", "uploaded", "acknowledged")


class Line(Enum):
    """What becomes of a request."""

    UP = "goes through"
    DOWN = "never arrives"
    DEAF = "arrives, and its answer is lost"


@dataclass(frozen=True, slots=True)
class Spell:
    """Something that is wrong from ``begins`` until before ``ends``."""

    begins: int
    ends: int
    what: Line | int


class Weather:
    """What happens to every reader, decided before the day begins."""

    def __init__(self, plan: Plan) -> None:
        """Draw it all from the plan's seed."""
        chance = random.Random(f"{plan.seed}/weather")  # noqa: S311 - the same weather for a seed, no secret
        self._plan, self._chance = plan, random.Random(f"{plan.seed}/post")  # noqa: S311 - likewise
        self._lines = [self._cuts(chance) for _ in range(plan.readers)]
        self._clocks = [self._wrong_clocks(chance) for _ in range(plan.readers)]
        self.power = sorted(
            (chance.randrange(BEGIN, plan.end), reader, chance.choice(POINTS))
            for reader in range(plan.readers)
            for _ in range(_number(chance, plan.events(plan.restarts)))
        )
        #: What was drawn, and what came of it.
        self.counts = Counter(
            {
                "cuts": sum(map(len, self._lines)),
                "wrong clocks": sum(map(len, self._clocks)),
                "losses of power": len(self.power),
            }
        )
        self.over = False

    def line(self, reader: int, at: int) -> Line:
        """What becomes of a request of that reader now."""
        spell = self._spell(self._lines[reader], at)
        return spell if isinstance(spell, Line) else Line.UP

    def clock(self, reader: int, at: int) -> int:
        """How many seconds that reader's clock is ahead now."""
        spell = self._spell(self._clocks[reader], at)
        return spell if isinstance(spell, int) else 0

    def again(self) -> list[int]:
        """After how many seconds each further copy of an upload arrives: none, mostly; up to four."""
        if self.over or self._chance.random() * 100 >= self._plan.repeats:
            return []
        copies = [self._chance.choice((0, 0, 30, 1800, 4 * _HOUR)) for _ in range(self._chance.randint(1, 4))]
        self.counts["uploads repeated"] += 1
        self.counts["copies"] += len(copies)
        return copies

    def _spell(self, spells: Sequence[Spell], at: int) -> Line | int | None:
        if self.over:
            return None
        return next((one.what for one in spells if one.begins <= at < one.ends), None)

    def _cuts(self, chance: random.Random) -> list[Spell]:
        found = []
        for _ in range(_number(chance, self._plan.events(self._plan.cuts))):
            begins = chance.randrange(BEGIN, self._plan.end)
            # Minutes mostly, a night now and then.
            lasts = min(chance.lognormvariate(7, 1.2), 30 * _HOUR)
            found.append(Spell(begins, begins + int(lasts), chance.choice((Line.DOWN, Line.DOWN, Line.DEAF))))
        return found

    def _wrong_clocks(self, chance: random.Random) -> list[Spell]:
        found = []
        for _ in range(_number(chance, self._plan.events(self._plan.wrong_clocks))):
            begins = chance.randrange(BEGIN, self._plan.end)
            found.append(Spell(begins, begins + chance.randrange(_HOUR, 8 * _HOUR), chance.choice(_WRONG)))
        return found


def _number(chance: random.Random, average: float) -> int:
    """A whole number of events around the average."""
    return int(average) + (chance.random() < average % 1)
