"""Another program's transparency logs (sunlight), read with our reader of tiles, checkpoints and notes.

No exceptions. A folder with a ``checkpoint`` is a log; one with a ``tile`` folder besides is read whole.
Keys lie in a JSON file in the folder, or beside it under its name: a witness's (``verifier_keys``,
tlog-cosignature v1), or that of an RFC 6962 log (``key``, static-ct-api), whose ES256 signature is checked
here alone.
"""

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cardsvc.audit.checkpoints import read_signed, read_text
from cardsvc.audit.notes import open_note, read_note, read_verifier
from cardsvc.audit.tiles import TiledTree, from_folder, tiles_of
from cardsvc.audit.tree import Growing, grew_from, includes_hash, node_hash
from cardsvc.errors import ServiceError
from keys.checkpoints import Checkpoint
from tests.vectors.root import at_default_root, suite
from verify.errors import CardsvcError

FOLDER = suite("tlog-tiles")
COUNTS = {"checkpoints": 2, "cosignatures": 1, "tree heads": 1, "tiles": 3, "leaves": 300}
#: Signature type of RFC 6962 tree heads (signed-note, section "Signature types").
TREE_HEAD = b"\x05"


@dataclass(frozen=True)
class Log:
    """One log of the suite."""

    folder: Path
    note: bytes
    facts: tuple[dict[str, Any], ...]

    @property
    def checkpoint(self) -> Checkpoint:
        return read_text(self.note)

    @property
    def tree(self) -> TiledTree:
        return TiledTree(self.checkpoint.size, from_folder(self.folder))

    def keys(self, member: str) -> list[str]:
        found = [facts[member] for facts in self.facts if member in facts]
        return [one for value in found for one in (value if isinstance(value, list) else [value])]


def logs() -> list[Log]:
    found = []
    for path in sorted(FOLDER.rglob("checkpoint")):
        folder = path.parent
        beside = [*folder.glob("*.json"), *folder.parent.glob(f"{folder.name}.*json")]
        facts = tuple(json.loads(one.read_text("utf-8")) for one in sorted(beside))
        found.append(Log(folder, path.read_bytes(), facts))
    return found


def reached(tree: TiledTree) -> bytes | str:
    """The root that the tiles come to, or the reason why they come to none."""
    try:
        return tree.check()
    except ServiceError as error:
        return error.reason


LOGS = logs()
TILED = [log for log in LOGS if (log.folder / "tile").is_dir()]
COSIGNED = [(log, key) for log in LOGS for key in log.keys("verifier_keys")]
TREE_HEADS = [(log, key) for log in LOGS for key in log.keys("key")]


def name_of(value: object) -> str:
    log = value if isinstance(value, Log) else None
    return log.folder.name if log else "key"


def test_all_cases_are_here() -> None:
    found = {
        "checkpoints": len(LOGS),
        "cosignatures": len(COSIGNED),
        "tree heads": len(TREE_HEADS),
        "tiles": sum(len(list(tiles_of(log.checkpoint.size))) for log in TILED),
        "leaves": sum(log.checkpoint.size for log in TILED),
    }
    print("tlog-tiles:", found)
    if at_default_root():
        assert found == COUNTS


@pytest.mark.parametrize("log", LOGS, ids=name_of)
def test_a_checkpoint_is_read(log: Log) -> None:
    text = read_note(log.note).text.decode()
    one = log.checkpoint
    assert text.splitlines()[0] == one.origin
    assert text.splitlines()[1] == str(one.size)
    assert b64decode(text.splitlines()[2]) == one.root
    for facts in log.facts:
        if (head := facts.get("final_tree_head")) is not None:
            assert (head["tree_size"], b64decode(head["sha256_root_hash"])) == (one.size, one.root)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\n0", 1),
        lambda text: text.replace("\n", "\n-", 1),
        lambda text: text.replace("\n", "\n+", 1),
        lambda text: text.replace("\n", "\n\n", 1),
        lambda text: "\n" + text.partition("\n")[2],
        lambda text: text[:-1],
        lambda text: text.replace("=\n", "\n"),
        lambda text: text.replace("=\n", "==\n"),
        lambda text: text + "\n",
        lambda text: text.partition("\n")[2],
    ],
)
@pytest.mark.parametrize("log", LOGS, ids=name_of)
def test_a_checkpoint_of_another_form_is_refused(log: Log, spoil: Any) -> None:
    text = read_note(log.note).text.decode()
    changed = spoil(text)
    assert changed != text
    with pytest.raises(CardsvcError):
        read_text(changed.encode() + log.note[len(text.encode()) :])


@pytest.mark.parametrize(("log", "vkey"), COSIGNED, ids=name_of)
def test_a_cosignature_holds_for_its_text_and_time(log: Log, vkey: str) -> None:
    verifier = read_verifier(vkey)
    opened = open_note(log.note, [verifier])
    assert read_signed(log.note, vkey) == log.checkpoint
    time = opened.signed[verifier.name]
    assert time is not None
    (line,) = [one for one in read_note(log.note).lines if one.key_id == verifier.key_id]
    assert int.from_bytes(line.signature[:8]) == time
    later = (time + 1).to_bytes(8) + line.signature[8:]
    with pytest.raises(ServiceError):
        verifier.check(opened.text, later)
    with pytest.raises(ServiceError):
        verifier.check(opened.text + b"more\n", line.signature)


@pytest.mark.parametrize(("log", "key"), TREE_HEADS, ids=name_of)
def test_the_signature_of_a_tree_head_is_found_where_the_note_has_it(log: Log, key: str) -> None:
    """static-ct-api, section "Checkpoints": the key id is over the SPKI's hash, the text is RFC 6962's."""
    spki, one = b64decode(key), log.checkpoint
    identity = one.origin.encode() + b"\n" + TREE_HEAD + hashlib.sha256(spki).digest()
    key_id = hashlib.sha256(identity).digest()[:4]
    (line,) = [line for line in read_note(log.note).lines if line.key_id == key_id]
    time, signature = line.signature[:8], line.signature[12:]
    public = load_der_public_key(spki)
    assert isinstance(public, EllipticCurvePublicKey)
    # RFC 6962, section 3.5: version 0, tree_hash 1, timestamp, size, root.
    head = b"\x00\x01" + time + one.size.to_bytes(8) + one.root
    public.verify(signature, head, ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, head[:-1] + b"\0", ECDSA(SHA256()))


@pytest.mark.parametrize("log", TILED, ids=name_of)
def test_tiles_come_to_the_root_that_was_signed(log: Log) -> None:
    assert log.tree.root() == log.tree.check() == log.checkpoint.root


@pytest.mark.parametrize("log", TILED, ids=name_of)
def test_every_leaf_is_proved_from_tiles_and_no_other(log: Log) -> None:
    tree, size, root = log.tree, log.checkpoint.size, log.checkpoint.root
    for index in range(size):
        proof = tree.inclusion(index)
        assert includes_hash(index, size, tree.leaf(index), proof, root)
        other = tree.leaf((index + 1) % size)
        assert not includes_hash(index, size, node_hash(other, other), proof, root)
        assert not includes_hash(index, size, tree.leaf(index), [*proof, root], root)


@pytest.mark.parametrize("log", TILED, ids=name_of)
def test_growth_from_every_earlier_size_is_proved_from_tiles(log: Log) -> None:
    tree, size, root = log.tree, log.checkpoint.size, log.checkpoint.root
    earlier = Growing()
    for old in range(1, size + 1):
        earlier.add_hash(tree.leaf(old - 1))
        proof = tree.consistency(old)
        assert grew_from(old, size, earlier.root, root, proof)
        assert not grew_from(old, size, node_hash(root, root), root, proof)


@pytest.mark.parametrize("log", TILED, ids=name_of)
def test_a_changed_tile_does_not_come_to_the_root(log: Log) -> None:
    read = from_folder(log.folder)
    for spoiled in tiles_of(log.checkpoint.size):

        def fetch(path: str, spoiled: str = spoiled.path) -> bytes:
            raw = read(path)
            return raw[:-1] + bytes([raw[-1] ^ 1]) if path == spoiled else raw

        tree = TiledTree(log.checkpoint.size, fetch)
        assert reached(tree) != log.checkpoint.root
