"""The whole command under libfaketime, ten years back to ten years on: no expired card turns green."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from tests.reader.door import card, world
from tests.verify import world as w
from tests.verify.world import NOW
from verify.days import DAY_S

FAKED = [*Path("/usr/lib").glob("*/faketime/libfaketime.so.1")]
pytestmark = pytest.mark.skipif(not FAKED, reason="no libfaketime: apt install faketime")
CONFIG = """
[reader]
state = "state"
root = "root.cose"
id = "door-1"
service = "library"
[folder]
path = "stick"
[[input]]
kind = "lines"
[[output]]
kind = "terminal"
form = "json"
"""
EXPIRED, GOOD = card(1, expires=NOW - DAY_S), card(2)
YEAR = timedelta(days=365.25)


class Gate:
    """A running gate, whose clock the test sets."""

    def __init__(self, clock: Path, sent: IO[str], answers: IO[str]) -> None:
        self._clock, self._sent, self._answers = clock, sent, answers

    def at(self, moment: datetime) -> tuple[dict[str, object], dict[str, object]]:
        """What it says to the expired card and to the good one at ``moment``."""
        set_clock(self._clock, moment)
        self._sent.write(f"{EXPIRED}\n{GOOD}\n")
        self._sent.flush()
        return self.verdict(), self.verdict()

    def verdict(self) -> dict[str, object]:
        while True:
            found: dict[str, object] = json.loads(self._answers.readline())
            if "verdict" in found:
                return found

    def banner(self) -> str:
        while True:
            found = json.loads(self._answers.readline())
            if "banner" in found:
                return str(found["banner"])


def set_clock(clock: Path, moment: datetime) -> None:
    beside = clock.with_suffix(".new")
    beside.write_text(f"{moment:%Y-%m-%d %H:%M:%S}\n")
    beside.replace(clock)


@contextmanager
def running(folder: Path, moment: datetime) -> Iterator[Gate]:
    clock = folder / "clock"
    set_clock(clock, moment)
    faked = {
        "LD_PRELOAD": str(FAKED[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }
    command = [sys.executable, "-m", "verify", "gate", "--config", str(folder / "reader.toml")]
    with subprocess.Popen(
        command, env={**os.environ, **faked}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Gate(clock, process.stdin, process.stdout)
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A reader that has taken its bundle from a stick, at the right time."""
    (tmp_path / "reader.toml").write_text(CONFIG)
    (tmp_path / "root.cose").write_bytes(w.root())
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "library.cose").write_bytes(world().bundle())
    with running(tmp_path, right()) as gate:
        while "NO DATA" in gate.banner():
            pass
    return tmp_path


def right() -> datetime:
    return datetime.fromtimestamp(NOW, UTC)


def check(gate: Gate, moment: datetime) -> None:
    expired, _ = gate.at(moment)
    assert (expired["light"], expired["opens"], expired["verdict"]) != ("green", True, "allow"), moment
    assert expired["light"] != "green"
    assert expired["opens"] is False


def test_a_clock_that_wanders_by_ten_years_either_way(site: Path) -> None:
    steps = [*range(-20, 21, 2), *range(19, -20, -4)]
    with running(site, right()) as gate:
        for half_years in steps:
            check(gate, right() + half_years * YEAR / 2)
        for days in (-400, -31, -2, -1, 0, 1, 2, 31, 400):
            check(gate, right() + timedelta(days=days))
        expired, good = gate.at(right())
        assert (expired["reason"], good["reason"], good["light"]) == ("expired", "ok", "green")
        expired, good = gate.at(right() - 10 * YEAR)
        assert (expired["reason"], good["reason"]) == ("clock_suspect", "clock_suspect")


@pytest.mark.parametrize("years", [-10, 10])
def test_a_reader_that_starts_with_a_wrong_clock(site: Path, years: int) -> None:
    with running(site, right() + years * YEAR) as gate:
        check(gate, right() + years * YEAR)
        _, good = gate.at(right())
        assert good["reason"] == "ok"
