"""What something was, and from when on: the memory of somebody who knows everything."""

from bisect import bisect_right
from typing import Generic, TypeVar

T = TypeVar("T")


class History(Generic[T]):
    """Values in the order in which they came to hold."""

    __slots__ = ("_times", "_values")

    def __init__(self, value: T, since: int = 0) -> None:
        """Begin with ``value``, which held before ``since`` too."""
        self._times, self._values = [since], [value]

    def at(self, instant: int) -> T:
        """What held at that second; a change holds from its own second on."""
        return self._values[max(0, bisect_right(self._times, instant) - 1)]

    def change(self, at: int, value: T) -> None:
        """From now on it is ``value``; time does not run backwards."""
        if at < self._times[-1]:
            raise ValueError(f"a change at {at}, before that of {self._times[-1]}")
        self._times.append(at)
        self._values.append(value)

    @property
    def now(self) -> T:
        """What holds after the last change."""
        return self._values[-1]
