"""Work that goes on after its answer: one thread a process, which takes what the records say is waiting.

What is to be done stands in the records, so any process may do it and a killed one loses nothing. A room
gives a ``step``: do one piece of work and say whether there was one.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

from cardsvc.http.logging import where

Step = Callable[[], bool]
#: Another process may have filed work, or died over it: look again now and then.
LOOK_AGAIN_S: Final = 5.0


class Jobs:
    """Runs the steps of all rooms in turn."""

    def __init__(self, logger: Any) -> None:
        """Log failures to ``logger``; nothing runs before :meth:`start`."""
        self._logger = logger
        self._steps: dict[str, Step] = {}
        self._call, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def register(self, name: str, step: Step) -> None:
        """Have ``step`` run whenever somebody wakes the thread."""
        self._steps[name] = step

    def wake(self) -> None:
        """Say that there is work."""
        self._call.set()

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the piece of work in hand."""
        self._stopping.set()
        self._call.set()
        if self._thread is not None:
            self._thread.join()

    def run_now(self) -> None:
        """Do in this thread all there is to do."""
        worked = True
        while worked and not self._stopping.is_set():
            worked = False
            # Every room has its turn in each round; whoever waits for the end waits for one piece of work.
            for name, step in self._steps.items():
                if not self._stopping.is_set():
                    worked |= self._once(name, step)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self.run_now()
            self._call.wait(LOOK_AGAIN_S)
            self._call.clear()

    def _once(self, name: str, step: Step) -> bool:
        try:
            return step()
        except Exception as error:  # noqa: BLE001  # one room's failure must not stop the others' work
            self._logger.error("job_failed", job=name, failure=where(error))
            return False
