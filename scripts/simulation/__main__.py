"""``./scripts/simulate``: a day of the city, and what the judge says of it."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from scripts.simulation import report
from scripts.simulation.day import Told, run
from scripts.simulation.plan import Plan

#: A directory in memory: a day is about order, not about the disk. Each reader takes some megabytes there.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_A_READER_TAKES: Final = 5_000_000
_KINDS: Final = {"seed": int, "hours": float, "readers": int, "cards": int, "taps": int, "changes": int}
_MORE: Final = {"sync_s": int, "upload_s": int, "bundle_s": int, "cuts": float, "restarts": float}
_MOST: Final = {"wrong_clocks": float, "repeats": float, "curious": float, "tonight": float, "venue": str}

console = Console(stderr=True, highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Run one day; 0 if nothing was lost, double or wrong."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=(__doc__ or "").partition(": ")[2])
    for name, kind in (_KINDS | _MORE | _MOST).items():
        given = getattr(plan, name)
        words = f"{given:,}" if isinstance(given, int) else str(given)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=given, help=words)
    parser.add_argument("--folder", type=Path, help="where the readers' disks and the records are, and stay")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = vars(parser.parse_args(arguments))
    folder, as_json = options.pop("folder"), options.pop("json")
    plan, begun = Plan(**options), time.monotonic()
    with _room(folder, plan) as place, _progress() as told:
        outcome = run(plan, place, told)
    seconds = time.monotonic() - begun
    if as_json:
        print(json.dumps(report.as_json(plan, outcome, seconds), ensure_ascii=False, indent=1))
    else:
        Console(highlight=False).print(report.for_people(plan, outcome, seconds))
    return 0 if outcome.sound else 1


@contextmanager
def _room(folder: Path | None, plan: Plan) -> Iterator[Path]:
    """The folder that was named, or one that goes again: in memory, if there is enough of it."""
    if folder is not None:
        yield folder
        return
    fits = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _A_READER_TAKES * plan.readers
    with tempfile.TemporaryDirectory(prefix="cardsvc-city-", dir=_MEMORY if fits else None) as made:
        yield Path(made) / "city"


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("beginning", total=1.0)
        yield lambda share, words: progress.update(bar, completed=share, description=words)


if __name__ == "__main__":
    sys.exit(main())
