"""What a reader does beside judging, over and over: ask for bundles, bring its log. One thread, no hurry.

Every errand says when it wants to run again; one that fails is tried again later and later, and never all
readers of a city at the same moment.
"""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from verify.errors import CardsvcError

#: The first wait after a failure, doubled each time up to the longest.
FIRST_WAIT_S: Final = 10.0
LONGEST_WAIT_S: Final = 900.0
#: Two readers that came on line together part by this share of their waits.
JITTER: Final = 0.1

Log = Callable[[str], None]


def jittered(seconds: float, chance: random.Random) -> float:
    """About so many seconds, ten in a hundred more or less."""
    return seconds * chance.uniform(1 - JITTER, 1 + JITTER)


def back_off(failures: int, chance: random.Random) -> float:
    """How long to wait after so many failures in a row: at most 10, 20, 40 … 900 s, at least half of it."""
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 30))
    return longest * chance.uniform(0.5, 1)


@dataclass(slots=True)
class Errand:
    """One recurring task: ``run`` does it and gives the seconds until it wants to be done again."""

    name: str
    run: Callable[[], float]
    due: float = 0.0
    failures: int = 0
    error: str | None = field(default=None)


class Line:
    """Runs errands until it is stopped."""

    def __init__(
        self,
        errands: Sequence[Errand],
        *,
        uptime: Callable[[], float],
        chance: random.Random,
        log: Log,
    ) -> None:
        """``uptime`` is a clock that nobody sets (seconds)."""
        self.errands = tuple(errands)
        self._uptime, self._chance, self._log = uptime, chance, log

    def step(self) -> float:
        """Do what is due; gives the seconds until something is due again."""
        for errand in self.errands:
            if errand.due <= self._uptime():
                self._do(errand)
        return max(0.0, min(errand.due for errand in self.errands) - self._uptime())

    def run(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set."""
        while self.errands and not stop.is_set():
            stop.wait(self.step())

    def _do(self, errand: Errand) -> None:
        try:
            wait = errand.run()
        except CardsvcError as error:
            wait = self._failed(errand, f"{errand.name}: {error.reason}: {error}")
        except Exception as error:  # noqa: BLE001 - the log must go on being brought, whatever one errand met
            wait = self._failed(errand, f"{errand.name}: reader_fault: {type(error).__name__}: {error}")
        else:
            if errand.error is not None:
                self._log(f"{errand.name}: works again")
            errand.failures, errand.error = 0, None
        errand.due = self._uptime() + wait

    def _failed(self, errand: Errand, words: str) -> float:
        """Say it, and give the seconds until it is tried again."""
        errand.failures += 1
        if words != errand.error:  # Said once, not every few minutes for three days.
            self._log(words)
        errand.error = words
        return back_off(errand.failures, self._chance)
