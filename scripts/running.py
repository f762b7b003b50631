"""Runs the signer, the service and three doors of a data directory, until Ctrl-C (``./scripts/start``)."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from rich.console import Console

from cardsvc.acting import opened
from cardsvc.settings import read_settings
from keys import wire
from scripts import doors

BIN = Path(sys.executable).parent
#: A cold start on a small machine takes a few seconds; past this something is wrong.
START_S = 60
#: A process that does not heed the request to stop within this is ended.
STOP_S = 15

console = Console(highlight=False)


class Stopped(Exception):
    """Somebody asked to stop."""


def serve(data: Path, port: int) -> int:
    """Run them, say how to sign in, and wait; 0 when somebody asked to stop, 1 when one ended by itself."""
    place = read_settings().signer_socket
    with opened() as installation:
        url = installation.issuer.public_url
    if answers(place):
        console.print(
            f"It runs already: the desk is at {url}/desk, the signer at {place}.\n"
            "To start anew, stop it with Ctrl-C in its terminal first; for a second one set CARDSVC_DATA.",
            soft_wrap=True,
            markup=False,
        )
        return 1
    if _taken(port):
        console.print(f"Port {port} is in use. Stop what listens there, and run this again.")
        return 1
    signal.signal(signal.SIGTERM, _stop)
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(_start(data, "signer"))
        _until(running[0], lambda: answers(place), data)
        running.append(_start(data, "serve", "--port", str(port)))
        _until(running[1], lambda: _taken(port), data)
        _welcome(data, read_settings().address(url))
        running += _doors(data)
        while all(one.poll() is None for one in running):
            time.sleep(0.5)
        console.print(
            f"One of the processes ended by itself; its last words are in {data / 'log'} or {data / 'doors'}."
        )
    except (KeyboardInterrupt, Stopped):
        console.print("\nStopped.")
        return 0
    finally:
        for one in reversed(running):
            _end(one)
    return 1


def _start(data: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """One of our commands in a session of its own: Ctrl-C reaches it through us, in order."""
    log = data / "log"
    log.mkdir(exist_ok=True)
    with (log / f"{arguments[0]}.log").open("ab") as words:
        return subprocess.Popen(
            [BIN / "cardsvc", *arguments], stdout=words, stderr=words, start_new_session=True
        )


def _doors(data: Path) -> list["subprocess.Popen[bytes]"]:
    """The three doors, once the service answers; without them the rest goes on."""
    started = []
    for door in doors.DOORS:
        try:
            doors.prepare(data, door, _cardsvc)
            started.append(doors.start(data, door))
        except (subprocess.CalledProcessError, doors.NoAnswer) as error:
            words = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip() or str(error)
            console.print(f"  The door {door.name} cannot be opened: {words}", markup=False, soft_wrap=True)
    if started:
        console.print(
            "\n[bold green]•[/] Three doors stand beside it: a bus, a library, a clinic."
            " Tap a card at each:\n  ./scripts/tap NUMBER"
        )
    return started


def _cardsvc(*arguments: str) -> str:
    done = subprocess.run([BIN / "cardsvc", *arguments], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def _until(process: subprocess.Popen[bytes], ready: Callable[[], bool], data: Path) -> None:
    end = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(
                f"The service did not start; the reason is at the end of a file in {data / 'log'}."
            )
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(place: Path) -> bool:
    """Whether a signer listens there; at a socket that an earlier run left behind nobody does."""
    if not place.exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one, wire.address(place) as address:
        return one.connect_ex(address) == 0


def _taken(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _welcome(data: Path, url: str) -> None:
    """Where the pages are, and an invitation for everybody who has no way in yet."""
    invited = [json.loads(line) for line in _cardsvc("staff", "invite", "--all", "--json").splitlines()]
    console.print(f"\n[bold green]•[/] The desk is open: {url}/desk", soft_wrap=True)
    if invited:
        console.print(
            "  Nobody here is real; be whom you like. Open an invitation, make a passkey, and you are in.\n"
            "  One person files, another approves: open clerk1 and chief1 in two windows. Each works once."
        )
    for row in invited:
        # Not in a table: an address that is folded cannot be opened.
        console.print(f"  {row['staff']:<12} {row['role']:<11} {row['url']}", soft_wrap=True, markup=False)
    console.print(f"  What the processes say: {data / 'log'}. Ctrl-C stops everything.", soft_wrap=True)
