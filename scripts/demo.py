"""The first run: set up, issue the examples, and check offline what was printed (``./scripts/start``).

Every step is the product's own command, run as a user would run it. The codes that are checked are read from
pictures of the printed pages; the gate's command gets a root document, a bundle and nothing else.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent.parent
EXAMPLES = HERE / "examples"
BIN = Path(sys.executable).parent
#: What the examples must lead to: all others become cards.
EXPECTED = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))

console = Console(highlight=False)


def main() -> int:
    """Run the demo; 0 only if every step held."""
    parser = argparse.ArgumentParser(prog="scripts/start", description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="stop after the offline check")
    options = parser.parse_args()
    data = Path(os.environ.get("CARDSVC_DATA", "var"))
    os.environ["CARDSVC_DATA"] = str(data)
    cards, check = data / "cards", data / "check"
    if not (data / "keys").exists():
        step("Setting up keys, records, staff and venues")
        run("cardsvc", "init")
    step("Issuing the examples")
    manifest = issue(cards)
    step("Giving a reader its root document and its bundle")
    check.mkdir(exist_ok=True)
    root, bundle = check / "root.cose", check / "centre.cose"
    run("cardsvc", "root", "--out", str(root))
    run("cardsvc", "bundle", "centre", "--out", str(bundle))
    step("Reading the printed pages as pictures, and judging their codes without a network")
    answers = [check_card(line, cards, root, bundle) for line in manifest]
    show(manifest)
    if not all(answers) or not as_expected(manifest):
        console.print("[bold red]Not every step held; the lines above say which.")
        return 1
    run("cardsvc", "audit", "verify")
    console.print(f"\nCards, codes and chip messages: [bold]{cards}[/]")
    console.print(
        f"Check one yourself:\n  {os.path.relpath(BIN / 'cardsvc-verify')} check"
        f" --root {root} --bundle {bundle} --role desk --image {cards}/NUMBER.pdf"
    )
    if not options.once:
        console.print(
            "\nThe service with its pages is not part of this version yet: nothing is served. The README's"
            "\nfirst ten minutes show what the commands can do."
        )
    return 0


def step(words: str) -> None:
    """Say what happens next."""
    console.print(f"[bold green]•[/] {words} …")


def run(program: str, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
    """Run one of the product's commands; its words go to the terminal, its objects come back."""
    command = [str(BIN / program), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in allowed:
        raise SystemExit(
            f"{program} {' '.join(arguments)} ended with {done.returncode}; what it said is above"
        )
    return done.stdout


def issue(cards: Path) -> list[dict[str, object]]:
    """Issue the examples; run again, the same cards are written again."""
    run(
        "cardsvc", "issue", str(EXAMPLES / "applications.json"), "--submitted-by", "clerk1",
        "--approved-by", "chief1", "--out", str(cards), "--json", allowed=(0, 1),
    )  # fmt: skip
    lines = (cards / "manifest.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def check_card(line: dict[str, object], cards: Path, root: Path, bundle: Path) -> bool:
    """Judge both codes of a card's pages; what the gate answered stands in ``line`` afterwards."""
    if line["status"] not in ("issued", "repeated"):
        return True
    page = str(cards / f"{line['number']}.pdf")
    arguments = ("check", "--root", str(root), "--bundle", str(bundle), "--role", "desk", "--image", page)
    answers = [json.loads(text) for text in run("cardsvc-verify", *arguments, allowed=(0, 1, 2)).splitlines()]
    line["answers"] = [answer["verdict"] for answer in answers]
    line["name"] = next((answer["view"].get("name") for answer in answers if answer["view"].get("name")), "")
    line["valid_until"] = next((answer["valid_until"] for answer in answers), "")
    return line["answers"] == ["allow", "allow"]


def as_expected(manifest: list[dict[str, object]]) -> bool:
    """Whether exactly those examples were refused that must be, for the reasons they must be."""
    refused = {str(line["reference"]): line["errors"] for line in manifest if line["status"] == "refused"}
    wanted = {
        reference: (error["field"], error["reason"]) for reference, error in EXPECTED["refused"].items()
    }
    found = {
        reference: (errors[0]["field"], errors[0]["reason"])
        for reference, errors in refused.items()
        if isinstance(errors, list)
    }
    return found == wanted


def show(manifest: list[dict[str, object]]) -> None:
    """The table of what became of every example."""
    table = Table(title="What became of the examples", title_justify="left")
    for column in ("reference", "card", "name", "last day", "front", "back"):
        table.add_column(column, overflow="fold")
    for line in manifest:
        answers = line.get("answers")
        if isinstance(answers, list):
            marks = [*answers, "nothing read", "nothing read"][:2]
            table.add_row(
                str(line["reference"]),
                str(line["number"]),
                str(line["name"]),
                str(line["valid_until"]),
                *marks,
            )
        else:
            errors = line.get("errors")
            words = errors[0]["words"] if isinstance(errors, list) and errors else ""
            table.add_row(str(line["reference"]), str(line["status"]), words, "", "–", "–")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
