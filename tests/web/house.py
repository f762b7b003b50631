"""A whole installation on a free port: its own data, signer and service, which can be killed and started."""

import atexit
import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from cardsvc.trust.shelf import QUIET, Document
from tests.commands import run
from tests.ports import free_port

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "cardsvc" / "web" / "dist"
EXAMPLES = ROOT / "examples"
#: A cold start on one slow core, with others at work.
START_S = 60


def environment(data: Path, url: str) -> dict[str, str]:
    """That of the commands of an installation."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CARDSVC_")}
    return own | {"CARDSVC_DATA": str(data), "CARDSVC_PUBLIC_URL": url}


@cache
def founded() -> tuple[Path, int, dict[str, str]]:
    """A data directory before anybody used it, its port, and the address of everybody's invitation.

    Made once a process: every house is a copy, on the same port, since an installation keeps its address.
    """
    folder = tempfile.mkdtemp(prefix="cardsvc-founded-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data, port = Path(folder) / "data", free_port()
    settings = environment(data, f"http://localhost:{port}")
    run(settings, "init")
    lines = run(settings, "staff", "invite", "--all", "--json").splitlines()
    return data, port, {row["staff"]: row["url"] for row in map(json.loads, lines)}


class House:
    """The processes of an installation in demonstration settings, as ``scripts/start`` runs them."""

    def __init__(self, data: Path) -> None:
        assert (PAGES / "desk.html").is_file(), "the pages are not built; run scripts/test, which sets up"
        empty, self.port, self.invitations = founded()
        self.data = shutil.copytree(empty, data)
        self.url = f"http://localhost:{self.port}"
        self._environment = environment(data, self.url)
        self._log = (data.parent / "processes.log").open("ab")
        self.signer = self._start("signer")
        self._until(self.signer, (data / "signer" / "socket").exists)
        self.service: subprocess.Popen[bytes] | None = None
        self.open()

    def cardsvc(self, *arguments: str) -> str:
        """Run one of the commands; what it wrote to standard output."""
        return run(self._environment, *arguments)

    def card(self, place: Path, **changed: object) -> tuple[str, str]:
        """Issue the first of the examples, with changes, into ``place``; its number and its gate code."""
        raw = json.loads((EXAMPLES / "applications.json").read_text("utf-8"))["applications"][0]
        portrait = base64.b64encode((EXAMPLES / raw["portrait"]).read_bytes()).decode()
        (place / "one.json").write_text(json.dumps([raw | {"portrait": portrait} | changed]), "utf-8")
        people = ("--submitted-by", "clerk1", "--approved-by", "chief1")
        self.cardsvc("issue", str(place / "one.json"), *people, "--out", str(place / "out"))
        (code,) = (place / "out").glob("*.gate.txt")
        return code.name.removesuffix(".gate.txt"), code.read_text("ascii").strip("\r\n")

    def open(self, **settings: str) -> None:
        """Start the service, with more settings where some are given, and wait until it is ready."""
        self.service = self._start("serve", "--port", str(self.port), **settings)
        self._until(self.service, self._ready)

    def kill(self) -> None:
        """End the service as a power cut would."""
        assert self.service is not None
        self.service.send_signal(signal.SIGKILL)
        self.service.wait()

    def close(self) -> None:
        """End everything."""
        for one in (self.service, self.signer):
            if one is not None and one.poll() is None:
                one.terminate()
                one.wait()
        self._log.close()

    def tells_all(self, etag: str) -> bool:
        """Whether the bundle of that entity tag is one of all that was audited and belongs in a bundle."""
        with closing(sqlite3.connect(f"file:{self.data / 'cardsvc.db'}?mode=ro", uri=True)) as records:
            bundles = dict(records.execute("SELECT data, mark FROM venue_bundle").fetchall())
            audited = records.execute("SELECT seq, action FROM audit ORDER BY seq DESC")
            newest = next(seq for seq, action in audited if action not in QUIET)
        marks = {Document(data).etag: mark for data, mark in bundles.items()}
        return marks.get(etag) == newest

    def words(self) -> str:
        """What the processes said, for a test that failed."""
        return (self.data.parent / "processes.log").read_text("utf-8")[-4000:]

    def _start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        whole = self._environment | settings
        return subprocess.Popen([BIN / "cardsvc", *arguments], env=whole, stdout=self._log, stderr=self._log)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False  # nobody listens yet

    def _until(self, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
        """Another process tells nobody that it is ready; so it is asked, ten times a second."""
        end = time.monotonic() + START_S
        while not ready():
            assert process.poll() is None, f"{process.args!r} ended: {self.words()}"
            assert time.monotonic() < end, f"{process.args!r} did not become ready: {self.words()}"
            time.sleep(0.1)
