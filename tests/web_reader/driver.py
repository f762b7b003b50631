"""The reader in TypeScript as a process of Node that answers JSON lines, its layers as Python functions."""

import json
import struct
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cbor2

from tests.node import node
from verify.cose import Headers, PublicKey, Sign, Sign1, Signature
from verify.errors import Refused, Unchecked
from verify.identity import Identity
from verify.status import StatusList

WEB = Path(__file__).parents[2] / "cardsvc" / "web"
#: Requests on their way at once: enough to keep Node busy, few enough for the pipes' buffers to be read.
_WINDOW = 32


def build(folder: Path, source: str = "src/reader/cli.ts") -> Path:
    """A command of the pages' own code as one file for Node."""
    out = folder / "program.mjs"
    command = [WEB / "node_modules/.bin/esbuild", source, "--bundle", "--platform=node"]
    done = subprocess.run(
        [*command, "--format=esm", f"--outfile={out}"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out


class Driver:
    """Asks the reader; a refusal comes back as the same error that ``verify`` raises."""

    def __init__(self, program: Path) -> None:
        self.asked = 0
        self._node = subprocess.Popen(
            [node(), "--no-warnings", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.close()
        assert self._node.wait(10) == 0
        self._node.stdout.close()

    def answers(self, requests: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """The raw answers, in order."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        sent = done = 0
        try:
            while done < len(requests):
                while sent < len(requests) and sent - done < _WINDOW:
                    self._node.stdin.write(json.dumps(requests[sent]) + "\n")
                    sent += 1
                self._node.stdin.flush()
                line = self._node.stdout.readline()
                assert line, f"the reader stopped at {requests[done]}"
                self.asked += 1
                done += 1
                yield json.loads(line)
        finally:
            for _ in range(sent - done):  # Who stops asking leaves no answer for the next one.
                self._node.stdout.readline()

    def ask(self, op: str, **members: Any) -> Any:
        """One operation; bytes go as hexadecimal."""
        request = {
            name: value.hex() if isinstance(value, bytes) else value for name, value in members.items()
        }
        (answer,) = self.answers([{"op": op, **request}])
        if "reason" in answer:
            kind = {"Refused": Refused, "Unchecked": Unchecked}[answer["kind"]]
            raise kind(answer["reason"], answer["words"])
        return answer["result"]

    # The layers under the names that the tests of vectors know.

    def base45_decode(self, text: str) -> bytes:
        return bytes.fromhex(self.ask("base45", text=text))

    def text_decode(self, text: str) -> bytes:
        return bytes.fromhex(self.ask("text", text=text))

    def inflate(self, data: bytes, limit: int) -> bytes:
        return bytes.fromhex(self.ask("inflate", data=data, limit=limit))

    def cbor_decode(self, data: bytes) -> object:
        return item_of(self.ask("cbor", data=data))

    def decode_sign1(self, data: bytes) -> Sign1:
        protected, payload, signature, unprotected = self.ask("sign1", data=data)
        parts = map(bytes.fromhex, (protected, payload, signature))
        return Sign1(*parts, item_of(unprotected))  # type: ignore[arg-type]  # a map, as the reader checked

    def decode_sign(self, data: bytes) -> Sign:
        protected, payload, signers = self.ask("sign", data=data)
        made = tuple(Signature(*map(bytes.fromhex, signer)) for signer in signers)
        return Sign(bytes.fromhex(protected), bytes.fromhex(payload), made)

    def headers(self, protected: bytes) -> Headers:
        algorithm, kid, typ = self.ask("headers", data=protected)
        return Headers(algorithm and int(algorithm), kid and bytes.fromhex(kid), typ)

    def sign1_tbs(self, protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
        return bytes.fromhex(self.ask("sign1_tbs", protected=protected, payload=payload, external=external))

    def sign_tbs(self, protected: bytes, signer: bytes, payload: bytes, external: bytes = b"") -> bytes:
        members = {"protected": protected, "signer": signer, "payload": payload, "external": external}
        return bytes.fromhex(self.ask("sign_tbs", **members))

    def fits(self, public: PublicKey, algorithm: int | None) -> bool:
        return bool(self.ask("fits", algorithm=public.algorithm, key=public.raw, header=algorithm))

    def check_public(self, public: PublicKey) -> None:
        self.ask("check_public", algorithm=public.algorithm, key=public.raw)

    def verify_signature(self, public: PublicKey, message: bytes, signature: bytes) -> bool:
        members = {"key": public.raw, "message": message, "signature": signature}
        return bool(self.ask("verify", algorithm=public.algorithm, **members))

    def identity(self, claim: object) -> Identity:
        raw = self.ask("identity", data=cbor2.dumps(claim))
        birth = raw.pop("birth")
        names = {"fullName": "full_name", "secondName": "second_name", "secondLanguage": "second_language"}
        names |= {"legalStatus": "legal_status", "countryOfIssue": "country_of_issue"}
        names |= {"photoFormat": "photo_format"}
        raw = {names.get(name, name): value for name, value in raw.items()}
        raw["photo"] = raw["photo"] and bytes.fromhex(raw["photo"])
        raw["unknown"] = item_of(raw["unknown"])
        again = Identity.from_claim({8: birth}) if birth else Identity()
        return Identity(birth=again.birth, **raw)

    def card(self, payload: bytes) -> str:
        return str(self.ask("card", data=payload))

    def decode_status_claims(self, payload: bytes) -> StatusList:
        raw = self.ask("status", data=payload)
        return StatusList(**{**raw, "data": bytes.fromhex(raw["data"])})

    def inflate_list(self, bits: int, lst: bytes, what: str) -> bytes:
        return bytes.fromhex(self.ask("inflate_list", bits=bits, data=lst))

    def namespaces(self) -> dict[str, object]:
        """What stands in for the imports of ``verify`` in a test module, by the name it has there."""
        own = ("base45_decode", "inflate", "decode_sign1", "decode_sign", "headers", "sign1_tbs", "sign_tbs")
        more = ("fits", "check_public", "verify_signature", "decode_status_claims", "inflate_list")
        names: dict[str, object] = {name: getattr(self, name) for name in (*own, *more)}
        return names


def item_of(rendered: Any) -> object:
    """The CBOR item that the reader rendered as JSON, as ``verify.cbor`` would have made it."""
    if not isinstance(rendered, list):
        return rendered
    kind, value = rendered
    match kind:
        case "i":
            return int(value)
        case "t":
            return value
        case "b":
            return bytes.fromhex(value)
        case "f":
            return struct.unpack(">d", bytes.fromhex(value))[0]
        case "s":
            return cbor2.undefined if value == 23 else cbor2.CBORSimpleValue(value)
        case "a":
            return [item_of(part) for part in value]
        case _:
            return {_hashable(item_of(name)): item_of(part) for name, part in value}


def _hashable(key: object) -> object:
    if isinstance(key, list):
        return tuple(map(_hashable, key))
    return (
        cbor2.frozendict({name: _hashable(value) for name, value in key.items()})
        if isinstance(key, dict)
        else key
    )


def form_of(item: object) -> str:
    """The same text for the same item and for no other: 1, 1.0 and True are three."""
    if isinstance(item, Mapping):
        pairs = sorted(f"{form_of(key)}: {form_of(value)}" for key, value in item.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(item, list | tuple):
        return f"[{', '.join(map(form_of, item))}]"
    return f"{type(item).__name__} {item!r}"


def namespace(**members: object) -> SimpleNamespace:
    """A stand-in for a module."""
    return SimpleNamespace(**members)
