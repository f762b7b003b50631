"""A disk with no room left: a scenario runs in a process that may mount a small one of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

UNSHARED = ("unshare", "--mount")
RESUMED = "resumed"
SIZE_MIB = 48


def run_scenario(module: str, place: Path) -> None:
    """Run the module on a small file system at ``place``, seen by one process alone and gone with it."""
    try:
        may = subprocess.run([*UNSHARED, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        may = False
    if not may:
        pytest.skip("NO MOUNTS: a full disk is tried as root, where a process may mount one of its own")
    command = [*UNSHARED, sys.executable, "-m", module, str(place)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, RESUMED), done.stdout + done.stderr


def on_a_small_disk(scenario: Callable[[Path], None]) -> None:
    """What the module does when it is run: ``scenario`` gets a directory on the small disk."""
    place = Path(sys.argv[1])
    # Private to this process: the mount goes with it.
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "none", str(place)]
    subprocess.run(mount, check=True)
    scenario(place / "data")
    sys.stdout.write(RESUMED)


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("wb", buffering=0) as ballast:
        for step in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(bytes(step))
            except OSError:
                continue
