"""Signing checkpoints of the audit: C2SP signed-note and tlog-checkpoint, by a key of the signer's own.

A checkpoint is three lines or more: the log's name, its size, the base64 of its root hash. The signer signs
sizes that never fall, and one root for one size, so that two histories of one audit never both carry its
signature unseen.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from keys.errors import KeysError
from keys.signer import Signer

#: Signature type of Ed25519 (signed-note, section "Signatures").
_ED25519: Final = b"\x01"
_ID_BYTES: Final = 4
MAX_CHECKPOINT_BYTES: Final = 4096
MAX_LINES: Final = 16
#: RFC 6962 counts in 64 bits; so does a database.
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: ``size`` entries have the Merkle root ``root``."""

    origin: str
    size: int
    root: bytes


def log_name(public_url: str) -> str:
    """The audit's name: the installation's address without its scheme, and ``/audit``."""
    parts = urlsplit(public_url)
    return f"{parts.netloc}{parts.path.rstrip('/')}/audit"


def verifier_key(name: str, signer: Signer) -> str:
    """The verifier key (vkey) that checks this signer's checkpoints."""
    return f"{name}+{_key_id(name, signer).hex()}+{b64encode(_ED25519 + signer.public.raw).decode()}"


def read_checkpoint(text: bytes) -> Checkpoint:
    """Read the text of a checkpoint; raises ``bad_checkpoint``."""
    try:
        lines = text.decode("utf-8").split("\n")
        origin, size, root, *others = lines
        known = b64decode(root, validate=True)
    except (UnicodeDecodeError, Base64Error, ValueError) as error:
        raise _bad(f"three lines of a name, a size and a hash were expected: {error}") from error
    if len(text) > MAX_CHECKPOINT_BYTES or len(lines) > MAX_LINES or not others or others.pop() != "":
        raise _bad("a short text that ends with its last line was expected")
    if b64encode(known).decode() != root or len(known) != sha256().digest_size:
        raise _bad("the root is a SHA-256 in base64")
    if not _SIZE.fullmatch(size) or not origin or not all(others):
        raise _bad("the size is a decimal number, and no line is empty")
    return Checkpoint(origin, int(size), known)


def signature_line(name: str, text: bytes, signer: Signer) -> bytes:
    """The line that a signed note has for this signer: an em dash, the name, key id and signature."""
    signed = _key_id(name, signer) + signer.sign(text)
    return f"— {name} {b64encode(signed).decode()}\n".encode()


def _key_id(name: str, signer: Signer) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + signer.public.raw).digest()[:_ID_BYTES]


def _bad(words: str) -> KeysError:
    return KeysError("bad_checkpoint", f"no checkpoint of the audit: {words}")
