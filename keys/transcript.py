"""What a ceremony did and who signed, written so that anybody can prove it again from public files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from keys.disk import read_public
from keys.documents import MAX_DOCUMENT_BYTES, load_roots
from keys.errors import KeysError
from keys.root import check_signed, epoch_s, signed_by
from verify.cose import PublicKey, decode_sign, headers
from verify.keylist import KEYS_TYP, decode_key_list
from verify.trustdocs import ROOT_TYP, decode_root

TRANSCRIPT_FORMAT: Final = "cardsvc-ceremony-1"


@dataclass(frozen=True, slots=True)
class Person:
    """A holder at the table: the name, what was done with the key (made or opened), and its public half."""

    name: str
    key: str
    public: PublicKey


def write_transcript(
    *,
    issuer: str,
    configuration_sha256: str,
    now: datetime,
    previous_root: bytes | None,
    people: Sequence[Person],
    absent: Iterable[str],
    documents: Mapping[str, bytes],
) -> bytes:
    """Write the transcript as JSON: tool, time, people, and each document's hashes, content and signers."""
    named = {person.public: person.name for person in people}
    told = {
        "format": TRANSCRIPT_FORMAT,
        "tool": _tool(),
        "held_at": datetime.fromtimestamp(epoch_s(now), UTC).isoformat(),
        "issuer": issuer,
        "configuration_sha256": configuration_sha256,
        "previous_root_sha256": None if previous_root is None else sha256(previous_root).hexdigest(),
        "people": [
            {
                "name": person.name,
                "key": person.key,
                "kid": person.public.kid.hex(),
                "algorithm": person.public.algorithm,
                "public": person.public.raw.hex(),
            }
            for person in people
        ],
        "absent": list(absent),
        "documents": [_describe(name, data, named) for name, data in documents.items()],
    }
    return json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"


def verify_transcript(path: Path) -> tuple[str, ...]:
    """Prove a transcript again from the public documents beside it; gives the names of these documents.

    Each document must be the one that was written, say what the transcript says it says, and carry exactly
    the signatures of the people named; and the chain of root documents must hold. Which person holds which
    key is the transcript's word alone.
    Raises :class:`KeysError` ``transcript_mismatch``, and ``Refused`` where the signatures are not enough.
    """
    try:
        told = json.loads(read_public(path, MAX_DOCUMENT_BYTES))
        people = {
            PublicKey(one["algorithm"], bytes.fromhex(one["public"])): one["name"] for one in told["people"]
        }
        documents = {one["file"]: one for one in told["documents"]}
        known = told["format"] == TRANSCRIPT_FORMAT and bool(documents)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _mismatch(path, f"it cannot be read ({error!r})") from error
    if not known:
        raise _mismatch(path, f"a transcript of format {TRANSCRIPT_FORMAT} with documents was expected")
    roots = load_roots(path.parent)
    for name, one in documents.items():
        if not isinstance(name, str) or Path(name).name != name:
            raise _mismatch(path, f"{name!r} is no file name")
        data = read_public(path.parent / name, MAX_DOCUMENT_BYTES)
        if _describe(name, data, people) != one:
            raise _mismatch(path, f"{name} is not what the transcript says, or signed by others")
        if one["typ"] == KEYS_TYP:
            check_signed(data, KEYS_TYP, roots.at(one["says"]["root"]))
    return tuple(documents)


def _describe(name: str, data: bytes, people: Mapping[PublicKey, str]) -> dict[str, object]:
    """Say what a document is and who signed it, in a form that can be computed again and compared."""
    sign = decode_sign(data)
    typ = headers(sign.protected).typ
    signatures = signed_by(sign, people)
    return {
        "file": name,
        "typ": typ,
        "sha256": sha256(data).hexdigest(),
        "payload_sha256": sha256(sign.payload).hexdigest(),
        "says": _says(typ, sign.payload),
        "signers": len(sign.signatures),
        "signatures": [
            {"name": people[public], "kid": public.kid.hex(), "signature": signature.hex()}
            for public, signature in signatures.items()
        ],
    }


def _says(typ: str | None, payload: bytes) -> dict[str, object]:
    if typ == ROOT_TYP:
        root = decode_root(payload)
        return {
            "version": root.version,
            "iat": root.iat,
            "exp": root.exp,
            "threshold": root.threshold,
            "keys": [public.kid.hex() for public in root.keys],
        }
    if typ == KEYS_TYP:
        key_list = decode_key_list(payload)
        keys = [
            f"{key.kid.hex()} {key.use.name.lower()} {key.sign_from} {key.sign_until} {key.trust_until}"
            for key in key_list.keys
        ]
        return {"version": key_list.version, "root": key_list.root_version, "iat": key_list.iat, "keys": keys}
    raise KeysError("wrong_type", f"holders sign root documents and key lists, {typ} came")


def _tool() -> str:
    try:
        return f"cardsvc {version('cardsvc')}"
    except PackageNotFoundError:
        return "cardsvc, run from its sources"


def _mismatch(path: Path, words: str) -> KeysError:
    return KeysError("transcript_mismatch", f"{path}: {words}")
