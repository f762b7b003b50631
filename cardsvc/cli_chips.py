"""``cardsvc chip``, ``sun`` and ``tap``: codes onto chips, chips that sign their taps, what a tap says."""

from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.acting import acting, now, opened, write_file
from cardsvc.console import Speaker
from cardsvc.desk.chipdesk import WrittenChip, write_on
from cardsvc.desk.chips import read_chip_key, write_chip
from cardsvc.desk.life import CONSOLE, CardLife, People
from cardsvc.desk.taps import judge_tap, personalise_chip
from cardsvc.errors import ServiceError
from issuance.chips.tags import TAGS, TagKind
from verify.pcsc import Readers

#: How long the desk has to lay a chip on the reader, in seconds.
WAIT_S = 30


Number = Annotated[str, typer.Argument(help="The card's number; spaces between groups are fine.")]
By = Annotated[str, typer.Option(help="Who does it.")]
ApprovedBy = Annotated[str, typer.Option(help="Who approved it.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, words on standard error.")]


def chip(
    number: Number,
    uid: Annotated[
        str, typer.Option(help="The chip's UID, hexadecimal; with --write the chip says it.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="The NDEF message to write.")] = None,
    tag: Annotated[
        TagKind | None,
        typer.Option(help="The kind of chip: its room is checked. Default: ntag424, or key with --chip-key."),
    ] = None,
    chip_key: Annotated[
        str, typer.Option(help="The public key of a chip that has one: hexadecimal, or a PEM file.")
    ] = "",
    write: Annotated[bool, typer.Option("--write", help="Write the chip on the PC/SC reader.")] = False,
    reader: Annotated[
        str | None, typer.Option(help="The PC/SC reader, by the beginning of its name.")
    ] = None,
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Write the message for one chip: the gate code, signed with the chip's UID."""
    speak = Speaker(as_json=json)
    if write:
        if uid or chip_key:
            words = "with --write the chip itself says its UID and its key; leave --uid and --chip-key out"
            raise ServiceError("two_sources", words)
        written = _write(speak, number, People(by, approved_by), reader)
        speak.say(
            f"Chip {written.record.uid} carries card {number}, {len(written.message)} bytes, read back."
        )
        if written.proved:
            speak.say("It proved its own key.")
        facts = {"written": True, "proved": written.proved}
        record, message = written.record, written.message
    else:
        if not uid or out is None:
            words = "give --uid and --out for a file, or --write for the chip on the reader"
            raise ServiceError("no_target", words)
        kind = kind_of(tag, has_key=bool(chip_key))
        key = read_chip_key(chip_key) if chip_key else None
        with acting() as installation, installation.issuing_alone():
            life = CardLife(installation, People(by, approved_by), now())
            record, message = write_chip(
                installation, life, number, uid, now(), room=TAGS[kind].capacity, chip_key=key, clock=now
            )
        facts = {}
    if out is not None:
        write_file(out, message)
        speak.say(f"{out}: the message for chip {record.uid}, {len(message)} bytes.")
    file = {} if out is None else {"file": str(out)}
    speak.give({"card": number, "uid": record.uid, "bytes": len(message)} | file | facts)


def kind_of(tag: TagKind | None, *, has_key: bool) -> TagKind:
    """The kind of chip that is meant; ``wrong_tag`` where kind and key would be refused at every door."""
    if tag is None:
        return TagKind.KEY if has_key else TagKind.NTAG424
    if (tag is TagKind.KEY) == has_key:
        return tag
    if has_key:
        words = f"a chip of the kind {tag.value} has no key of its own; name --tag {TagKind.KEY.value}"
    else:
        words = "a chip with a key of its own is signed for that key: give it with --chip-key"
    raise ServiceError("wrong_tag", words)


def _write(speak: Speaker, number: str, people: People, name: str | None) -> WrittenChip:
    with Readers() as readers:
        name = readers.the(name)
        speak.say(f"Lay the chip on {name}.")
        if not readers.wait(name, WAIT_S):
            raise ServiceError("no_chip", f"no chip was laid on {name} within {WAIT_S} seconds")
        with (
            acting() as installation,
            installation.issuing_alone(),
            readers.connect(name) as connection,
        ):
            life = CardLife(installation, people, now())
            return write_on(installation, life, number, connection, now(), clock=now)


def sun(
    number: Number,
    uid: Annotated[str, typer.Option(help="The UID of an NTAG 424 DNA, hexadecimal.")],
    seal_to: Annotated[
        str, typer.Option(help="The X25519 public key of the station that writes chips, hexadecimal.")
    ],
    out: Annotated[Path, typer.Option(help="The JSON file to write.")],
    by: By = CONSOLE,
    approved_by: ApprovedBy = CONSOLE,
    json: Json = False,
) -> None:
    """Give an NTAG 424 DNA what it needs to sign its taps: file, settings, and its keys, sealed."""
    speak = Speaker(as_json=json)
    try:
        station = bytes.fromhex(seal_to)
    except ValueError as error:
        raise ServiceError("bad_station_key", f"{seal_to!r} is not hexadecimal") from error
    with acting() as installation:
        life = CardLife(installation, People(by, approved_by), now())
        made = personalise_chip(installation, life, number, uid, now(), station)
    write_file(out, (dumps(made, indent=2) + "\n").encode())
    speak.give({"card": number, "uid": made["uid"], "file": str(out)})
    speak.say(f"{out}: what chip {made['uid']} is to be given; its keys are sealed to the station.")


def tap(address: Annotated[str, typer.Argument(help="The address a chip gave.")], json: Json = False) -> None:
    """Judge a tap of a chip that signs them; each address is good once."""
    speak = Speaker(as_json=json)
    with opened() as installation:
        answer = judge_tap(installation, address, now())
    speak.give(asdict(answer))
    if answer.reason != "ok":
        words = f"the chip is genuine, and card {answer.card} is not good: {answer.reason}"
        raise ServiceError(answer.reason, words)
    speak.say(f"Card {answer.card} is good for: {', '.join(answer.services) or 'no service'}.")
