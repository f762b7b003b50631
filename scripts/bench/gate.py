"""``gate``: the process at a door, with the bundle of a whole city: how soon it judges, how much it holds.

Cold start is from the start of the program to its first verdict: interpreter, configuration, the last bundle
read again from disk, one card judged and recorded. Memory is the most that was resident after a busy day's
worth of different cards.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from scripts.bench.bundle import PRINTS, city
from scripts.bench.measure import Row, require, within
from scripts.bench.peers import Peers
from scripts.bench.town import SERVICES, VENUE, Town
from verify import text
from verify.reader.device import Device
from verify.reader.keeper import Keeper
from verify.store import StateDirectory

MAX_START_S, MAX_MB = 1.0, 60.0
STARTS, CARDS = 7, 5000
_CONFIG = f"""
[reader]
state = "state"
root = "root.cose"
id = "bench"
venue = "{VENUE}"
service = "library"
[folder]
path = "stick"
[[input]]
kind = "lines"
[[output]]
kind = "terminal"
form = "json"
"""


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """Two rows: the median of several starts, and the highest resident size of one of them."""
    folder = town.folder / "door"
    cards = town.gate_cards(CARDS)
    _prepare(
        town, folder, town.bundle(city(town, PRINTS, {card.status.index for card in cards if card.status}))
    )
    codes = [text.encode(town.sign(card)) for card in cards]
    started = sorted(_start(folder, codes[:1])[0] for _ in range(STARTS))
    work = f"{PRINTS:,} prints, {len(SERVICES)} services"
    yield within(
        "gate", f"cold start to the first verdict, {work}", started[STARTS // 2], unit="s", limit=MAX_START_S
    )
    _, resident = _start(folder, codes)
    yield within(
        "gate", f"resident at most, {work}, {CARDS:,} cards", resident / 1000, unit="MB", limit=MAX_MB
    )


def _prepare(town: Town, folder: Path, bundle: bytes) -> None:
    folder.mkdir()
    (folder / "reader.toml").write_text(_CONFIG)
    (folder / "root.cose").write_bytes(town.keyring.roots[-1])
    Device.open(folder / "state", make=True)
    Keeper(StateDirectory(folder / "state"), town.keyring.roots[-1], town.second).offer(bundle, town.second)


def _start(folder: Path, codes: list[str]) -> tuple[float, int]:
    """Seconds to the first verdict, and the highest resident size in kB once all codes are judged."""
    # As it is installed: with its compiled modules kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "verify", "gate", "--config", folder / "reader.toml"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as gate:
        seconds, resident = 0.0, 0
        if gate.stdin is not None and gate.stdout is not None:
            for code in codes:
                gate.stdin.write(code + "\n")
                gate.stdin.flush()
                verdict = _verdict(gate.stdout)
                seconds = seconds or time.perf_counter() - begun
                require(verdict["verdict"] == "allow", f"not allowed: {verdict['words']}")
            resident = _highest(gate.pid)
            gate.stdin.close()
        require(gate.wait(30) == 0, "the gate did not end well")
    return seconds, resident


def _verdict(lines: IO[str]) -> dict[str, object]:
    while True:
        found: dict[str, object] = json.loads(lines.readline())
        if "verdict" in found:
            return found


def _highest(process: int) -> int:
    """The peak resident size in kB (proc(5), VmHWM)."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
