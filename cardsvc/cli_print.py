"""``cardsvc print`` and ``cardsvc calibrate``: cards again in one file, and a new printer's first sheet."""

from pathlib import Path
from typing import Annotated

import typer

from cardsvc.acting import now, opened, write_file
from cardsvc.console import Speaker
from cardsvc.desk.life import CONSOLE
from cardsvc.desk.printing import Produced, workshop
from cardsvc.desk.signing import LIVING
from cardsvc.errors import ServiceError
from cardsvc.installation import fonts_folder
from cardsvc.settings import Settings, read_settings
from issuance.calibration import calibration
from issuance.number import check_number
from issuance.sheets import Form, Tuning, load_printers

#: In the data directory, kept by the operator: how far each printer has to be pushed.
PRINTERS = "printers.toml"

FormOption = Annotated[Form, typer.Option(help="A file a card, one file for card stock, or ten on A4.")]
PrinterOption = Annotated[str | None, typer.Option("--printer", help=f"A printer of {PRINTERS}.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, words on standard error.")]


def tuning_of(settings: Settings, printer: str | None) -> Tuning:
    """What a named printer needs; ``unknown_printer`` lists those there are."""
    if printer is None:
        return Tuning()
    path = settings.data / PRINTERS
    printers = load_printers(path) if path.exists() else {}
    if printer not in printers:
        there = ", ".join(sorted(printers)) or "none"
        raise ServiceError("unknown_printer", f"{path} has no printer {printer!r}; there are: {there}")
    return printers[printer]


def print_command(
    numbers: Annotated[list[str], typer.Argument(help="The cards' numbers.")],
    out: Annotated[Path, typer.Option(help="The folder the files are written to.")],
    form: FormOption = Form.CR80,
    printer: PrinterOption = None,
    by: Annotated[str, typer.Option(help="Who does it.")] = CONSOLE,
    json: Json = False,
) -> None:
    """Print recorded cards again, many in one file: the same prints and codes, no new card."""
    speak = Speaker(as_json=json)
    with opened() as installation:
        tuning = tuning_of(installation.settings, printer)
        wanted = list(dict.fromkeys(check_number(number) for number in numbers))
        with installation.store.reading() as tx:
            current = {number: tx.prints.current_of(number) for number in wanted}
            cards = tx.cards.get_many(wanted)
        over = [number for number, card in cards.items() if card.state not in LIVING]
        if over:
            words = f"the card {over[0]} is {cards[over[0]].state.value}, which is for ever; leave it out"
            raise ServiceError("card_is_final", words)
        missing = [number for number, printed in current.items() if printed is None]
        if missing:
            raise ServiceError("not_printable", f"the card {missing[0]} has no print that was issued")
        ids = [printed.id for printed in current.values() if printed is not None]
        made: list[Produced] = []
        with (
            workshop(installation, out, actor=by, count=len(ids), form=form, tuning=tuning) as shop,
            speak.progress("cards") as step,
        ):
            for start in range(0, len(ids), shop.at_once):
                for one in shop.produce(ids[start : start + shop.at_once], now=now()):
                    made.append(one)
                    step(1)
    for one in made:
        speak.give({"card": one.number, "files": one.files, "held_back": one.held_back})
    held = [one for one in made if one.held_back is not None]
    rows = [(one.number, one.held_back[1]) for one in held if one.held_back is not None]
    if rows:
        speak.table("Held back", ("card", "why"), rows)
    speak.say(f"{len(made) - len(held)} cards in {out}, {len(held)} held back.")
    if held:
        raise typer.Exit(1)


def calibrate(
    out: Annotated[Path, typer.Option(help="The PDF to write.")],
    form: Annotated[Form, typer.Option(help="What the printer takes: cr80 or a4.")] = Form.A4,
    printer: PrinterOption = None,
    json: Json = False,
) -> None:
    """Write the sheet a new printer prints first; its rulers give the offsets for printers.toml."""
    speak, settings = Speaker(as_json=json), read_settings()
    data = calibration(form, tuning_of(settings, printer), fonts_folder(settings))
    write_file(out, data)
    speak.give({"file": str(out), "form": form.value, "bytes": len(data)})
    speak.say(f"{out}: print it at 100 %, both sides, and read the rulers; {PRINTERS} takes what they say.")
