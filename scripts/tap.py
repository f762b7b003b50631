"""Shows a card of the demonstration to the three doors beside it, and prints what each of them says.

``./scripts/tap NUMBER`` while ``./scripts/start`` runs; without a number, the first card of the examples.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from scripts.doors import DOORS, NoAnswer, tap

_COLOURS: Final = {"green": "bold green", "amber": "bold yellow", "red": "bold red"}

console = Console(highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Tap at every door; 0 if each of them said something, whatever it was."""
    parser = argparse.ArgumentParser(prog="scripts/tap", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "number", nargs="?", help="a card's number; the first of the examples if none is given"
    )
    parser.add_argument("--cards", type=Path, help="where NUMBER.gate.txt lies, if not in the data directory")
    parser.add_argument("--json", action="store_true", help="one JSON object a door")
    options = parser.parse_args(arguments)
    data = Path(os.environ.get("CARDSVC_DATA", "var"))
    cards = options.cards or data / "cards"
    try:
        code = (cards / f"{options.number or _first(cards)}.gate.txt").read_text("ascii").strip("\r\n")
    except OSError as error:
        console.print(f"There is no such card of the demonstration: {error}", soft_wrap=True, markup=False)
        return 1
    answered = 0
    for door in DOORS:
        try:
            said = tap(data, door, code)
        except NoAnswer as error:
            console.print(str(error), soft_wrap=True, markup=False)
            continue
        answered += 1
        if options.json:
            print(json.dumps({"door": door.name} | dict(said), ensure_ascii=False))
        else:
            console.print(line(door.name, said), soft_wrap=True)
    return 0 if answered == len(DOORS) else 1


def line(door: str, said: Mapping[str, Any]) -> Text:
    """What one door said, for people: light, words, reason, and how old its data was."""
    age = "no data" if said["data_age_s"] is None else f"data {said['data_age_s']} s old"
    return Text.assemble(
        (f"● {said['light']:<6}", _COLOURS.get(str(said["light"]), "")),
        f"{door:<8} ",
        (" / ".join(said["texts"].values()), "bold"),
        f"  {said['reason']}, {age}, record {said['seq']}",
    )


def _first(cards: Path) -> str:
    lines = (cards / "manifest.jsonl").read_text("utf-8").splitlines()
    return next(str(one["number"]) for one in map(json.loads, lines) if one.get("number"))


if __name__ == "__main__":
    sys.exit(main())
