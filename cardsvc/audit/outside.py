"""What an outsider checks with files and one key: proofs, tiles, checkpoints noted earlier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from cardsvc.audit.checkpoints import bytes_of, make_checkpoint, read_file, read_signed, read_text
from cardsvc.audit.notes import Verifier, read_verifier
from cardsvc.audit.proofs import check_growth, check_inclusion, read_proof, write_growth, write_inclusion
from cardsvc.audit.tiles import CHECKPOINT, TiledTree, from_folder, tiles_from
from cardsvc.audit.tree import consistency_proof, grew_from, inclusion_proof
from cardsvc.errors import ServiceError
from cardsvc.records import AuditQuery, NotFound, Store, entry_bytes
from keys.checkpoints import Checkpoint
from keys.signing import Signing


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that held: which file said so, words for people, and the same for programs."""

    source: str
    words: str
    facts: dict[str, object]


def check_files(proofs: Sequence[Path], tiles: Path | None, older: Sequence[Path], key: str) -> list[Held]:
    """Check files alone: no service, no records. Raises at the first that does not hold."""
    verifier = read_verifier(key)
    known = [read_file(path, key) for path in older]
    held = [_proof(path, known, verifier) for path in proofs]
    if tiles is not None:
        held.append(_tiles(tiles, known, key))
    return held


def prove_entry(store: Store, signer: Signing, public_url: str, seq: int) -> bytes:
    """The file that proves entry ``seq`` to somebody without an account; raises ``entry_not_found``."""
    note = make_checkpoint(store, signer, public_url)
    size = read_text(note).size
    with store.reading() as tx:
        hashes = list(islice(tx.audit.hashes(), size))
        found = tx.audit.search(AuditQuery(before=seq + 1, limit=1))
    if not 0 < seq <= size or not found:
        raise NotFound("entry_not_found", f"the audit has {size} entries")
    return write_inclusion(entry_bytes(found[0]), seq - 1, inclusion_proof(seq - 1, hashes), note)


def prove_growth(store: Store, signer: Signing, public_url: str, older: Checkpoint) -> bytes:
    """The file that proves that nothing was changed since ``older``; raises ``not_proved`` where it was."""
    note = make_checkpoint(store, signer, public_url)
    newer = read_text(note)
    with store.reading() as tx:
        hashes = list(islice(tx.audit.hashes(), newer.size))
    if older.size > newer.size:
        words = f"{older.size} entries were signed, the audit has {newer.size}: its end was cut off"
        raise ServiceError("not_proved", words)
    steps = consistency_proof(older.size, hashes) if older.size else []
    written = write_growth(older.size, steps, note)
    if older.size and not grew_from(older.size, newer.size, older.root, newer.root, steps):
        raise ServiceError(
            "not_proved", f"the first {older.size} entries are not those whose root was signed"
        )
    return written


def write_tiles(store: Store, signer: Signing, public_url: str, folder: Path) -> int:
    """Lay the audit's tree down as files for any web server; returns how many entries it covers."""
    note = make_checkpoint(store, signer, public_url)
    size = read_text(note).size
    with store.reading() as tx:
        hashes = list(islice(tx.audit.hashes(), size))
    try:
        for tile, raw in tiles_from(hashes):
            path = folder / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
        # Last: whoever reads meanwhile finds every tile that it asks for.
        (folder / CHECKPOINT).write_bytes(note)
    except OSError as error:
        raise ServiceError("cannot_write", f"{folder} cannot be written: {error.strerror}") from error
    return size


def _proof(path: Path, known: Sequence[Checkpoint], verifier: Verifier) -> Held:
    proof = read_proof(bytes_of(path))
    if proof.kind == "index":
        proved = check_inclusion(proof, verifier)
        one = proved.entry
        when = datetime.fromtimestamp(one.time, UTC)
        words = f"entry {one.seq} of {proved.checkpoint.size}: {when:%Y-%m-%d %H:%M:%S} UTC, {one.actor}"
        told = {"seq": one.seq, "time": when.isoformat(), "actor": one.actor, "action": one.action}
        told |= {"subject": one.subject, "details": one.details, "size": proved.checkpoint.size}
        return Held(str(path), f"{words}, {one.action}, {one.subject}, {one.details}", dict(told))
    older = next((one for one in known if one.size == proof.number), None)
    if older is None:
        words = f"{path} begins at {proof.number} entries: give the checkpoint of that size with --checkpoint"
        raise ServiceError("bad_proof_file", words)
    grown = check_growth(proof, older, verifier)
    words = f"the first {older.size} of {grown.newer.size} entries are those of the older checkpoint"
    return Held(str(path), words, {"old": older.size, "size": grown.newer.size})


def _tiles(folder: Path, known: Sequence[Checkpoint], key: str) -> Held:
    newest = read_signed(bytes_of(folder / CHECKPOINT), key)
    tree = TiledTree(newest.size, from_folder(folder))
    if tree.check() != newest.root:
        raise ServiceError("tiles_disagree", f"the tiles in {folder} do not come to the root that was signed")
    for one in known:
        if one.size > newest.size:
            words = f"{one.size} entries were signed, the tiles have {newest.size}: their end was cut off"
            raise ServiceError("not_proved", words)
        steps = tree.consistency(one.size)
        if one.size and not grew_from(one.size, newest.size, one.root, newest.root, steps):
            words = f"the first {one.size} entries of the tiles are not those whose root was signed"
            raise ServiceError("not_proved", words)
    agree = f"; checkpoints that agree: {len(known)}" if known else ""
    return Held(str(folder), f"{newest.size} entries, the root that was signed{agree}", {"size": newest.size})
