"""The pages' own unit tests and their types: drafts, catalogues, shortcuts, frames, and the code reader."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node import node

WEB = Path(__file__).resolve().parents[2] / "cardsvc" / "web"


@pytest.mark.parametrize(
    "command", [["vitest/vitest.mjs", "run"], ["typescript/bin/tsc", "--noEmit"]], ids=["vitest", "types"]
)
def test_the_pages_hold_by_themselves(command: list[str]) -> None:
    script, *arguments = command
    environment = {**os.environ, "CI": "1"}
    done = subprocess.run(
        [node(), f"node_modules/{script}", *arguments],
        cwd=WEB,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(done.stdout[-2000:])
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
