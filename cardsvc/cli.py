"""``cardsvc``: the command for desks and operators.

Thin: every command reads its arguments, calls one use case and says what came of it. Names given with
``--by`` and ``--approved-by`` are believed here, as on a demo's console; they are audited as given.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.cli_keys import keys_app
from cardsvc.console import Speaker
from cardsvc.desk.chips import write_chip
from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.life import CONSOLE, CardLife, People
from cardsvc.desk.outcomes import Issued, Outcome, Request
from cardsvc.desk.printing import FEW, Produced, Workshop, workshop, write_manifest, write_whole
from cardsvc.desk.signing import recover
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, check_initialised, open_installation
from cardsvc.records import AuditHead, migrate
from cardsvc.settings import read_settings
from cardsvc.setup import initialise, service_named
from cardsvc.trust.publishing import venue_bundle
from issuance import fields
from issuance.application import load_applications
from keys.errors import KeysError
from verify.errors import CardsvcError

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

app = typer.Typer(
    pretty_exceptions_enable=False,  # It would print local variables, and so personal data.
    no_args_is_help=True,
    add_completion=False,
    help="Issue merchant-friend cards and look after them.",
)
audit_app = typer.Typer(no_args_is_help=True, help="Who did what to which card.")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, words on standard error.")]
Number = Annotated[str, typer.Argument(help="The card's number; spaces between groups are fine.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit.")]
By = Annotated[str, typer.Option(help="Who does it.")]
ApprovedBy = Annotated[str, typer.Option(help="Who approved it, where two people are needed.")]
Out = Annotated[Path, typer.Option(help="The folder the files are written to.")]


def main() -> None:
    """Run the command; what is refused ends with words, a reason and the exit code 1."""
    try:
        app()
    except CardsvcError as error:
        Speaker(as_json="--json" in sys.argv).fail(error)
        sys.exit(1)


def now() -> datetime:
    """The one place of the command that reads the clock."""
    return datetime.now(UTC)


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
    if not settings.production:
        speak.say(
            "This is a demonstration: root keys and passphrases lie beside each other in its data directory."
        )


@app.command()
def issue(
    applications: Annotated[Path, typer.Argument(help="JSON, JSON Lines or CSV.")],
    submitted_by: Annotated[str, typer.Option(help="Who took the applications in.")],
    approved_by: Annotated[str, typer.Option(help="Who approved them; another person.")],
    out: Out,
    json: Json = False,
) -> None:
    """Issue a card for every application; repeating it makes no second card, it writes the same files."""
    speak = Speaker(as_json=json)
    lines: list[dict[str, object]] = []
    with _acting() as installation, installation.issuing_alone():
        desk = IssuingDesk(installation, submitted_by=submitted_by, approved_by=approved_by)
        finished = recover(installation, actor=CONSOLE, now=now())
        if finished:
            speak.say(f"Finished {finished} cards that an earlier run had left reserved.")
        requests = (Request(place, raw) for place, raw in load_applications(applications))
        first = list(islice(requests, FEW))
        count = len(first) if len(first) < FEW else None
        with (
            workshop(installation, out, actor=approved_by, count=count) as shop,
            speak.progress("cards") as step,
            # Whatever ends the run, the manifest says what was issued before.
            _manifest(out, lines),
        ):
            for outcomes in desk.issue(chain(first, requests), base=applications.parent, clock=now):
                for line in _lines_of(outcomes, shop):
                    lines.append(line)
                    speak.give(line)
                    step(1)
    failed = [line for line in lines if line["status"] in ("refused", "held_back")]
    _say_failed(speak, failed)
    speak.say(f"{len(lines) - len(failed)} cards in {out}, {len(failed)} refused or held back.")
    if failed:
        raise typer.Exit(1)


@app.command()
def suspend(number: Number, reason: Reason, by: By = CONSOLE, json: Json = False) -> None:
    """Hold a card: lost, stolen, or a question to be answered."""
    _act(lambda life: life.suspend(number, reason), by, CONSOLE, json)


@app.command()
def reinstate(
    number: Number, reason: Reason, by: By = CONSOLE, approved_by: ApprovedBy = CONSOLE, json: Json = False
) -> None:
    """Lift the holds of a card."""
    _act(lambda life: life.reinstate(number, reason), by, approved_by, json)


@app.command()
def revoke(
    number: Number, reason: Reason, by: By = CONSOLE, approved_by: ApprovedBy = CONSOLE, json: Json = False
) -> None:
    """End a card for ever."""
    _act(lambda life: life.revoke(number, reason), by, approved_by, json)


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
    with _acting() as installation, installation.issuing_alone():
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
    _act(lambda life: life.extend(number, _day(permit_until)), by, approved_by, json)


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
    last = None if until is None else _day(until)
    _act(lambda life: life.grant(number, service_named(service), last), by, approved_by, json)


@app.command()
def withdraw(
    number: Number,
    service: Annotated[str, typer.Argument(help="The service, by name.")],
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Take a service away, whatever is printed."""
    _act(lambda life: life.withdraw(number, service_named(service)), by, approved_by, json)


@app.command()
def chip(
    number: Number,
    uid: Annotated[str, typer.Option(help="The chip's UID, hexadecimal.")],
    out: Annotated[Path, typer.Option(help="The NDEF message to write.")],
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Write the message for one chip: the gate code, signed with the chip's UID."""
    speak = Speaker(as_json=json)
    with _acting() as installation, installation.issuing_alone():
        life = CardLife(installation, People(by, approved_by), now())
        written, message = write_chip(installation, life, number, uid, now(), clock=now)
    _write(out, message)
    speak.give({"card": number, "uid": written.uid, "file": str(out), "bytes": len(message)})
    speak.say(f"{out}: the message for chip {written.uid}, {len(message)} bytes.")


@app.command()
def bundle(
    venue: Annotated[str, typer.Argument(help="The venue, by id.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    json: Json = False,
) -> None:
    """Write the signed bundle of a venue: all that its readers need to judge cards without a network."""
    speak = Speaker(as_json=json)
    with _opened() as installation:
        data = venue_bundle(installation, venue, now)
    _write(out, data)
    speak.give({"venue": venue, "file": str(out), "bytes": len(data)})
    speak.say(f"{out}: the bundle of {venue}, {len(data)} bytes.")


@app.command()
def root(out: Annotated[Path, typer.Option(help="The file to write.")], json: Json = False) -> None:
    """Write the newest root document, which a reader is given once, by hand."""
    speak = Speaker(as_json=json)
    with _opened() as installation:
        data, version = installation.keyring.roots[-1], installation.keyring.root.version
    _write(out, data)
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


@audit_app.command(name="verify")
def audit_verify(
    remembered: Annotated[
        str | None, typer.Option(help="A head noted earlier, SEQ:HASH, so that a cut end shows.")
    ] = None,
    json: Json = False,
) -> None:
    """Check the chain of the audit, entry by entry; the first wrong one is named."""
    speak = Speaker(as_json=json)
    with _opened() as installation, installation.store.reading() as tx:
        report = tx.verify_audit(None if remembered is None else _head(remembered))
    head = f"{report.head.seq}:{report.head.hash.hex()}"
    fault = None if report.fault is None else {"seq": report.fault.seq, "kind": report.fault.kind.value}
    speak.give({"ok": report.ok, "sound": report.sound, "head": head, "fault": fault})
    if report.fault is not None:
        raise ServiceError(
            "audit_broken", f"entry {report.fault.seq}: {report.fault.kind}: {report.fault.words}"
        )
    speak.say(f"The audit is whole: {report.sound} entries. Note its head elsewhere: {head}")


@contextmanager
def _opened() -> Iterator[Installation]:
    with open_installation(read_settings()) as installation:
        yield installation


@contextmanager
def _acting() -> Iterator[Installation]:
    """An installation that a command may change: names on a command line approve nothing in production."""
    settings = read_settings()
    if settings.production:
        words = "with production settings a card changes only by an approval, which no command line gives"
        raise ServiceError("approval_needed", words)
    with open_installation(settings) as installation:
        yield installation


def _act(act: Callable[[CardLife], dict[str, object]], by: str, approved_by: str, json: bool) -> None:
    speak = Speaker(as_json=json)
    with _acting() as installation:
        answer = act(CardLife(installation, People(by, approved_by), now()))
    speak.give(answer)
    speak.say(f"Card {answer['card']}: {answer['action']}. Readers know with their next bundle.")


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


def _say_failed(speak: Speaker, failed: list[dict[str, object]]) -> None:
    rows = []
    for line in failed:
        errors = line["errors"]
        for error in errors if isinstance(errors, list) else ():
            rows.append((str(line["place"]), str(line["reference"] or ""), error["field"], error["words"]))
    if rows:
        speak.table("Not issued", ("place", "reference", "field", "what is wrong"), rows)


def _write(out: Path, data: bytes) -> None:
    if not out.name or out.is_dir():
        raise ServiceError("cannot_write", f"--out must name a file, and {str(out)!r} names none")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, data)
    except (OSError, KeysError) as error:
        raise ServiceError("cannot_write", f"{out} cannot be written: {error}") from error


def _day(text: str) -> date:
    """A day as applications write it: YYYY-MM-DD and no other form of ISO 8601."""
    return fields.day("day", text)


def _head(text: str) -> AuditHead:
    seq, _, digest = text.partition(":")
    try:
        return AuditHead(int(seq), bytes.fromhex(digest))
    except ValueError:
        raise ServiceError("bad_head", f"{text!r} is no head like 12:ab34…") from None
