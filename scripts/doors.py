"""Three venues beside the demonstration: a bus, a library door and a clinic, each a reader of its own.

Each is the very ``cardsvc-verify gate`` of a venue: enrolled once, by a one-time code, at the running
service; then it asks for bundles, judges by itself, and brings its log. Its scanner is a TCP port of this
machine, its screen a file. All of it stands under ``doors`` in the data directory, so that a second start
goes on with the same devices and logs.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from verify.errors import CardsvcError
from verify.reader.config import read_config
from verify.reader.run import ENROLMENT

BIN: Final = Path(sys.executable).parent
HOST: Final = "127.0.0.1"
#: Ports are taken from here on, unless others have them.
FIRST_PORT: Final = 9101
#: A door judges in milliseconds; this long is for a machine that does much else.
ANSWER_S: Final = 15.0

_CONFIG: Final = """\
# Written by scripts/start. All keys are in docs/readers.md.
[reader]
state = "state"
root = "root.cose"
service = "{service}"
role = "{role}"
languages = ["zh", "en"]

[service]
sync_s = 15
upload_s = 15

[[input]]
kind = "tcp"
listen = "{host}:{port}"

[[output]]
kind = "terminal"
form = "json"
"""

#: Runs ``cardsvc`` with these arguments and gives what it wrote to standard output.
Cardsvc = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Door:
    """A venue's reader: what people call it, where it stands, and what its holders ask for."""

    name: str
    venue: str
    service: str
    role: str = "gate"


DOORS: Final = (
    Door("bus", "bus", "bus"),
    Door("library", "library", "library"),
    Door("clinic", "hospital", "hospital", role="desk"),
)


class NoAnswer(Exception):
    """A door is not there, or says nothing."""


def folder_of(data: Path, door: Door) -> Path:
    """Where a door keeps everything it has."""
    return data / "doors" / door.name


def prepare(data: Path, door: Door, cardsvc: Cardsvc) -> None:
    """Enrol a door that is not yet enrolled, at the service, which must run; give it its configuration."""
    place = folder_of(data, door)
    place.mkdir(parents=True, exist_ok=True)
    cardsvc("root", "--out", str(place / "root.cose"))
    if not (place / "state" / ENROLMENT).exists():
        made = json.loads(cardsvc("reader", "code", door.venue, "--json"))
        words = ["enrol", "--url", made["url"], "--code", made["code"], "--state", str(place / "state")]
        subprocess.run([BIN / "cardsvc-verify", *words], capture_output=True, check=True)
    config = _CONFIG.format(service=door.service, role=door.role, host=HOST, port=_port(place))
    (place / "reader.toml").write_text(config, "utf-8")


def start(data: Path, door: Door) -> "subprocess.Popen[bytes]":
    """The gate of a door that was prepared; its screen begins empty."""
    place = folder_of(data, door)
    with (place / "screen.jsonl").open("wb") as screen, (place / "door.log").open("ab") as words:
        return subprocess.Popen(
            [BIN / "cardsvc-verify", "gate", "--config", place / "reader.toml"],
            stdout=screen,
            stderr=words,
            start_new_session=True,
        )


def tap(data: Path, door: Door, code: str) -> Mapping[str, Any]:
    """Show a code to a door's scanner and give what its screen says of it; raises :class:`NoAnswer`."""
    place = folder_of(data, door)
    screen = place / "screen.jsonl"
    try:
        address = read_config(place / "reader.toml").inputs[0].options["address"]
        seen = screen.stat().st_size
        with socket.create_connection(address, ANSWER_S) as scanner:
            scanner.sendall(code.encode("ascii") + b"\n")
    except (CardsvcError, OSError, ValueError) as error:
        words = "run ./scripts/start first, and wait until it says that three doors stand beside it"
        raise NoAnswer(f"nobody is at the door {door.name}: {words} ({error})") from error
    end = time.monotonic() + ANSWER_S
    while time.monotonic() < end:
        with screen.open("rb") as file:
            file.seek(seen)
            lines = [json.loads(line) for line in file if line.endswith(b"\n")]
        for said in lines:
            if "verdict" in said:
                found: dict[str, Any] = said
                return found
        time.sleep(0.02)
    raise NoAnswer(f"the door {door.name} says nothing; its last words are in {place / 'door.log'}")


def _port(place: Path) -> int:
    """The port it had, if that is free, else the first free one that no other door has.

    Another door may have been started so lately that it does not listen yet.
    """
    ports = {
        config.parent: read_config(config).inputs[0].options["address"][1]
        for config in place.parent.glob("*/reader.toml")
    }
    had = [ports.pop(place)] if place in ports else []
    for port in (*had, *range(FIRST_PORT, FIRST_PORT + 1000)):
        if port in ports.values():
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(port)
    raise NoAnswer("no port is free for a scanner")
