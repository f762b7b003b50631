"""Proofs of Certificate Transparency's reference library against ours, and the example of C2SP signed-note.

No exceptions for inclusion, consistency, hashes and the note. Proofs over subtrees are another protocol's
(Merkle tree certificates): nothing here makes or reads them, and their files are left alone.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest

from cardsvc.audit.notes import Verifier, open_note, read_note, read_verifier
from cardsvc.audit.tree import EMPTY_ROOT, grew_from, includes_hash, leaf_hash, node_hash, root_of
from cardsvc.errors import ServiceError
from tests.vectors.root import at_default_root, suite

FOLDER = suite("rfc6962-merkle")


def cases(name: str) -> list[dict[str, Any]]:
    path = FOLDER / f"{name}.json"
    return list(json.loads(path.read_text("utf-8"))) if path.is_file() else []


INCLUSION, CONSISTENCY = cases("inclusion"), cases("consistency")
HASHES: Mapping[str, Any] = json.loads((FOLDER / "hashes.json").read_text("utf-8"))
COUNTS = {"inclusion": 49, "consistency": 49, "hashes": 4, "c2sp_signed_note": 0}


def notes() -> list[tuple[bytes, Verifier | None]]:
    """Every signed note of the suite with the key beside it, whatever the members of its file are called."""
    path = FOLDER / "c2sp_signed_note.json"
    told = json.loads(path.read_text("utf-8")) if path.is_file() else []
    found: list[tuple[bytes, Verifier | None]] = []
    for case in told if isinstance(told, list) else [told]:
        texts = [value for value in case.values() if isinstance(value, str)]
        keys = [key for text in texts if (key := vkey(text)) is not None]
        signed = [text.encode() for text in texts if "\n\n\u2014 " in text]
        found += [(note, keys[0] if keys else None) for note in signed]
    return found


def vkey(text: str) -> Verifier | None:
    try:
        return read_verifier(text)
    except ServiceError:
        return None


NOTES = notes()


def name_of(case: Mapping[str, Any]) -> str:
    return str(case.get("path") or case["desc"])


def raw(case: Mapping[str, Any], name: str) -> bytes:
    return b64decode(case[name] or "", validate=True)


def path_of(case: Mapping[str, Any]) -> list[bytes]:
    return [b64decode(one, validate=True) for one in case["proof"] or []]


def test_all_cases_are_here() -> None:
    found = {
        "inclusion": len(INCLUSION),
        "consistency": len(CONSISTENCY),
        "hashes": 1 + len(HASHES["leaf_hashes"]) + len(HASHES["node_hashes"]),
        "c2sp_signed_note": len(NOTES),
    }
    print("rfc6962-merkle:", found)
    if at_default_root():
        assert found == COUNTS
        assert sum(not one["wantErr"] for one in INCLUSION) == 3
        assert sum(not one["wantErr"] for one in CONSISTENCY) == 4


@pytest.mark.parametrize("case", INCLUSION, ids=name_of)
def test_inclusion(case: dict[str, Any]) -> None:
    holds = includes_hash(
        case["leafIdx"], case["treeSize"], raw(case, "leafHash"), path_of(case), raw(case, "root")
    )
    assert holds is not case["wantErr"]


@pytest.mark.parametrize("case", CONSISTENCY, ids=name_of)
def test_consistency(case: dict[str, Any]) -> None:
    holds = grew_from(case["size1"], case["size2"], raw(case, "root1"), raw(case, "root2"), path_of(case))
    assert holds is not case["wantErr"]


def test_hashes() -> None:
    assert EMPTY_ROOT.hex() == root_of([]).hex() == HASHES["empty_root"]
    for one in HASHES["leaf_hashes"]:
        assert leaf_hash(bytes.fromhex(one["leaf_hex"])).hex() == one["hash"]
    for one in HASHES["node_hashes"]:
        assert node_hash(bytes.fromhex(one["left_hex"]), bytes.fromhex(one["right_hex"])).hex() == one["hash"]


def test_signed_notes_are_read_and_believed_for_their_key_alone() -> None:
    for note, key in NOTES:
        read = read_note(note)
        assert note.startswith(read.text)
        assert read.lines
        if key is None:
            continue
        assert key.name in open_note(note, [key]).signed
        for at in range(len(read.text) - 1):
            changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
            with pytest.raises(ServiceError):
                open_note(changed, [key])
