"""Writes ``docs/assurance.md``: promise → test → last figure (``python -m scripts.assurance [--check]``).

Promises stand in ``scripts/promises.py``. A test that is named and does not exist is an error, so that no
promise outlives its proof. Figures come from ``docs/figures.json`` where that is there:
``{"name": {"figure": "4.1 ms", "measured": "2026-11-22"}}``; a promise names the figure it cares for.
"""

import ast
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from scripts.promises import PROMISES, Promise, Sections

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "docs" / "assurance.md"
FIGURES = ROOT / "docs" / "figures.json"

_HEAD = """\
# Assurance

What is promised, the tests that fail when it is broken, and the last figure measured. A promise without a
test is not made. This page is generated: `python -m scripts.assurance` writes it from the table in
`scripts/promises.py`, and a test fails when it is out of date.
"""


def main() -> int:
    """Write the paper, or with ``--check`` only say whether it is as it should be."""
    missing = list(missing_tests(PROMISES))
    for name in missing:
        print(f"assurance: there is no test {name}", file=sys.stderr)
    if missing:
        return 1
    text = render(PROMISES, read_figures(FIGURES))
    if sys.argv[1:] == ["--check"]:
        return 0 if PAPER.exists() and PAPER.read_text("utf-8") == text else 1
    PAPER.write_text(text, "utf-8")
    return 0


def missing_tests(promises: Sections) -> Iterable[str]:
    """The tests that are named and do not exist."""
    for promises_of_section in promises.values():
        for one in promises_of_section:
            for name in one.tests:
                path, _, function = name.partition("::")
                functions = functions_of(ROOT / "tests" / path)
                if not functions or (function and function not in functions):
                    yield name


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The names of a file's test functions and state machines; none where there is no such file."""
    if not path.is_file():
        return frozenset()
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    functions = {
        node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    # hypothesis makes a test of a state machine: ``TestAlone = Alone.TestCase``.
    machines = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)
        for target in node.targets
        if node.value.attr == "TestCase" and isinstance(target, ast.Name)
    }
    return frozenset(functions | machines)


def read_figures(path: Path) -> dict[str, str]:
    """The last figures by name, with the day each was measured."""
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text("utf-8"))
    return {name: f"{row['figure']} ({row['measured']})" for name, row in rows.items()}


def render(promises: Sections, figures: Mapping[str, str]) -> str:
    """The paper."""
    parts = [_HEAD]
    for title, section in promises.items():
        parts += [f"\n## {title}\n", "| promise | test | last figure |", "| --- | --- | --- |"]
        parts += [_row(one, figures) for one in section]
    return "\n".join(parts) + "\n"


def _row(one: Promise, figures: Mapping[str, str]) -> str:
    tests = "<br>".join(f"`tests/{name}`" for name in one.tests)
    figure = "–" if one.figure is None else figures.get(one.figure, "not measured yet")
    return f"| {one.words} | {tests} | {figure} |"


if __name__ == "__main__":
    sys.exit(main())
