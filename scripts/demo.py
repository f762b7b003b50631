"""The first run: set up, issue the examples, check offline what was printed, and serve (``./scripts/start``).

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
from rich.text import Text

from scripts.running import serve

HERE = Path(__file__).resolve().parent.parent
EXAMPLES = HERE / "examples"
BIN = Path(sys.executable).parent
#: What the examples must lead to: all others become cards.
EXPECTED = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))

#: What may have become of a demo card since an earlier run, by the README's own commands.
SINCE = ("suspended", "revoked", "replaced", "printed_anew", "card_is_final")

console = Console(highlight=False)


def main() -> int:
    """Run the demo; 0 only if every step held."""
    parser = argparse.ArgumentParser(prog="scripts/start", description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="stop after the offline check")
    parser.add_argument("--port", type=int, default=8000, help="where to serve; the first run decides")
    options = parser.parse_args()
    data = Path(os.environ.get("CARDSVC_DATA", "var"))
    os.environ["CARDSVC_DATA"] = str(data)
    # Browsers give passkeys to the very address that cards name; a demo on another port is its own address.
    os.environ.setdefault("CARDSVC_PUBLIC_URL", f"http://localhost:{options.port}")
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
    if any(changed_since(line) for line in manifest):
        console.print(
            "Some cards were changed since the first run, and say so. Remove the data directory, or set"
            " CARDSVC_DATA, for a fresh demonstration."
        )
    run("cardsvc", "audit", "verify")
    page = next(f"{cards}/{line['number']}.pdf" for line in manifest if line.get("answers"))
    command = f"{BIN / 'cardsvc-verify'} check --root {root} --bundle {bundle} --role desk --image {page}"
    console.print(f"\nCards, codes and chip messages: {cards}", markup=False, soft_wrap=True)
    console.print(f"Check one yourself:\n  {command}", markup=False, soft_wrap=True)
    return 0 if options.once else serve(data, options.port)


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
    line["since"] = line["status"] == "repeated" and any(answer["reason"] in SINCE for answer in answers)
    return line["answers"] == ["allow", "allow"] or bool(line["since"])


def changed_since(line: dict[str, object]) -> bool:
    """Whether somebody did to this demo card, after an earlier run, what the README shows."""
    errors = line.get("errors")
    return bool(line.get("since")) or (isinstance(errors, list) and errors[0]["reason"] in SINCE)


def as_expected(manifest: list[dict[str, object]]) -> bool:
    """Whether exactly those examples were refused that must be, for the reasons they must be."""
    refused = {str(line["reference"]): line["errors"] for line in manifest if line["status"] == "refused"}
    wanted = {
        reference: (error["field"], error["reason"]) for reference, error in EXPECTED["refused"].items()
    }
    found = {
        reference: (errors[0]["field"], errors[0]["reason"])
        for reference, errors in refused.items()
        if isinstance(errors, list) and errors[0]["reason"] not in SINCE
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
            cells = [line["reference"], line["number"], line["name"], line["valid_until"] or "", *marks]
        else:
            errors = line.get("errors")
            words = errors[0]["words"] if isinstance(errors, list) and errors else ""
            cells = [line["reference"], line["status"], words, "", "–", "–"]
        table.add_row(*(Text(str(cell)) for cell in cells))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
