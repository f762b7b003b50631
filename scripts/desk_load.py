"""How long people at the desk wait while cards are issued; run by hand.

``python -m scripts.desk_load [CARDS] [--minutes M]`` sets a demonstration up in a temporary folder, runs the
signer, the service and ``cardsvc issue`` of so many cards as the processes they are, and lets clerks work
over HTTP meanwhile, at a person's pace. It ends when all cards are issued, or after M minutes, and says how
many there were. Any answer but success ends it. ``CARDSVC_DATABASE_URL`` may name an empty database of
PostgreSQL.
"""

import argparse
import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from cardsvc.http.headers import cookie_name
from cardsvc.installation import open_installation
from cardsvc.settings import read_settings
from cardsvc.staff.sessions import open_session
from scripts.bench.issuing import EXAMPLES, Applications

CARDS: Final = 10_000
MINUTES: Final = 60.0
#: What is promised while cards are issued, and in how many of a hundred answers.
GOAL_MS, OF_HUNDRED = 200, 95
CLERKS, CASES = 2, 30
#: Between two touches of a person who works fast.
PACE_S: Final = 0.25
#: Rounds of every clerk before the first card, to compare with.
QUIET_ROUNDS: Final = 10
START_S: Final = 60
BIN: Final = Path(sys.executable).parent


class LoadError(Exception):
    """The service did not do what it must."""


@dataclass
class Clerk:
    """A signed-in clerk before the pages, and how long each answer took."""

    port: int
    token: str
    cases: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    saved: int = 0

    def __post_init__(self) -> None:
        """Keep one connection, as a browser does."""
        self._line = http.client.HTTPConnection("localhost", self.port, timeout=60)

    def ask(self, name: str, method: str, path: str, body: object = None) -> Any:
        """One call under a name; its JSON where it has some. Fails for anything but success."""
        headers = {"Cookie": f"{cookie_name(https=False)}={self.token}"}
        headers |= {"Origin": f"http://localhost:{self.port}", "Content-Type": "application/json"}
        begun = time.perf_counter()
        self._line.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._line.getresponse()
        data = answer.read()
        self.seconds.setdefault(name, []).append(time.perf_counter() - begun)
        if answer.status >= 300:
            raise LoadError(f"{method} {path}: {answer.status} {data[:300]!r}")
        return json.loads(data) if "json" in (answer.headers["Content-Type"] or "") else None

    def file(self, application: dict[str, Any], portrait: str) -> None:
        """A whole case of one's own."""
        one = self.ask("", "POST", "/api/desk/cases", {"application": application})
        body = {"version": one["version"], "base64": portrait}
        self.cases.append(self.ask("", "POST", f"/api/desk/cases/{one['id']}/portrait", body))

    def round(self, pace: Callable[[float], object]) -> None:
        """What a clerk does all day, once."""
        self.saved += 1
        case = self.cases[self.saved % len(self.cases)]
        path = f"/api/desk/cases/{case['id']}"
        application = case["application"] | {"phone": f"+86579{self.saved:08}"}
        steps = (
            ("the page of the desk", "GET", "/desk", None),
            ("session", "GET", "/api/session", None),
            ("list of 50 cases", "GET", "/api/desk/queue?limit=50", None),
            ("a search", "GET", f"/api/desk/queue?search={case['reference']}", None),
            ("open a case", "GET", path, None),
            ("save a draft", "PUT", path, {"version": case["version"], "application": application}),
            ("preview", "POST", "/api/desk/preview", {"case": case["id"], "application": application}),
        )
        for name, method, to, body in steps:
            answer = self.ask(name, method, to, body)
            if method == "PUT":
                case |= answer
            pace(PACE_S)


def main() -> int:
    """Measure, and show; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.desk_load", description=__doc__.splitlines()[0])
    parser.add_argument("cards", nargs="?", type=int, default=CARDS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cardsvc-load-") as folder:
        return measure(Path(folder), given.cards, given.minutes * 60)


def measure(folder: Path, cards: int, limit_s: float) -> int:
    """Set up, let clerks work alone, then beside the issuing."""
    port = free_port()
    os.environ |= {"CARDSVC_DATA": str(folder / "data"), "CARDSVC_PUBLIC_URL": f"http://localhost:{port}"}
    subprocess.run([BIN / "cardsvc", "init"], check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(EXAMPLES / "portraits", folder / "portraits")
    raws = Applications(datetime.now(UTC)).take(cards + CLERKS * CASES)
    applications = [born(raw, place) for place, raw in enumerate(raws)]
    drafts = applications[cards:]
    lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in applications[:cards])
    (folder / "applications.jsonl").write_text("".join(lines), "utf-8")
    with serving(folder, port):
        clerks = [Clerk(port, token) for token in tokens()]
        for place, draft in enumerate(drafts):
            clerks[place % CLERKS].file(*as_typed(draft))
        quiet = worked(clerks, rounds=QUIET_ROUNDS)
        with issuing(folder) as (process, issued):
            begun = time.monotonic()
            busy = worked(
                clerks, until=lambda: process.poll() is not None or time.monotonic() - begun > limit_s
            )
            minutes, count = (time.monotonic() - begun) / 60, issued()
    return show(quiet, busy, f"while {count:,} of {cards:,} cards were issued in {minutes:.1f} minutes")


def worked(
    clerks: list[Clerk], *, rounds: int = sys.maxsize, until: Callable[[], bool] = lambda: False
) -> dict[str, list[float]]:
    """Let all of them work at once; the seconds of every answer by name. Raises what one of them met."""
    over, met = threading.Event(), list[BaseException]()

    def work(clerk: Clerk) -> None:
        clerk.seconds = {}
        try:
            for _ in range(rounds):
                clerk.round(over.wait)
                if over.is_set() or until():
                    break
        except (LoadError, OSError, http.client.HTTPException) as error:
            met.append(error)
        finally:
            if rounds == sys.maxsize:
                over.set()

    threads = [threading.Thread(target=work, args=(clerk,)) for clerk in clerks]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if met:
        raise SystemExit(f"desk_load: {met[0]}")
    names = dict.fromkeys(name for clerk in clerks for name in clerk.seconds)
    return {name: [s for clerk in clerks for s in clerk.seconds.get(name, [])] for name in names}


def show(quiet: dict[str, list[float]], busy: dict[str, list[float]], words: str) -> int:
    """The table, in milliseconds."""
    table = Table(title=f"What {CLERKS} clerks waited for, {words}", title_justify="left")
    heads = ("before: median", f"p{OF_HUNDRED}", "meanwhile: median", f"p{OF_HUNDRED}", "longest", "answers")
    table.add_column("call")
    for head in heads:
        table.add_column(head, justify="right")
    for name, seconds in busy.items():
        alone = quiet.get(name, [])
        cells = (
            at(alone, 50),
            at(alone, OF_HUNDRED),
            at(seconds, 50),
            at(seconds, OF_HUNDRED),
            at(seconds, 100),
        )
        missed = at(seconds, OF_HUNDRED) > GOAL_MS
        row = (f"{cell:.0f}" for cell in cells)
        table.add_row(name, *row, str(len(seconds)), style="red" if missed else None)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return int(any(at(seconds, OF_HUNDRED) > GOAL_MS for seconds in busy.values()))


def at(seconds: list[float], hundredth: int) -> float:
    """The milliseconds that so many of a hundred answers did not exceed."""
    ranked = sorted(seconds)
    return 1000 * ranked[max(0, -(-len(ranked) * hundredth // 100) - 1)] if ranked else 0.0


def born(application: dict[str, Any], place: int) -> dict[str, Any]:
    """On a day that few share, as in a city: who shares name and birthday is compared with each other."""
    day = date(1960, 1, 1) + timedelta(days=place * 37 % (40 * 365))
    return application | {"birth": day.isoformat()}


def as_typed(draft: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What a clerk types, and the portrait that is uploaded."""
    fields = dict(draft)
    portrait = (EXAMPLES / str(fields.pop("portrait"))).read_bytes()
    return fields, base64.b64encode(portrait).decode()


def tokens() -> Iterator[str]:
    """Sessions of clerks, opened behind the scenes: signing in is not what is measured."""
    with open_installation(read_settings()) as installation:
        for _ in range(CLERKS):
            with installation.store.transaction() as tx:
                token, _session = open_session(tx, "clerk1", "passkey", datetime.now(UTC), fresh=True)
            yield token


@contextmanager
def serving(folder: Path, port: int) -> Iterator[None]:
    """The signer and the service, as processes of their own."""
    with (folder / "log").open("wb") as log:
        signer = subprocess.Popen([BIN / "cardsvc", "signer"], stdout=log, stderr=log)
        service = None
        try:
            wait_for(signer, (folder / "data/signer/socket").exists)
            service = subprocess.Popen(
                [BIN / "cardsvc", "serve", "--port", str(port)], stdout=log, stderr=log
            )
            wait_for(service, lambda: answers(port))
            yield
        finally:
            for one in filter(None, (service, signer)):
                one.terminate()
                one.wait(START_S)


@contextmanager
def issuing(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], int]]]:
    """``cardsvc issue``, and how many cards it has finished; stopped at the end, as with Ctrl-C."""
    lines = folder / "issued.jsonl"
    command = [
        f"{BIN / 'cardsvc'}", "issue", f"{folder / 'applications.jsonl'}", "--submitted-by", "clerk1",
        "--approved-by", "chief1", "--out", f"{folder / 'cards'}", "--json",
    ]  # fmt: skip
    with lines.open("wb") as out, (folder / "issue.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=out, stderr=log, start_new_session=True)
        try:
            yield process, lambda: lines.read_bytes().count(b'"status": "issued"')
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.wait(START_S)


def wait_for(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    """Until it is ready; fails if it ends before."""
    end = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"desk_load: {process.args!r} did not start")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """One that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
