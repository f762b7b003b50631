"""Proofs that an outsider checks alone, as files of text: no account, no database, one key noted before.

That an entry is in the audit: C2SP tlog-proof. Its ``extra`` is the entry itself, the deterministic CBOR that
the entry's hash is taken over. That the audit only grew since an older checkpoint: the form in which
witnesses are asked (C2SP tlog-witness, ``add-checkpoint``). Both end with the signed checkpoint they lead to.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cardsvc.audit.checkpoints import read_signed_by
from cardsvc.audit.notes import MAX_NOTE_BYTES, Verifier, from_base64
from cardsvc.audit.tree import HASH_BYTES, grew_from, includes
from cardsvc.errors import ServiceError
from cardsvc.records import AuditRecord, RecordsError, read_entry
from keys.checkpoints import Checkpoint

HEADER: Final = "c2sp.org/tlog-proof@v1"
#: "The client MUST NOT send more than 63 consistency proof lines" (tlog-witness); a path has no more either.
MAX_STEPS: Final = 63
MAX_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES
_NUMBER = re.compile(r"(index|old) (0|[1-9][0-9]{0,18})")
_EXTRA: Final = "extra "


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """An entry that a signed checkpoint covers."""

    entry: AuditRecord
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class ProvedGrowth:
    """That all entries of ``older`` stand unchanged at the beginning of ``newer``."""

    older: Checkpoint
    newer: Checkpoint


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A proof as its file says it: what of, the hashes, and the note it leads to. Nothing is checked yet."""

    kind: str
    number: int
    steps: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None


def write_inclusion(entry: bytes, index: int, steps: Sequence[bytes], note: bytes) -> bytes:
    """The file that proves an entry, given the bytes its hash is taken over; ``index`` counts from 0."""
    head = [HEADER, f"{_EXTRA}{_b64(entry)}", f"index {index}"]
    return _file([*head, *map(_b64, steps)], note)


def write_growth(old: int, steps: Sequence[bytes], note: bytes) -> bytes:
    """The file that proves that the first ``old`` entries stand at the beginning of the note's tree."""
    return _file([f"old {old}", *map(_b64, steps)], note)


def read_proof(raw: bytes) -> ProofFile:
    """Read a file of either form; raises ``bad_proof_file``."""
    if len(raw) > MAX_PROOF_BYTES:
        raise _bad(f"it has more than {MAX_PROOF_BYTES} bytes")
    above, found, note = raw.partition(b"\n\n")
    try:
        lines = above.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _bad("its lines are no plain text") from error
    kind, extra = "old", None
    if lines[0] == HEADER:
        kind, lines = "index", lines[1:]
        if lines and lines[0].startswith(_EXTRA):
            extra, lines = _raw(lines[0].removeprefix(_EXTRA)), lines[1:]
    number = _NUMBER.fullmatch(lines[0]) if lines else None
    if not found or number is None or number[1] != kind:
        raise _bad(f"{HEADER!r} and an index, or the old size, and a checkpoint were expected")
    steps = tuple(map(_raw, lines[1:]))
    if len(steps) > MAX_STEPS or any(len(one) != HASH_BYTES for one in steps):
        raise _bad(f"at most {MAX_STEPS} hashes of {HASH_BYTES} bytes were expected")
    return ProofFile(kind, int(number[2]), steps, note, extra)


def check_inclusion(proof: ProofFile, verifier: Verifier) -> ProvedEntry:
    """The entry that the file proves; raises ``bad_checkpoint``, ``bad_proof_file``, ``not_proved``."""
    checkpoint = read_signed_by(proof.note, verifier)
    if proof.kind != "index" or proof.extra is None:
        raise _bad("the entry itself is missing; it stands behind 'extra'")
    try:
        entry = read_entry(proof.extra)
    except RecordsError as error:
        raise _bad(str(error)) from error
    if entry.seq != proof.number + 1:
        raise _bad(f"it is about index {proof.number}, the entry beside it is number {entry.seq}")
    if not includes(proof.number, checkpoint.size, entry.hash, proof.steps, checkpoint.root):
        words = f"the hashes do not lead from entry {entry.seq} to the root that was signed"
        raise ServiceError("not_proved", words)
    return ProvedEntry(entry, checkpoint)


def check_growth(proof: ProofFile, older: Checkpoint, verifier: Verifier) -> ProvedGrowth:
    """That nothing of ``older`` was changed since.

    Raises ``bad_checkpoint``, ``bad_proof_file``, ``not_proved``.
    """
    newer = read_signed_by(proof.note, verifier)
    if proof.kind != "old" or newer.origin != older.origin:
        raise _bad("a proof of growth of the same audit was expected")
    if proof.number != older.size:
        raise _bad(f"it begins at {proof.number} entries, the older checkpoint has {older.size}")
    # From nothing everything grew, and there are no hashes to say so.
    from_nothing = older.size == 0 and not proof.steps
    if not from_nothing and not grew_from(older.size, newer.size, older.root, newer.root, proof.steps):
        words = f"the first {older.size} of the {newer.size} entries are not those of the older checkpoint"
        raise ServiceError("not_proved", words)
    return ProvedGrowth(older, newer)


def _file(lines: Sequence[str], note: bytes) -> bytes:
    return "\n".join([*lines, "", ""]).encode() + note


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode()


def _raw(line: str) -> bytes:
    raw = from_base64(line)
    if not raw:
        raise _bad("a line of it is no base64")
    return raw


def _bad(words: str) -> ServiceError:
    return ServiceError("bad_proof_file", f"no proof of an audit: {words}")
