"""The kit for readers of any make passes this one, and fails it where an expectation is turned over."""

from dataclasses import replace
from pathlib import Path

from tests.node import node
from verify.reader.certify import OWN, Step, certify, read_kit

TIMEOUT_S = 30.0


def test_the_reader_in_typescript_is_certified(program: Path) -> None:
    kit = read_kit(OWN)
    assert len(kit) > 100
    assert list(certify([node(), "--no-warnings", str(program)], kit, TIMEOUT_S)) == []


def test_the_kit_finds_a_wrong_answer(program: Path) -> None:
    kit = read_kit(OWN)
    place = next(i for i, step in enumerate(kit) if step.expect.get("result", {}).get("verdict") == "allow")
    wrong: Step = replace(kit[place], expect={"result": {"verdict": "deny"}})
    faults = list(certify([node(), "--no-warnings", str(program)], [*kit[:place], wrong], TIMEOUT_S))
    assert [(one.name, one.answer is not None) for one in faults] == [(wrong.name, True)]
