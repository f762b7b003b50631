"""A whole reader as a process that a test may kill: ``python -m tests.reader.child CONFIG [POINT PASSES]``.

It is the reader of the command but for its clock, which stands at the tests' NOW, and for the point at which
it kills itself (the how-manieth time), as a power cut would.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from tests.verify.world import NOW
from verify.reader.config import read_config
from verify.reader.run import Reader


class Killer:
    """Ends the process at a named point: nothing is flushed, nothing is told."""

    def __init__(self, point: str, passes: int) -> None:
        self._point, self._left = point, passes

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    config, point, passes = (*sys.argv[1:], "", "0")[:3]
    log = lambda words: print(words, file=sys.stderr, flush=True)  # noqa: E731 - one line, once
    reader = Reader(read_config(Path(config)), clock=lambda: NOW, log=log, at=Killer(point, int(passes)))
    reader.run(threading.Event())


if __name__ == "__main__":
    main()
