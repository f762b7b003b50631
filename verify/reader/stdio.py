"""The reader over standard input and output, as the conformance kit drives it.

``python -m verify.reader.stdio``: one JSON request a line, one JSON answer a line, in order
(docs/readers.md, "Conformance").
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from verify.errors import CardsvcError, Refused
from verify.phone import Challenge, ChipProof
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verdict import Role
from verify.verifier import Direction, Presentation, Verifier

Request = Mapping[str, Any]
_T = TypeVar("_T")


class Readers:
    """Any number of readers by name, as a kit asks for them."""

    def __init__(self) -> None:
        self._states: dict[str, TrustState] = {}
        self._verifiers: dict[str, Verifier] = {}
        self.operations: Final[Mapping[str, Callable[[Request], object]]] = {
            "pin": self.pin,
            "accept": self.accept,
            "judge": self.judge,
        }

    def pin(self, request: Request) -> object:
        """A new reader that was given a root document by hand."""
        root, venue = bytes.fromhex(request["root"]), request.get("venue")
        self._states[request["reader"]] = TrustState.pin(root, now=request["now"], venue=venue)
        return {}

    def accept(self, request: Request) -> object:
        """A bundle for it; what it has seen of phone codes begins afresh."""
        name = request["reader"]
        state, trust = accept(_named(self._states, name), bytes.fromhex(request["bundle"]), request["now"])
        role = Role(request.get("role", "gate"))
        self._verifiers[name] = Verifier(trust, role=role, seen=SeenInMemory())
        self._states[name] = state
        return {"epoch": trust.epoch, "seq": trust.seq, "time_floor": trust.time_floor}

    def judge(self, request: Request) -> object:
        """A code shown to it."""
        proof, challenge = request.get("chip_proof"), request.get("challenge")
        shown = Presentation(
            code=request["text"] if "text" in request else bytes.fromhex(request["cose"]),
            service=request.get("service"),
            direction=Direction(request.get("direction", "in")),
            tag_uid=_octets(request.get("tag_uid")),
            chip_proof=proof and _proof(proof),
            challenge=challenge
            and Challenge(bytes.fromhex(challenge["nonce"]), challenge["audience"], challenge["shown_at"]),
        )
        return _named(self._verifiers, request["reader"]).judge(shown, request["now"]).to_json()


def _named(made: Mapping[str, _T], name: str) -> _T:
    """The reader of that name; raises ``unknown_reader`` for one that was given nothing yet."""
    if name not in made:
        raise Refused("unknown_reader", f"the reader {name} was given nothing to judge by")
    return made[name]


def _octets(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _proof(proof: Mapping[str, Any]) -> ChipProof:
    key, challenge, signature = (bytes.fromhex(proof[name]) for name in ("key", "challenge", "signature"))
    return ChipProof(key, challenge, signature, float(proof.get("took_s", 0)))


def main() -> None:
    """Answer line by line until the input ends."""
    readers = Readers()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer: object = {"result": readers.operations[request["op"]](request)}
        except CardsvcError as error:
            answer = {"reason": error.reason, "words": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
