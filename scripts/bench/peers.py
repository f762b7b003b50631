"""Other people's libraries, in a process of the environment they live in (``.venv-oracles``).

The process stays for the whole run and times itself, so that neither its start nor the pipe is counted.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.bench.measure import BenchError, Lap

ROOT = Path(__file__).resolve().parents[2]
INTERPRETER = ROOT / ".venv-oracles" / "bin" / "python"
_WORKER = Path(__file__).with_name("worker.py")


class Peers:
    """The worker process; use it as a context."""

    def __init__(self) -> None:
        if not INTERPRETER.is_file():
            raise BenchError(f"{INTERPRETER} is not there: ./scripts/test makes it, run that first")
        self._process = subprocess.Popen(
            [INTERPRETER, "-I", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def load(self, use: str, name: str, **inputs: object) -> Sequence[str]:
        """Give a library its inputs under a name of one's own; the subjects it read, in their order."""
        answer = self._ask({"do": "load", "use": use, "as": name, **inputs})
        read: list[str] = answer["read"]
        return read

    def lap(self, name: str) -> Lap:
        """The lap that reads every input of ``name`` so many times; times are for all of them together."""
        return lambda loops: float(self._ask({"do": "lap", "as": name, "loops": loops})["seconds"])

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise BenchError("the worker was started without pipes")
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise BenchError(f"the worker ended with code {self._process.wait(timeout=10)}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{request['use'] if 'use' in request else request['as']}: {answer['error']}")
        return answer
