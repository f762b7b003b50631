"""Running ``cardsvc`` commands, each in a process of its own that is forked from a warm one.

An interpreter imports for two seconds before it does what a command asks, and tests ask hundreds of times.
``python -m tests.commands`` is the warm process: one JSON order a line on standard input, one line with the
exit code for each.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

from cardsvc.cli import main

ROOT = Path(__file__).parents[1]


def run(environment: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> str:
    """What the command wrote to standard output; it fails with its words unless it succeeds."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as words:
        code = _warm().run(environment, arguments, cwd or Path.cwd(), out, words)
        out.seek(0)
        words.seek(0)
        said, told = out.read().decode(), words.read().decode()
    assert code == 0, f"cardsvc {' '.join(arguments)} ended with {code}: {said}{told}"
    return said


class _Warm:
    """The warm process, as its user sees it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.commands"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._end)

    def run(
        self, environment: Mapping[str, str], arguments: tuple[str, ...], cwd: Path, *files: IO[bytes]
    ) -> int:
        out, words = (f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in files)
        order = [dict(environment), arguments, str(cwd), out, words]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@cache
def _warm() -> _Warm:
    return _Warm()


def _become(environment: dict[str, str], arguments: list[str], cwd: str, out: str, words: str) -> None:
    """Stand where a shell would have put that command."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for stream, path in enumerate((os.devnull, out, words)):
        file = os.open(path, os.O_RDWR)
        os.dup2(file, stream)
        os.close(file)
    sys.argv = ["cardsvc", *arguments]


def serve() -> None:
    """Fork a child for every order."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(*json.loads(line))
            main()
            return
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
