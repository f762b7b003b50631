"""The reader's commands: ``cardsvc-verify gate | enrol | status | selftest | certify``."""

import argparse
import json
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from verify.errors import CardsvcError, Refused

if TYPE_CHECKING:
    from verify.reader.certify import Fault, Step

FINE, NOT_FINE, UNKNOWN, WRONG_USAGE, TRUST_REFUSED = 0, 1, 2, 64, 65
#: What the root document, the state or the memory of trust is refused for; everything else is wrong usage.
_OF_TRUST: Final = frozenset(
    (
        "unreadable",
        "other_root",
        "malformed",
        "wrong_venue",
        "too_few_signatures",
        "bad_signature",
        "wrong_type",
    )
)


def add(commands: Any) -> None:
    """Add the reader's commands to the parser of ``cardsvc-verify``."""
    gate = commands.add_parser("gate", help="read, judge, open and keep the log until stopped")
    gate.add_argument("--config", type=Path, required=True, help="the reader's TOML file")
    gate.set_defaults(run=_gate)
    enrol = commands.add_parser("enrol", help="make this device's keys and have the service know them")
    enrol.add_argument("--url", required=True, help="the service, https://…")
    enrol.add_argument("--code", required=True, help="the one-time code that an operator gave out")
    enrol.add_argument("--state", type=Path, required=True, help="the reader's state directory")
    enrol.add_argument("--ca", type=Path, help="certificates to believe instead of the system's")
    enrol.set_defaults(run=_enrol)
    status = commands.add_parser(
        "status", help="how a reader stands", description="Exit: 0 fine, 1 an alarm, 2 cannot be told."
    )
    status.add_argument("--config", type=Path, required=True)
    status.add_argument("--json", action="store_true", help="one JSON object")
    status.set_defaults(run=_status)
    selftest = commands.add_parser(
        "selftest", help="try everything a reader needs, light and sound too", description="Exit: 0 all well."
    )
    selftest.add_argument("--config", type=Path, required=True)
    selftest.set_defaults(run=_selftest)
    certify = commands.add_parser(
        "certify",
        help="drive a reader program through the conformance kit",
        description="The program reads JSON lines and answers each with one (docs/readers.md).",
    )
    certify.add_argument("--kit", type=Path, help="another kit's folder than the one that came with this")
    certify.add_argument(
        "--show", type=int, metavar="STEP", help="print one step whole: sent, expected, found"
    )
    certify.add_argument(
        "--timeout", type=float, default=10.0, help="seconds a program may take for an answer"
    )
    certify.add_argument("program", metavar="COMMAND", help="the program with its arguments, quoted as one")
    certify.set_defaults(run=_certify)


def _guarded(work: Callable[[], int]) -> int:
    try:
        return work()
    except CardsvcError as error:
        print(f"cardsvc-verify: {error.reason}: {error}", file=sys.stderr)
        return TRUST_REFUSED if error.reason in _OF_TRUST else WRONG_USAGE


def _log(words: str) -> None:
    with suppress(OSError, ValueError):  # A log that nobody takes any more must not end the gate.
        print(f"cardsvc-verify: {words}", file=sys.stderr, flush=True)


def clock() -> int:
    """The reader's clock, in epoch seconds."""
    return int(time.time())


def _gate(options: argparse.Namespace) -> int:
    def work() -> int:
        from verify.reader.config import read_config
        from verify.reader.run import Reader

        stop = threading.Event()
        reader = Reader(read_config(options.config), clock=clock, log=_log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        reader.run(stop)
        return FINE

    return _guarded(work)


def _enrol(options: argparse.Namespace) -> int:
    def work() -> int:
        from verify.reader.client import Client
        from verify.reader.device import Device
        from verify.reader.run import ENROLMENT
        from verify.reader.service import enrol
        from verify.store import StateDirectory

        device = Device.open(options.state, make=True)
        enrolment = enrol(Client(options.url, ca=options.ca), options.code, device, clock())
        StateDirectory(options.state).write(ENROLMENT, enrolment.to_json().encode())
        print(f"enrolled as {enrolment.reader} of venue {enrolment.venue}; device key {device.fingerprint}")
        return FINE

    return _guarded(work)


def _status(options: argparse.Namespace) -> int:
    def work() -> int:
        from verify.reader.config import read_config
        from verify.reader.status import status

        found = status(read_config(options.config), clock())
        if options.json:
            print(json.dumps(found))
        else:
            for name, value in found.items():
                words = ", ".join(map(str, value)) if isinstance(value, list) else value
                print(f"{name.replace('_', ' ')}: {'none' if words in (None, '') else words}")
        if found["made_at"] is None:
            return UNKNOWN
        return NOT_FINE if found["alarms"] else FINE

    return _guarded(work)


def _selftest(options: argparse.Namespace) -> int:
    def work() -> int:
        from verify.reader.config import read_config
        from verify.reader.selftest import selftest

        well = True
        for trial in selftest(read_config(options.config), clock(), _log):
            well = well and trial.well
            print(f"{'ok  ' if trial.well else 'FAIL'} {trial.name}: {trial.words}", flush=True)
        return FINE if well else NOT_FINE

    return _guarded(work)


def _certify(options: argparse.Namespace) -> int:
    def work() -> int:
        from verify.reader.certify import OWN, certify, read_kit

        kit = read_kit(options.kit or OWN)
        faults = list(certify(_words(options.program), kit, options.timeout))
        if options.show is not None:
            return _show(kit, faults, options.show)
        for fault in faults:
            print(fault)
        wrong, opens = sum(1 + fault.untried for fault in faults), sum(fault.opens for fault in faults)
        danger = f"; {opens} would open a door that must stay shut" if opens else ""
        print(f"{len(kit) - wrong} of {len(kit)} right{danger}")
        return NOT_FINE if faults else FINE

    return _guarded(work)


def _words(program: str) -> list[str]:
    """A command as a shell would part it; raises ``wrong_command``."""
    try:
        return shlex.split(program)
    except ValueError as error:
        raise Refused("wrong_command", f"{program!r} cannot be parted into words: {error}") from error


def _show(kit: "Sequence[Step]", faults: "Sequence[Fault]", number: int) -> int:
    if not 1 <= number <= len(kit):
        raise Refused("wrong_command", f"the kit has the steps 1 to {len(kit)}")
    step, fault = kit[number - 1], next((one for one in faults if one.number == number), None)
    found = "as expected" if fault is None else json.dumps(fault.answer) if fault.answer else fault.lines[0]
    for name, words in (
        ("step", f"{number}, {step.name}"),
        ("sent", json.dumps(step.send)),
        ("expected", json.dumps(step.expect)),
        ("found", found),
    ):
        print(f"{name:8}  {words}")
    return FINE if fault is None else NOT_FINE
