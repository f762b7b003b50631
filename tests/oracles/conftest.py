"""The way to other people's libraries, which live in environments of their own.

Those in Python in ``.venv-oracles``, those in JavaScript in ``javascript/node_modules``.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.city import ROOT
from tests.node import node
from verify.cose import PublicKey

PEER = Path(__file__).parent / "peer.py"
INTERPRETER = ROOT / ".venv-oracles" / "bin" / "python"
JAVASCRIPT = Path(__file__).parent / "javascript"
#: The reader that is asked in JavaScript.
AUTH0 = "@auth0/cose"


class PeerRefused(Exception):
    """The library raised; its words are the message."""


@pytest.fixture(scope="session")
def ask() -> Callable[..., dict[str, object]]:
    """``ask(reader, public, text=… or cose=…)`` gives what the library read, or raises PeerRefused."""
    if not INTERPRETER.is_file() or not (JAVASCRIPT / "node_modules").is_dir():
        pytest.skip("no .venv-oracles, or no javascript/node_modules: ./scripts/test makes them")

    def ask_peer(reader: str, public: PublicKey, **message: object) -> dict[str, object]:
        key = {"algorithm": public.algorithm, "key": public.raw.hex(), "kid": public.kid.hex()}
        request = json.dumps({"reader": reader, **key, **message})
        command = [node(), JAVASCRIPT / "peer.mjs"] if reader == AUTH0 else [INTERPRETER, "-I", PEER]
        done = subprocess.run(command, input=request, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        if not answer["ok"]:
            raise PeerRefused(answer["error"])
        claims = answer["claims"]
        assert isinstance(claims, dict)
        return claims

    return ask_peer
