"""Drives any reader program through the conformance kit and says what it got wrong (docs/readers.md).

The kit is a list of steps: what is sent, and what the answer must hold. A reader that says more is right;
one that says less, or otherwise, is wrong.
"""

import json
import selectors
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from verify.errors import Refused

STEPS: Final = "kit.jsonl"
#: The kit that came with this program.
OWN: Final = Path(__file__).parent / "kit"
#: An answer is one line; a verdict with a face in it is some kilobytes.
MAX_ANSWER: Final = 1 << 20
_MISSING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and what its answer must hold: members of a ``result``, or a refusal's ``reason``."""

    name: str
    send: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What one step got wrong, in lines for its maker; ``number`` counts from 1.

    ``opens``: somebody would have been let in who must stay out. ``answer`` is what came, None where nothing
    did. ``untried`` steps after it were given up, because the program was lost.
    """

    number: int
    name: str
    lines: tuple[str, ...]
    opens: bool = False
    answer: Mapping[str, Any] | None = None
    untried: int = 0

    def __str__(self) -> str:
        """The fault as it is printed."""
        return "\n".join((f"step {self.number}, {self.name}", *(f"    {line}" for line in self.lines)))


def read_kit(folder: Path) -> list[Step]:
    """The steps in their order; raises ``unreadable``."""
    try:
        lines = (folder / STEPS).read_text("utf-8").splitlines()
        return [Step(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise Refused("unreadable", f"no kit in {folder}: {error}") from error


def certify(command: Sequence[str], kit: Sequence[Step], timeout_s: float) -> Iterator[Fault]:
    """Every fault, in the kit's order; a program that stops answering is given up.

    A reader that took up no root or bundle is asked on all the same, for its other answers may be right.
    """
    if not command:
        raise Refused("wrong_command", "no program was named")
    try:
        program = subprocess.Popen(  # noqa: S603 - the program that is to be certified
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as error:
        raise Refused("wrong_command", f"{command[0]}: {error}") from error
    with program, _Answers(program, timeout_s) as answers:
        hopeless: dict[str, int] = {}
        for number, step in enumerate(kit, 1):
            reader = str(step.send["reader"])
            answer = answers.ask(step.send)
            fault = _fault(number, step, answer, hopeless.get(reader))
            if fault is not None and answers.lost:
                left = len(kit) - number
                yield replace(
                    fault, lines=(*fault.lines, f"{left} steps after it were not tried"), untried=left
                )
                return
            if fault is not None:
                if step.send["op"] != "judge" and "result" in step.expect:
                    hopeless.setdefault(reader, number)
                yield fault


class _Answers:
    """The program's answers, line by line, for as long as it gives them in time."""

    def __init__(self, program: subprocess.Popen[bytes], timeout_s: float) -> None:
        self._program, self._timeout_s = program, timeout_s
        self._open, self.lost = b"", False
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> "_Answers":
        assert self._program.stdout is not None  # noqa: S101 - it was opened as a pipe
        self._selector.register(self._program.stdout, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        self._program.kill()

    def ask(self, request: Mapping[str, Any]) -> Mapping[str, Any] | str:
        """The answer, or what went wrong instead."""
        try:
            line = self._line(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            answer = json.loads(line)
        except (OSError, EOFError) as error:
            self.lost = True
            return str(error)
        except ValueError:
            return f"no JSON: {line[:80]!r}"
        return answer if isinstance(answer, dict) else f"no JSON object: {line[:80]!r}"

    def _line(self, request: bytes) -> bytes:
        sent, answered = self._program.stdin, self._program.stdout
        if sent is None or answered is None:
            raise EOFError("the program has no standard input or output")
        try:
            sent.write(request)
            sent.flush()
        except BrokenPipeError as error:
            raise EOFError("the program ended") from error
        while b"\n" not in self._open:
            if not self._selector.select(self._timeout_s):
                raise EOFError(f"no answer within {self._timeout_s:g} s")
            data = answered.read1(65_536)  # type: ignore[attr-defined]  # a pipe is buffered
            if not data or len(self._open) > MAX_ANSWER:
                raise EOFError("the program ended" if not data else "an answer without end")
            self._open += data
        line, _, self._open = self._open.partition(b"\n")
        return line


def _fault(number: int, step: Step, answer: Mapping[str, Any] | str, after: int | None) -> Fault | None:
    """What is wrong with an answer, None if nothing is; ``after`` is the step that spoiled this reader."""
    if isinstance(answer, str):
        return Fault(number, step.name, (answer,))
    if "reason" in step.expect:
        found, wanted = answer.get("reason", _MISSING), step.expect["reason"]
        if found == wanted:
            return None
        words = f"expected to be refused, {_said(wanted)}; found {_said(found)}"
        return Fault(number, step.name, (words,), answer=answer)
    result = answer.get("result")
    if not isinstance(result, dict):
        words = f"expected a result; found {_said(answer.get('reason', answer))}"
        return Fault(number, step.name, (words, *_because(after)), answer=answer)
    wanted = step.expect["result"]
    wrong = [
        f"{name}: expected {_said(value)}, found {_said(result.get(name, _MISSING))}"
        for name, value in wanted.items()
        if name not in result or not _same(result[name], value)
    ]
    if not wrong:
        return None
    opens = wanted.get("opens") is False and result.get("opens") is not False
    return Fault(number, step.name, (*wrong, *_because(after)), opens, answer)


def _same(found: object, wanted: object) -> bool:
    """Equal, and of one kind: 1 is not true, though Python thinks so."""
    return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted


def _said(value: object) -> str:
    return f"{json.dumps(value, ensure_ascii=False):.200}" if value != _MISSING else _MISSING


def _because(after: int | None) -> tuple[str, ...]:
    return () if after is None else (f"(this reader took up nothing at step {after}: mend that first)",)
