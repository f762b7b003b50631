"""Killing an issuing process again and again, and looking afterwards at what is left with other eyes.

The records are read here with plain ``sqlite3``: what is under test does not judge itself.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import cbor2

from tests.crash.child import BEGUN, Order
from tests.desk.town import make_town
from verify import text
from verify.card import Card
from verify.cose import decode_sign1

ROOT = Path(__file__).parents[2]
KILLED = -signal.SIGKILL
#: Applications of one run, of which the first few were issued before: a run repeats, finishes and goes on.
RUN, OVERLAP, BATCH = 12, 4, 4
#: The latest instant of a kill, in whole runs.
PAST_THE_END = 1.2


class Forge:
    """The warm process whose children are killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders: IO[str] = process.stdin
        self._answers: IO[str] = process.stdout
        #: How long the last child was at work.
        self.seconds = 0.0
        assert self._answers.readline() == "ready\n"

    def run(self, order: Order, *, kill_after: float | None = None) -> int:
        """Let a child work and give its exit code: -9 if it was killed, after these seconds or by itself."""
        self._orders.write(json.dumps(asdict(order)) + "\n")
        self._orders.flush()
        pid, line = int(self._answers.readline()), self._answers.readline()
        if line.strip() != BEGUN:
            return int(line)
        begun = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        code = int(self._answers.readline())
        self.seconds = time.monotonic() - begun
        return code


@contextlib.contextmanager
def open_forge() -> Iterator[Forge]:
    """Start the warm process and stop it at the end."""
    command = [sys.executable, "-m", "tests.crash.child"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forge(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def make_template(folder: Path) -> Path:
    """An installation without cards, to be copied: making keys takes longer than copying them."""
    with make_town(folder / "data"):
        pass
    return folder / "data"


def copy_of(template: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    return Path(shutil.copytree(template, folder / "data"))


@dataclass(slots=True)
class Found:
    """What stands in the records, and what was seen outside."""

    applications: Counter[str] = field(default_factory=Counter)
    prints: Counter[str] = field(default_factory=Counter)
    cards: int = 0
    audit_entries: int = 0
    seen: int = 0


def examine(data: Path) -> Found:
    """Check everything that must hold at any instant, even right after a kill; raises AssertionError."""
    found = Found()
    with contextlib.closing(sqlite3.connect(data / "cardsvc.db")) as database:
        database.row_factory = sqlite3.Row
        prints = database.execute("SELECT * FROM print").fetchall()
        audit = database.execute("SELECT * FROM audit ORDER BY seq").fetchall()
        applications = database.execute("SELECT * FROM application").fetchall()
        cards = database.execute("SELECT * FROM card").fetchall()
        used = database.execute("SELECT sum(used) FROM status_list").fetchone()[0] or 0
    found.cards, found.audit_entries = len(cards), len(audit)
    found.prints.update(row["state"] for row in prints)
    found.applications.update(row["state"] for row in applications)
    _check_nothing_double(prints, cards, applications)
    assert used >= len(prints)
    _check_chain(audit)
    _check_audited(prints, audit)
    states = {(row["card_number"], row["print_no"]): row["state"] for row in prints}
    for row in applications:
        assert states[row["card_number"], 1] == row["state"], row["reference"]
    found.seen = _check_seen(data.parent, {row["id"]: row for row in prints})
    return found


def _check_nothing_double(
    prints: list[sqlite3.Row], cards: list[sqlite3.Row], applications: list[sqlite3.Row]
) -> None:
    signed = [Card.decode(row["gate_payload"]) for row in prints]
    indices = [card.status and (card.status.uri, card.status.index) for card in signed]
    for values in (
        [row["number"] for row in cards],
        [row["person_id"] for row in cards],
        [row["reference"] for row in applications],
        [row["card_number"] for row in applications],
        [(card.number, card.print_number) for card in signed],
        [card.print_id for card in signed],
        indices,
    ):
        assert len(set(values)) == len(values), Counter(values).most_common(1)
    assert len(cards) == len(applications)
    for row, card in zip(prints, signed, strict=True):
        assert (row["card_number"], row["print_no"], row["cti"]) == (
            card.number,
            card.print_number,
            card.print_id,
        )


def _check_chain(audit: list[sqlite3.Row]) -> None:
    previous = bytes(32)
    for place, row in enumerate(audit, 1):
        fields = [row[name] for name in ("seq", "time", "actor", "action", "subject", "details", "previous")]
        assert (row["seq"], row["previous"]) == (place, previous)
        assert hashlib.sha256(cbor2.dumps(fields)).digest() == row["hash"]
        previous = row["hash"]


def _check_audited(prints: list[sqlite3.Row], audit: list[sqlite3.Row]) -> None:
    acts = Counter(
        (row["action"], row["subject"], json.loads(row["details"]).get("print"))
        for row in audit
        if row["action"] in ("card_reserved", "replacement_reserved", "card_issued")
    )
    for row in prints:
        number, print_no = row["card_number"], row["print_no"]
        reserved = "card_reserved" if print_no == 1 else "replacement_reserved"
        assert acts.pop((reserved, number, print_no)) == 1
        assert acts.pop(("card_issued", number, print_no), 0) == (row["state"] == "issued")
        assert (row["gate_signature"] is not None) == (row["state"] == "issued")
    assert not acts, f"audited, but not recorded: {acts}"


def _check_seen(folder: Path, prints: dict[str, sqlite3.Row]) -> int:
    """Whatever appeared outside is recorded as issued, with the very signature that was seen."""
    seen = folder / "seen.jsonl"
    # A line that was cut off told nobody anything.
    lines = (
        [line for line in seen.read_text("ascii").splitlines() if line.endswith("}")] if seen.exists() else []
    )
    shown = {line["print"]: line["gate"] for line in map(json.loads, lines)}
    files = {path.name.partition(".")[0]: path.read_text("ascii") for path in folder.glob("out/*.gate.txt")}
    assert files.keys() >= shown.keys()
    for print_id, gate in files.items():
        row = prints[print_id]
        assert row["state"] == "issued"
        code = decode_sign1(text.decode(gate))
        assert (code.payload, code.signature) == (row["gate_payload"], row["gate_signature"])
        assert shown.get(print_id, gate) == gate
    return len(files)


@dataclass(slots=True)
class Figures:
    """What a campaign came to; everything that :func:`examine` found wrong would have stopped it."""

    kills: int = 0
    ended_before: int = 0
    kills_with_intents_left: int = 0
    kills_with_cards_unseen: int = 0
    intents_left: int = 0
    applications: int = 0
    cards: int = 0
    audit_entries: int = 0
    seconds: float = 0.0


def _hit(figures: Figures) -> int:
    return figures.kills_with_intents_left + figures.kills_with_cards_unseen


def campaign(data: Path, kills: int, seed: int, forge: Forge) -> Figures:
    """Kill the issuing process at ``kills`` random instants, look after each, and let one last run finish.

    Most instants are such where little is at stake, so more follow until one was, and until there are as many
    cards as kills were asked for: otherwise nothing is proved. A run takes longer or shorter as the machine
    is busy, so the last whole one says how long.
    """
    figures, draw, begun = Figures(), random.Random(seed), time.monotonic()
    order = Order(str(data), 1, RUN, BATCH)
    assert forge.run(order) == 0
    found = examine(data)
    whole = forge.seconds
    while min(figures.kills, found.cards) < kills or not _hit(figures):
        assert figures.kills < 5 * kills, f"no kill hit anything: {figures}"
        first = max(1, found.cards - OVERLAP)
        code = forge.run(
            Order(str(data), first, RUN, BATCH), kill_after=draw.uniform(0, PAST_THE_END * whole)
        )
        assert code in (0, KILLED)
        found = examine(data)
        if code == 0:
            figures.ended_before += 1
            whole = forge.seconds
            continue
        figures.kills += 1
        figures.kills_with_intents_left += found.prints["intent"] > 0
        figures.kills_with_cards_unseen += found.prints["issued"] > found.seen
        figures.intents_left += found.prints["intent"]
    wanted = found.cards + OVERLAP
    assert forge.run(Order(str(data), 1, wanted, 100)) == 0
    last = examine(data)
    assert last.applications == {"issued": wanted}
    assert last.prints == {"issued": wanted}
    assert (last.cards, last.seen) == (wanted, wanted)
    figures.applications, figures.cards, figures.audit_entries = wanted, last.cards, last.audit_entries
    figures.seconds = round(time.monotonic() - begun, 1)
    return figures
