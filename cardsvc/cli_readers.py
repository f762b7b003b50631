"""``cardsvc reader``: one-time codes for new readers, from the console."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cardsvc.acting import now, opened, write_file
from cardsvc.console import Speaker
from cardsvc.desk.life import CONSOLE
from cardsvc.errors import ServiceError
from cardsvc.readers.enrolling import make_code
from cardsvc.readers.kinds import CONFIGURED, WHEEL_MADE_BY, Kind, setup_of
from cardsvc.readers.places import Place
from cardsvc.readers.venues import service_at

reader_app = typer.Typer(no_args_is_help=True, help="Readers at the doors.")


@reader_app.callback()
def _readers() -> None:
    """Readers at the doors."""


@reader_app.command()
def code(
    venue: Annotated[str, typer.Argument(help="The venue the reader will stand at.")],
    name: Annotated[str | None, typer.Option(help="What the reader will be called.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="gate, or the venue's role: how much of a card it shows.")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What stands at the door.")] = Kind.DOOR,
    site: Annotated[str | None, typer.Option(help="Where it stands, in words.")] = None,
    service: Annotated[
        str | None, typer.Option(help="What holders ask for at it; default the venue's only service.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Write the reader's configuration there, to begin with.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Make a one-time code, shown this once, for `cardsvc-verify enrol`."""
    speak = Speaker(as_json=json)
    if config is not None and kind not in CONFIGURED:
        raise ServiceError("no_config", f"a {kind.value} runs another program; it has no reader.toml")
    if config is not None and config.exists():
        raise ServiceError("file_exists", f"{config} is there already; name another file")
    if config is not None:
        _check_writable(config)
    with opened() as installation:
        with installation.store.transaction() as tx:
            asked = service_at(tx.venues.get(venue), service)
            place = Place(kind, site)
            made = make_code(tx, venue, CONSOLE, now(), name=name, profile=profile, place=place)
        url = installation.issuer.public_url
    setup = setup_of(
        kind,
        reader=made.reader,
        venue=venue,
        profile=made.profile,
        service=asked,
        url=url,
        code=made.code,
    )
    expires = made.expires.isoformat()
    speak.give({"code": made.code, "reader": made.reader, "venue": venue, "url": url, "expires": expires})
    until = f"{made.expires:%Y-%m-%d %H:%M} UTC"
    speak.say(f"For {made.reader}, one reader of {venue}. Shown this once, good until {until}.")
    speak.say("In the checkout, once for all readers, and then carry the file to the reader:")
    speak.line(f"  {WHEEL_MADE_BY}")
    speak.say("At the reader, in the folder of its configuration:")
    speak.line(f"  {setup.install}")
    speak.line(f"  {setup.enrol}")
    # Last: the code exists and is shown, whatever becomes of the file.
    if config is not None and setup.config is not None:
        write_file(config, setup.config.encode())
        speak.say(
            f"{config} is its configuration; save the root document beside it: cardsvc root --out root.cose"
        )


def _check_writable(config: Path) -> None:
    """Refuse what cannot be written (``cannot_write``) before a code is made, which is shown once."""
    folder = next(one for one in config.absolute().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ServiceError("cannot_write", f"{config} cannot be written: {folder} is no folder of yours")
