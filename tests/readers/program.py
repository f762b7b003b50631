"""The real reader program as a process, with what tests ask of it and of the service's records."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.web.house import House

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
#: Several starts on one slow core, with others at work.
PATIENCE_S = 90


class Gate:
    """A running gate: codes go in at the front, verdicts come out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def says(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line that is wanted."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if wanted(said):
                return said
        raise AssertionError("the gate ended")

    def tap(self, code: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(code + "\n")
        self._process.stdin.flush()
        return str(self.says(lambda said: "verdict" in said)["reason"])


@contextmanager
def gate(place: Path) -> Iterator[Gate]:
    """The gate of that place, once it is on line with fresh data; it ends with its input."""
    command = [str(BIN / "cardsvc-verify"), "gate", "--config", str(place / "reader.toml")]
    with (
        (place / "gate.log").open("a") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
        ) as process,
    ):
        try:
            yield Gate(process)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def rows(house: House, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What the records say."""
    with closing(sqlite3.connect(house.data / "cardsvc.db", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def until(true: Callable[[], bool], what: str) -> None:
    """Other processes tell nobody when they are done; so they are asked."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)
