"""Runs the benchmarks: ``python -m scripts.bench [GOAL…] [--json | --markdown]``.

With ``--json`` one object a line, as the rows come; with ``--markdown`` the table of ``docs/performance.md``;
otherwise a table for people.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.bench import base45, bundle, check, desk, gate, growth, ingest, issuing, paper, repeat, verify
from scripts.bench.measure import BenchError, Row
from scripts.bench.peers import Peers
from scripts.bench.town import Town, started

Goal = Callable[[Town, Peers], Iterator[Row]]

GOALS: Mapping[str, Goal] = {
    "check": check.run,
    "repeat": repeat.run,
    "base45": base45.run,
    "issue": issuing.run,
    "print": paper.run,
    "bundle": bundle.run,
    "gate": gate.run,
    "growth": growth.run,
    "desk": desk.run,
    "verify": verify.run,
    "ingest": ingest.run,
}


HEADS = ["goal", "work", "against", "ours", "theirs", "ratio", "target", "met"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the goals that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description="How fast, against whom.")
    parser.add_argument(
        "goals", nargs="*", metavar="GOAL", help=f"any of {', '.join(GOALS)}; all if none is named"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--markdown", action="store_true", help="the table of docs/performance.md")
    given = parser.parse_args(arguments)
    unknown = [goal for goal in given.goals if goal not in GOALS]
    if unknown:
        parser.error(f"no goal is called {', '.join(unknown)}; there are {', '.join(GOALS)}")
    rows: list[Row] = []
    try:
        for row in measured(given.goals or list(GOALS)):
            rows.append(row)
            if given.json:
                print(json.dumps(row.as_json(), ensure_ascii=False), flush=True)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if given.markdown:
        print(markdown(rows))
    elif not given.json:
        Console(width=None if sys.stdout.isatty() else 150).print(table(rows))
    return 0


def measured(goals: Sequence[str]) -> Iterator[Row]:
    """The rows of the goals, one after the other, in a town of their own."""
    with tempfile.TemporaryDirectory(prefix="cardsvc-bench-") as folder, Peers() as peers:
        town = Town(Path(folder), started())
        for goal in goals:
            yield from GOALS[goal](town, peers)


def table(rows: Sequence[Row]) -> Table:
    """The rows for people; what misses its target is marked."""
    made = Table(*HEADS[:3])
    for head in HEADS[3:]:
        made.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        made.add_row(*cells(row), style=None if row.met else "red")
    return made


def markdown(rows: Sequence[Row]) -> str:
    """The same table for a paper."""
    lines = [HEADS, ["---"] * 3 + ["---:"] * 4 + ["---"], *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(row: Row) -> list[str]:
    """One row as words, under :data:`HEADS`."""
    theirs, target = "–", f"{row.target:g} {row.unit}"
    if row.theirs is not None:
        theirs, target = f"{figure(row.theirs)} {row.unit}", f"{row.target:g} ×"
    ours, met = f"{figure(row.ours)} {row.unit}", "yes" if row.met else "no"
    return [row.goal, row.work, row.against, ours, theirs, f"{row.ratio:.2f} ×", target, met]


def figure(value: float) -> str:
    """Three significant digits, without an exponent."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
