"""The way to other people's libraries, which live in an environment of their own (`.venv-oracles`)."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.city import ROOT
from verify.cose import PublicKey

PEER = Path(__file__).parent / "peer.py"
INTERPRETER = ROOT / ".venv-oracles" / "bin" / "python"


class PeerRefused(Exception):
    """The library raised; its words are the message."""


@pytest.fixture(scope="session")
def ask() -> Callable[..., dict[str, object]]:
    """``ask(reader, public, text=… or cose=…)`` gives what the library read, or raises PeerRefused."""
    if not INTERPRETER.is_file():
        pytest.skip("no .venv-oracles: ./scripts/test makes it")

    def ask_peer(reader: str, public: PublicKey, **message: object) -> dict[str, object]:
        key = {"algorithm": public.algorithm, "key": public.raw.hex(), "kid": public.kid.hex()}
        request = json.dumps({"reader": reader, **key, **message})
        done = subprocess.run(
            [INTERPRETER, "-I", PEER], input=request, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        if not answer["ok"]:
            raise PeerRefused(answer["error"])
        claims = answer["claims"]
        assert isinstance(claims, dict)
        return claims

    return ask_peer
