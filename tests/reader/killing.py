"""A reader that may be killed: its directory, its service, and every verdict that anybody could have seen."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.reader.collector import Collector
from tests.reader.door import SEAL, Door, card, world
from tests.verify import world as w
from tests.verify.world import NOW
from verify.reader.client import Client
from verify.reader.device import Device
from verify.reader.keeper import Keeper
from verify.reader.run import ENROLMENT
from verify.reader.service import Service, enrol
from verify.reader.uploads import Uploads
from verify.store import StateDirectory

KILLED, WELL = -9, 0
#: Where a run may kill itself (the points of ``verify.reader``).
POINTS = ("judged", "recorded", "shown")
CONFIG = """
[reader]
state = "state"
root = "root.cose"
service = "library"

[service]
upload_s = 1

[[input]]
kind = "lines"

[[output]]
kind = "terminal"
form = "json"
"""


@dataclass
class Site:
    """A reader's directory, its service, and every verdict that anybody could have seen."""

    folder: Path
    collector: Collector
    seen: list[dict[str, object]]
    shown: int = 0

    def run(self, taps: int, point: str = "", passes: int = 0, *, after_lines: int | None = None) -> int:
        """Show so many cards to a fresh process; ``after_lines`` kills it when so many verdicts were seen."""
        codes = [card(self.shown + number) for number in range(taps)]
        self.shown += taps
        words = [sys.executable, "-m", "tests.reader.child", str(self.folder / "reader.toml")]
        process = subprocess.Popen(
            [*words, *([point, str(passes)] if point else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            process.stdin.write(("\n".join(codes) + "\n").encode())
            process.stdin.close()
            for line in process.stdout:
                if not line.endswith(b"\n"):
                    break  # Torn by the kill: nobody can act on half a line.
                verdict = json.loads(line)
                if "verdict" in verdict:
                    self.seen.append(verdict)
                    if after_lines is not None and len(self.seen) >= after_lines:
                        process.kill()
                        after_lines = None
        return process.returncode

    def check(self) -> int:
        """Bring the rest, and hold what arrived against what was seen; how many records there are."""
        state = self.folder / "state"
        door = Door(state)
        device = Device.open(state)
        enrolment = enrol(Client(self.collector.url), "K7F2-9QXM", device, NOW)
        service = Service(
            Client(self.collector.url), enrolment, device, clock=lambda: NOW, uptime=lambda: 0.0
        )
        bring = Uploads(door.journal, service, clock=lambda: NOW, uptime=lambda: 0.0)
        while not bring():
            pass
        assert door.journal.standing().waiting == 0
        records = self.collector.readers["door-1"].records
        count = len(records)
        self.collector.check_whole("door-1", count)
        assert len(self.seen) <= count <= self.shown
        seqs = [int(str(verdict["seq"])) for verdict in self.seen]
        assert len(set(seqs)) == len(seqs)
        assert all(records[seq].entry.reason == v["reason"] for seq, v in zip(seqs, self.seen, strict=True))
        assert not any(record.missed for record in records.values())
        return count


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """An enrolled reader with a bundle, and its service, in this process."""
    collector = Collector(SEAL)
    collector.codes["K7F2-9QXM"] = "door-1"
    collector.bundle = world().bundle()
    (folder / "reader.toml").write_text(CONFIG)
    (folder / "root.cose").write_bytes(w.root())
    with collector.serving() as url:
        device = Device.open(folder / "state", make=True)
        enrolment = enrol(Client(url), "K7F2-9QXM", device, NOW)
        directory = StateDirectory(folder / "state")
        directory.write(ENROLMENT, enrolment.to_json().encode())
        directory.write("bundle.cose", collector.bundle)
        Keeper(directory, w.root(), NOW).offer(collector.bundle, NOW)
        yield Site(folder, collector, [])


def campaign(site: Site, kills: int, seed: int) -> dict[str, int]:
    """Kill the reader at named points and at random, so often; its log is held to what was seen."""
    chance, died, runs = random.Random(seed), 0, 0
    while died < kills:
        runs += 1
        taps = chance.randrange(4, 12)
        if chance.random() < 0.5:
            died += site.run(taps, chance.choice(POINTS), chance.randrange(1, taps)) == KILLED
        else:
            died += site.run(taps, after_lines=len(site.seen) + chance.randrange(1, taps)) == KILLED
        if runs % 10 == 0:
            site.check()
    assert site.run(2) == WELL
    site.check()
    arrived = len(site.collector.readers["door-1"].records)
    return {"kills": died, "shown": site.shown, "seen": len(site.seen), "arrived": arrived}
