"""``cardsvc``: the command for desks and operators.

Thin: every command reads its arguments, calls one use case and says what came of it. Names given with
``--by`` and ``--approved-by`` are believed here, as on a demo's console; they are audited as given.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.acting import acting, now, opened, write_file
from cardsvc.cli_audit import audit_app
from cardsvc.cli_chips import chip, sun, tap
from cardsvc.cli_filing import act_filed, filing, in_design, issue_filed
from cardsvc.cli_keys import keys_app
from cardsvc.cli_print import FormOption, PrinterOption, calibrate, print_command, tuning_of
from cardsvc.cli_readers import reader_app
from cardsvc.cli_serve import serve
from cardsvc.cli_staff import staff_app
from cardsvc.console import Speaker
from cardsvc.desk.acts import Wish
from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.life import CONSOLE, CardLife, People
from cardsvc.desk.outcomes import Issued, Outcome, Request
from cardsvc.desk.printing import FEW, Produced, Workshop, workshop, write_manifest
from cardsvc.desk.signing import recover
from cardsvc.errors import ServiceError
from cardsvc.installation import check_initialised
from cardsvc.records import migrate
from cardsvc.settings import read_settings
from cardsvc.setup import initialise, service_named
from cardsvc.signer_command import signer
from cardsvc.staff.invitations import PATH as INVITATION
from cardsvc.trust.publishing import venue_bundle
from issuance import fields, findings
from issuance.application import load_applications
from issuance.layout import DESIGNS
from issuance.sheets import Form
from verify.errors import CardsvcError

#: Why an act is asked for that has no reason of its own on the command line.
_COMMAND = "by command"
_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

app = typer.Typer(
    pretty_exceptions_enable=False,  # It would print local variables, and so personal data.
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")
app.add_typer(staff_app, name="staff")
app.add_typer(reader_app, name="reader")
app.command()(serve)
app.command()(chip)
app.command()(sun)
app.command()(tap)
app.command("print")(print_command)
app.command()(calibrate)
app.command()(signer)

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, words on standard error.")]
Number = Annotated[str, typer.Argument(help="The card's number; spaces between groups are fine.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit.")]
By = Annotated[str, typer.Option(help="Who does it.")]
ApprovedBy = Annotated[str, typer.Option(help="Who approved it, where two people are needed.")]
Design = Annotated[
    str | None, typer.Option(help=f"What applications that name no design get: {', '.join(DESIGNS)}.")
]
Out = Annotated[Path, typer.Option(help="The folder the files are written to.")]


def main() -> None:
    """Run the command; what is refused ends with words, a reason and the exit code 1."""
    try:
        app()
    except CardsvcError as error:
        Speaker(as_json="--json" in sys.argv).fail(error)
        sys.exit(1)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"cardsvc {version('cardsvc')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say which version this is."),
    ] = False,
) -> None:
    """Issue merchant-friend cards and look after them."""


@app.command()
def init(
    issuer: Annotated[
        str, typer.Option(help="The issuer's name in every card, at most 9 characters.")
    ] = "cn-yiwu",
    staff: Annotated[Path, typer.Option(help="The staff roll.")] = _EXAMPLES / "staff.toml",
    venues: Annotated[Path, typer.Option(help="The venues.")] = _EXAMPLES / "venues.toml",
    json: Json = False,
) -> None:
    """Set up keys, records, staff and venues."""
    speak, settings = Speaker(as_json=json), read_settings()
    made = initialise(settings, issuer=issuer, staff=staff, venues=venues, now=now())
    speak.give(made)
    speak.say(f"Set up {issuer} in {settings.data}; cards will say {settings.public_url}.")
    codes = made["founding_codes"]
    for name, code in codes.items() if isinstance(codes, dict) else ():
        speak.line(f"Founding invitation of {name}, shown this once: {settings.origin}{INVITATION}{code}")
    if not settings.production:
        speak.say(
            "This is a demonstration: root keys and passphrases lie beside each other in its data directory."
        )


@app.command()
def issue(
    applications: Annotated[Path, typer.Argument(help="JSON, JSON Lines or CSV.")],
    submitted_by: Annotated[str, typer.Option(help="Who took the applications in.")],
    approved_by: Annotated[
        str | None,
        typer.Option(help="Who approved them; another person. Nobody does so here with production settings."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder of the files. None are written with production settings.")
    ] = None,
    design: Design = None,
    form: FormOption = Form.SINGLE,
    printer: PrinterOption = None,
    json: Json = False,
) -> None:
    """Issue a card for every application; repeating it makes no second card, it writes the same files.

    With production settings every application becomes a draft, which a clerk submits at the desk.
    """
    speak = Speaker(as_json=json)
    if filing():
        if approved_by is not None or out is not None or printer is not None:
            speak.say("Applications are filed for the desk: nobody approves and nothing is printed here.")
        issue_filed(applications, submitted_by, design, speak)
        return
    if approved_by is None or out is None:
        raise ServiceError(
            "bad_request", "say with --approved-by who approved, and with --out where to write"
        )
    lines: list[dict[str, object]] = []
    with acting() as installation, installation.issuing_alone():
        desk = IssuingDesk(installation, submitted_by=submitted_by, approved_by=approved_by)
        finished = recover(installation, actor=CONSOLE, now=now())
        if finished:
            speak.say(f"Finished {finished} cards that an earlier run had left reserved.")
        tuning = tuning_of(installation.settings, printer)
        found = load_applications(applications)
        requests = (Request(place, in_design(raw, design)) for place, raw in found)
        first = list(islice(requests, FEW))
        count = len(first) if len(first) < FEW else None
        with (
            workshop(installation, out, actor=approved_by, count=count, form=form, tuning=tuning) as shop,
            speak.progress("cards") as step,
            # Whatever ends the run, the manifest says what was issued before.
            _manifest(out, lines),
        ):
            every = chain(first, requests)
            issued = desk.issue(every, base=applications.parent, clock=now, spread=shop.spread)
            for outcomes in _whole_files(issued, shop.at_once):
                for line in _lines_of(outcomes, shop):
                    lines.append(line)
                    speak.give(line)
                    step(1)
    failed = [line for line in lines if line["status"] in ("refused", "held_back")]
    _say_portraits(speak, lines)
    _say_failed(speak, failed)
    speak.say(f"{len(lines) - len(failed)} cards in {out}, {len(failed)} refused or held back.")
    if failed:
        raise typer.Exit(1)


@app.command()
def suspend(number: Number, reason: Reason, by: By = CONSOLE, json: Json = False) -> None:
    """Hold a card: lost, stolen, or a question to be answered."""
    _act(lambda life: life.suspend(number, reason), number, Wish("suspend", reason), by, CONSOLE, json)


@app.command()
def reinstate(
    number: Number, reason: Reason, by: By = CONSOLE, approved_by: ApprovedBy = CONSOLE, json: Json = False
) -> None:
    """Lift the holds of a card."""
    wish = Wish("reinstate", reason)
    _act(lambda life: life.reinstate(number, reason), number, wish, by, approved_by, json)


@app.command()
def revoke(
    number: Number, reason: Reason, by: By = CONSOLE, approved_by: ApprovedBy = CONSOLE, json: Json = False
) -> None:
    """End a card for ever."""
    wish = Wish("revoke", reason)
    _act(lambda life: life.revoke(number, reason), number, wish, by, approved_by, json)


@app.command()
def replace(
    number: Number,
    reason: Reason,
    out: Out,
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Print a card anew, with the rights of today; the old print is refused from the next bundle on."""
    speak = Speaker(as_json=json)
    if filing():
        act_filed(number, Wish("replace", reason), by, speak)
        return
    with acting() as installation, installation.issuing_alone():
        recover(installation, actor=CONSOLE, now=now())
        # The folder first: where no file can be written, no print may be replaced.
        with workshop(installation, out, actor=by, count=1) as shop:
            print_id, answer = CardLife(installation, People(by, approved_by), now()).replace(
                number, reason, clock=now
            )
            (produced,) = shop.produce([print_id], now=now())
    answer |= _files(produced)
    speak.give(answer)
    if produced.held_back is not None:
        raise ServiceError(*produced.held_back)
    speak.say(f"Card {answer['card']} has print {answer['print']} in {out}; the one before says replaced.")
    if answer["state"] != "active":
        speak.say(f"It is still {answer['state']}; `cardsvc reinstate` lifts that.")


@app.command()
def extend(
    number: Number,
    permit_until: Annotated[str, typer.Option(help="The permit's new last day, YYYY-MM-DD.")],
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Record a longer stay: no new card, every door knows after its next sync."""
    wish = Wish("extend", _COMMAND, permit_until=_day(permit_until))
    _act(lambda life: life.extend(number, _day(permit_until)), number, wish, by, approved_by, json)


@app.command()
def grant(
    number: Number,
    service: Annotated[str, typer.Argument(help="The service, by name.")],
    until: Annotated[str | None, typer.Option(help="The last day; without it, to the card's end.")] = None,
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Grant a service on a card printed long ago."""
    last, named = None if until is None else _day(until), service_named(service)
    wish = Wish("grant", _COMMAND, named, last)
    _act(lambda life: life.grant(number, named, last), number, wish, by, approved_by, json)


@app.command()
def withdraw(
    number: Number,
    service: Annotated[str, typer.Argument(help="The service, by name.")],
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Take a service away, whatever is printed."""
    named = service_named(service)
    wish = Wish("withdraw", _COMMAND, named)
    _act(lambda life: life.withdraw(number, named), number, wish, by, approved_by, json)


@app.command()
def bundle(
    venue: Annotated[str, typer.Argument(help="The venue, by id.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    json: Json = False,
) -> None:
    """Write the signed bundle of a venue: all that its readers need to judge cards without a network."""
    speak = Speaker(as_json=json)
    with opened() as installation:
        data = venue_bundle(installation, venue, now)
    write_file(out, data)
    speak.give({"venue": venue, "file": str(out), "bytes": len(data)})
    speak.say(f"{out}: the bundle of {venue}, {len(data)} bytes.")


@app.command()
def root(out: Annotated[Path, typer.Option(help="The file to write.")], json: Json = False) -> None:
    """Write the newest root document, which a reader is given once, by hand."""
    speak = Speaker(as_json=json)
    with opened() as installation:
        data, version = installation.keyring.roots[-1], installation.keyring.root.version
    write_file(out, data)
    speak.give({"version": version, "file": str(out), "bytes": len(data)})
    speak.say(f"{out}: root document {version}, {len(data)} bytes.")


@app.command(name="migrate")
def migrate_command(json: Json = False) -> None:
    """Bring the database to this version's schema."""
    speak, settings = Speaker(as_json=json), read_settings()
    check_initialised(settings)
    migrate(settings.database)
    speak.give({"migrated": True})
    speak.say("The database has the schema of this version.")


def _act(
    act: Callable[[CardLife], dict[str, object]],
    number: str,
    wish: Wish,
    by: str,
    approved_by: str,
    json: bool,
) -> None:
    speak = Speaker(as_json=json)
    if filing():
        act_filed(number, wish, by, speak)
        return
    with acting() as installation:
        answer = act(CardLife(installation, People(by, approved_by), now()))
    speak.give(answer)
    speak.say(f"Card {answer['card']}: {answer['action']}. Readers know with their next bundle.")


def _whole_files(batches: Iterable[list[Outcome]], count: int) -> Iterator[list[Outcome]]:
    """The outcomes of at least ``count`` applications at a time, so that files of many cards are full."""
    waiting: list[Outcome] = []
    for outcomes in batches:
        waiting += outcomes
        if len(waiting) >= count:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


@contextmanager
def _manifest(out: Path, lines: list[dict[str, object]]) -> Iterator[None]:
    try:
        yield
    finally:
        write_manifest(out, lines)


def _lines_of(outcomes: list[Outcome], shop: Workshop) -> Iterator[dict[str, object]]:
    """The manifest's line for every application, once its files are written."""
    issued = [one for one in outcomes if isinstance(one, Issued)]
    print_ids = [one.print_id for one in issued]
    produced = dict(zip(print_ids, shop.produce(print_ids, now=now()), strict=True))
    for one in outcomes:
        line: dict[str, object] = {"place": one.place, "reference": one.reference}
        if not isinstance(one, Issued):
            errors = [{"field": name, "reason": reason, "words": words} for name, reason, words in one.errors]
            yield line | {"status": "refused", "errors": errors}
            continue
        card = produced[one.print_id]
        status = "held_back" if card.held_back else "repeated" if one.repeated else "issued"
        yield line | {"status": status, "number": one.number, "notes": list(one.notes), **_files(card)}


def _files(card: Produced) -> dict[str, object]:
    if card.held_back is None:
        return {"files": card.files}
    reason, words = card.held_back
    return {"files": {}, "errors": [{"field": "card", "reason": reason, "words": words}]}


def _say_portraits(speak: Speaker, lines: list[dict[str, object]]) -> None:
    """Portraits that were printed and that somebody should look at before the card is given out."""
    rows = []
    for line in lines:
        notes = line.get("notes")
        for note in notes if isinstance(notes, list) else ():
            words = findings.WORDS.get(note.removeprefix("portrait_"))
            if words is not None:
                rows.append((str(line["reference"] or line["place"]), str(line["number"]), words))
    if rows:
        speak.table("Look at these portraits", ("reference", "card", "what was found"), rows)


def _say_failed(speak: Speaker, failed: list[dict[str, object]]) -> None:
    rows = []
    for line in failed:
        errors = line["errors"]
        for error in errors if isinstance(errors, list) else ():
            rows.append((str(line["place"]), str(line["reference"] or ""), error["field"], error["words"]))
    if rows:
        speak.table("Not issued", ("place", "reference", "field", "what is wrong"), rows)


def _day(text: str) -> date:
    """A day as applications write it: YYYY-MM-DD and no other form of ISO 8601."""
    return fields.day("day", text)
