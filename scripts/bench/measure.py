"""How things are measured: contestants take turns in short rounds, so that a slow moment slows all of them.

Machines are shared and their clocks move. A ratio is therefore taken within each round, and the round whose
ratio is the median is the one reported: its two times belong together.
"""

import gc
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

#: Runs its work that many times over and gives the seconds it took.
Lap = Callable[[int], float]

#: Short enough that rounds meet the same clock, long enough that the timer's own cost is nothing.
TURN_S = 0.02
#: An odd number, so that the median is a round that took place.
ROUNDS = 31


class BenchError(Exception):
    """A benchmark cannot be run, or a contestant did not do the work that it was to be timed at."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the output; ``ratio`` over 1 always means that ours is better."""

    goal: str
    work: str
    ours: float
    against: str
    theirs: float | None
    unit: str
    ratio: float
    target: float
    met: bool

    def as_json(self) -> dict[str, object]:
        """The row under the names that outsiders rely on, without digits that are noise."""
        return {
            name: round(value, 4) if type(value) is float else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Duel:
    """Seconds for one unit of work on either side, from one round."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times faster ours was."""
        return self.theirs / self.ours


def duels(
    ours: Lap, peers: Mapping[str, Lap], *, rounds: int = ROUNDS, turn_s: float = TURN_S
) -> dict[str, Duel]:
    """Let ours and all peers take turns; gives for every peer the round with the median ratio.

    Whoever begins a round is the last of the next, so that nobody always follows the same neighbour.
    """
    laps: dict[str, Lap] = {"": ours, **peers}
    loops = {name: _loops(lap, turn_s) for name, lap in laps.items()}
    seconds: dict[str, list[float]] = {name: [] for name in laps}
    order = list(laps)
    for _ in range(rounds):
        gc.collect()
        for name in order:
            seconds[name].append(laps[name](loops[name]) / loops[name])
        order = [*order[1:], order[0]]
    return {name: median_duel(map(Duel, seconds[""], seconds[name])) for name in peers}


def median_duel(rounds: Iterable[Duel]) -> Duel:
    """The round with the median ratio."""
    ranked = sorted(rounds, key=lambda duel: duel.ratio)
    return ranked[len(ranked) // 2]


def require(true: bool, words: str) -> None:
    """Refuse to report figures of work that was not done."""
    if not true:
        raise BenchError(words)


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Lap:
    """The lap of a function without arguments; ``clock`` gives seconds."""

    def lap(loops: int) -> float:
        begun = clock()
        for _ in range(loops):
            work()
        return clock() - begun

    return lap


def median_of(lap: Lap, *, rounds: int = ROUNDS, turn_s: float = TURN_S) -> float:
    """The median of the seconds for one unit of work, where there is nobody to compare with."""
    loops = _loops(lap, turn_s)
    return sorted(lap(loops) / loops for _ in range(rounds))[rounds // 2]


def against(goal: str, work: str, peer: str, duel: Duel, *, unit: str, scale: float, target: float) -> Row:
    """A row about times (``scale`` of the unit make a second); met if the ratio reaches the target."""
    ours, theirs = duel.ours * scale, duel.theirs * scale
    return Row(goal, work, ours, peer, theirs, unit, duel.ratio, target, duel.ratio >= target)


def within(goal: str, work: str, ours: float, *, unit: str, limit: float) -> Row:
    """A row with a limit instead of a peer: ``ratio`` is the limit over ours."""
    return Row(goal, work, ours, "–", None, unit, limit / ours, limit, ours <= limit)


def _loops(lap: Lap, turn_s: float) -> int:
    """How many units of work fill a turn; the first lap, with cold caches, is not counted."""
    lap(1)
    return max(1, round(turn_s / max(lap(1), 1e-7)))
