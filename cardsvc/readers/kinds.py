"""Kinds of readers, each with the configuration that its installer begins with (docs/readers.md)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from verify.verdict import Role


class Kind(StrEnum):
    """What stands at the door; an officer's phone stands nowhere. The last three run other programs."""

    BUS = "bus"
    DOOR = "door"
    DESK = "desk"
    TABLET = "tablet"
    SYSTEM = "system"
    PHONE = "phone"


#: The parts of ``cardsvc-verify`` beside the bare one that each kind's configuration asks for.
EXTRAS: Final = {Kind.BUS: "gpio", Kind.DOOR: "mqtt"}
#: The program for readers, as ``WHEEL_MADE_BY`` makes it in a checkout. Until it is released its name is
#: ours on no index: whoever asked there for it could be given a stranger's.
WHEEL: Final = "./cardsvc_verify-0.1.0-py3-none-any.whl"
WHEEL_MADE_BY: Final = "pip wheel --no-deps ./verify"
#: Kinds that are run by ``cardsvc-verify gate`` with a configuration.
CONFIGURED: Final = frozenset({Kind.BUS, Kind.DOOR, Kind.DESK})

_WORDS: Final = {
    Kind.BUS: "A bus: a scanner types into the console, lamps and a buzzer hang on a Raspberry Pi.",
    Kind.DOOR: "A door: a scanner in the network, a lock that listens to MQTT.",
    Kind.DESK: "A desk: a scanner types into the console, staff read the screen.",
}
_TERMINAL: Final = '[[output]]\nkind = "terminal"\nbell = true\n'
_LINES: Final = '[[input]]\nkind = "lines"\n'
_PARTS: Final = {
    Kind.BUS: f"""
[folder]                        # a stick, where there is no network for days
path = "stick"

[journal]
max_mib = 256

{_LINES}
{_TERMINAL}
[[output]]
kind = "gpio"                   # BCM numbers of the pins
green = 17
amber = 27
red = 22
buzzer = 23
""",
    Kind.DOOR: f"""
[[input]]
kind = "tcp"                    # the scanner connects here and sends one code a line
listen = "127.0.0.1:9004"       # the address that the scanner alone reaches

{_TERMINAL}
[[output]]
kind = "mqtt"                   # the broker that the lock listens to
host = "127.0.0.1"
topic = "READER/open"
open_s = 4
""",
    Kind.DESK: f"\n{_LINES}\n{_TERMINAL}",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What an installer types and writes down for a new reader.

    ``config`` is the text of ``reader.toml``, None for a kind that runs another program.
    """

    install: str
    enrol: str
    config: str | None


def setup_of(
    kind: Kind, *, reader: str, venue: str, profile: str, service: str | None, url: str, code: str
) -> Setup:
    """The commands and the configuration for one reader; ``service`` is what its holders ask for."""
    extra = EXTRAS.get(kind)
    return Setup(
        install=f"pip install '{WHEEL}{f'[{extra}]' if extra else ''}'",
        enrol=f"cardsvc-verify enrol --url {url} --code {code} --state state",
        config=_config(kind, reader, venue, profile, service) if kind in CONFIGURED else None,
    )


def _config(kind: Kind, reader: str, venue: str, profile: str, service: str | None) -> str:
    lines = [
        f"# {reader} at {venue}. {_WORDS[kind]}",
        "# cardsvc-verify gate --config reader.toml; every key stands in docs/readers.md.",
        "# Paths count from this file's folder.",
        "",
        "[reader]",
        'state = "state"',
        'root = "root.cose"              # given by hand, once',
        *([f'service = "{service}"'] if service else []),
        *([f'role = "{profile}"'] if profile != Role.GATE.value else []),
        'languages = ["zh", "en"]',
        "",
        "[service]",
    ]
    return "\n".join(lines) + "\n" + _PARTS[kind].replace("READER", reader)
