"""Checkpoints of the audit (C2SP tlog-checkpoint): how many entries there are, and their Merkle root, signed.

The signer signs them with a key of its own, and never two roots of one size. Kept elsewhere they show what
the chain in the database cannot show by itself: that its end was cut off, or that all of it was made anew.
"""

import shlex
import subprocess
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardsvc.audit.notes import ED25519, Verifier, open_note, read_note, read_verifier
from cardsvc.audit.tree import Growing
from cardsvc.errors import ServiceError
from cardsvc.records import Store, Transaction
from keys.checkpoints import Checkpoint, log_name, read_checkpoint
from keys.disk import PUBLIC_FILE, write_file
from keys.errors import KeysError
from keys.signing import Signing

SUFFIX: Final = ".checkpoint"
COMMAND_TIMEOUT_S: Final = 60
#: Others may append and sign between our reading and our asking.
_TRIES: Final = 5


def make_checkpoint(store: Store, signer: Signing, public_url: str) -> bytes:
    """A signed checkpoint of the audit as it is now: the signed note, whole."""
    for last in reversed(range(_TRIES)):
        with store.reading() as tx:
            tree = tree_of(tx)
        text = f"{log_name(public_url)}\n{tree.size}\n{b64encode(tree.root).decode()}\n".encode()
        try:
            return text + b"\n" + signer.sign_checkpoint(text)
        except KeysError as error:
            if error.reason != "checkpoint_forked" or not last:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def tree_of(tx: Transaction) -> Growing:
    """The tree of all entries."""
    tree = Growing()
    for digest in tx.audit.hashes():
        tree.add(digest)
    return tree


def read_signed(note: bytes, key: str) -> Checkpoint:
    """The checkpoint of a note that this vkey signed; raises ``bad_checkpoint``, ``bad_key``."""
    return read_signed_by(note, read_verifier(key))


def read_signed_by(note: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint of a note that this key signed; raises ``bad_checkpoint``.

    A log's own key speaks for the log of its name alone, a witness's for whatever log it saw.
    """
    try:
        checkpoint = read_checkpoint(open_note(note, [verifier]).text)
    except (ServiceError, KeysError) as error:
        raise ServiceError("bad_checkpoint", f"no checkpoint of this audit: {error}") from error
    if verifier.kind == ED25519 and checkpoint.origin != verifier.name:
        words = f"it is of {checkpoint.origin!r:.100}, the key of {verifier.name}"
        raise ServiceError("bad_checkpoint", f"no checkpoint of this audit: {words}")
    return checkpoint


def read_text(note: bytes) -> Checkpoint:
    """What a note of our own says, its signature aside."""
    return read_checkpoint(read_note(note).text)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The first checkpoint that the audit does not agree with.

    ``seq`` is the first entry that may be wrong: the one after the last checkpoint that does agree.
    """

    seq: int
    words: str


def compare(tx: Transaction, checkpoints: Iterable[Checkpoint]) -> Disagreement | None:
    """Compare the audit with signed checkpoints; None where it is what was signed."""
    wanted = sorted(checkpoints, key=lambda one: one.size)
    tree, agreed = Growing(), 0
    hashes = tx.audit.hashes()
    for one in wanted:
        while tree.size < one.size and (digest := next(hashes, None)) is not None:
            tree.add(digest)
        if tree.size < one.size:
            words = f"{one.size} entries were signed, the audit has {tree.size}: its end was cut off"
            return Disagreement(tree.size + 1, words)
        if tree.root != one.root:
            words = f"entries {agreed + 1} to {one.size} are not those whose root was signed"
            return Disagreement(agreed + 1, words)
        agreed = one.size
    return None


def keep_elsewhere(place: str, note: bytes, size: int) -> None:
    """Write a signed checkpoint to where ``CARDSVC_CHECKPOINTS`` says; raises ``checkpoint_not_kept``."""
    command = place.removeprefix("|")
    try:
        if command != place:
            subprocess.run(  # noqa: S603  # the operator's own command, from the settings
                shlex.split(command), input=note, check=True, timeout=COMMAND_TIMEOUT_S, capture_output=True
            )
            return
        folder = Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        # Named by size, so that names sort as the audit grew; the same size is the same text.
        write_file(folder / f"{size:012d}{SUFFIX}", note, mode=PUBLIC_FILE)
    except (OSError, KeysError, subprocess.SubprocessError, ValueError) as error:
        words = f"CARDSVC_CHECKPOINTS did not take a checkpoint: {type(error).__name__}"
        raise ServiceError("checkpoint_not_kept", words) from error


def kept_in(place: str | None) -> list[Path]:
    """The checkpoints of the folder that the settings name; none where they name a command."""
    if place is None or place.startswith("|"):
        return []
    return sorted(Path(place).glob(f"*{SUFFIX}"))


def read_file(path: Path, key: str) -> Checkpoint:
    """A checkpoint file, its signature checked; raises ``unreadable``, ``bad_checkpoint``, ``bad_key``."""
    verifier = read_verifier(key)
    try:
        return read_signed_by(bytes_of(path), verifier)
    except ServiceError as error:
        raise ServiceError(error.reason, f"{path}: {error}") from error


def bytes_of(path: Path) -> bytes:
    """A file that somebody was given; raises ``unreadable``."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ServiceError("unreadable", f"{path} cannot be read: {error.strerror}") from error
