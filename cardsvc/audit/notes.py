"""Signed notes (C2SP signed-note): a text, and lines that say who signed it.

Two kinds of signature are checked: the log's own (Ed25519 over the text) and a witness's (tlog-cosignature
v1, Ed25519 over the text and a time). Signatures of keys that were not given are passed over, as the standard
asks; one by a given key that does not hold refuses the whole note.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cardsvc.errors import ServiceError

#: Signature types (signed-note, section "Signature types").
ED25519: Final = 1
COSIGNATURE: Final = 4
#: A verifier takes 16 signatures at least, and those of post-quantum keys have almost 5 kB.
MAX_NOTE_BYTES: Final = 1 << 17
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
#: "It MUST NOT exceed 2^63 - 1" (tlog-cosignature, section "Format").
_LATEST: Final = 2**63 - 1
_BREAK: Final = "\n\n"
_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under the text: whose key it names, and the bytes that key made."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says and who says they signed it; nothing of it is believed yet."""

    text: bytes
    lines: tuple[SignatureLine, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key that somebody decided to believe, with its name (a vkey)."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    def check(self, text: bytes, signature: bytes) -> int | None:
        """Check one signature; the time it names (epoch seconds), None if its kind has none.

        Raises ``bad_signature``.
        """
        time = None
        if self.kind == COSIGNATURE:
            stamp, signature = signature[:_TIME_BYTES], signature[_TIME_BYTES:]
            time = int.from_bytes(stamp)
            text = f"cosignature/v1\ntime {time}\n".encode() + text
        if time is not None and time > _LATEST:
            raise ServiceError("bad_signature", f"the time of {self.name} is out of range")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            raise ServiceError("bad_signature", f"the signature of {self.name} does not hold") from None
        return time


@dataclass(frozen=True, slots=True)
class Opened:
    """A text that given keys signed; ``signed`` has the time of each, by key name, None where it has none."""

    text: bytes
    signed: Mapping[str, int | None]


def read_verifier(vkey: str) -> Verifier:
    """Read a vkey, ``name+id+key`` (signed-note, section "Verifier keys"); raises ``bad_key``."""
    told = _VKEY.fullmatch(vkey)
    if told is None:
        raise _bad_key(vkey, "a name, eight hexadecimal digits and a key were expected, joined by +")
    name, given, encoded = told.groups()
    raw = from_base64(encoded)
    try:
        Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise _bad_key(vkey, str(error)) from error
    if raw[0] not in (ED25519, COSIGNATURE):
        raise _bad_key(vkey, f"signatures of type {raw[0]} are not known here")
    key_id = sha256(name.encode() + b"\n" + raw).digest()[:_ID_BYTES]
    if given != key_id.hex():
        raise _bad_key(vkey, "its id is not that of its key")
    return Verifier(name, key_id, raw[0], raw[1:])


def read_note(note: bytes) -> Note:
    """Take a note apart; the last empty line divides text and signatures. Raises ``bad_note``."""
    if len(note) > MAX_NOTE_BYTES:
        raise _bad_note(f"it has more than {MAX_NOTE_BYTES} bytes")
    try:
        told = note.decode()
    except UnicodeDecodeError as error:
        raise _bad_note("it is no UTF-8") from error
    if _CONTROL.search(told):
        raise _bad_note("it holds a control character")
    text, found, below = told.rpartition(_BREAK)
    if not found or not text or not below.endswith("\n"):
        raise _bad_note("it is no signed note: a text, an empty line and lines of signatures were expected")
    return Note(f"{text}\n".encode(), tuple(_line(line) for line in below[:-1].split("\n")))


def open_note(note: bytes, verifiers: Iterable[Verifier]) -> Opened:
    """The text of a note that at least one of these keys signed; raises ``bad_note``, ``bad_signature``."""
    known = {(one.name, one.key_id): one for one in verifiers}
    read = read_note(note)
    signed: dict[str, int | None] = {}
    for line in read.lines:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None:
            signed[verifier.name] = verifier.check(read.text, line.signature)
    if not signed:
        names = ", ".join(sorted(name for name, _ in known)) or "nobody"
        raise ServiceError("bad_signature", f"it bears no signature of {names} by a key that was given")
    return Opened(read.text, signed)


def from_base64(text: str) -> bytes:
    """The bytes of a text in canonical base64 (RFC 4648, section 3.5); nothing for any other text."""
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return b""
    return raw if b64encode(raw).decode() == text else b""


def _line(line: str) -> SignatureLine:
    told = _LINE.fullmatch(line)
    raw = from_base64(told[2]) if told else b""
    if told is None or len(raw) <= _ID_BYTES:
        raise _bad_note("a signature line cannot be read")
    return SignatureLine(told[1], raw[:_ID_BYTES], raw[_ID_BYTES:])


def _bad_note(words: str) -> ServiceError:
    return ServiceError("bad_note", f"no signed note: {words}")


def _bad_key(vkey: str, words: str) -> ServiceError:
    return ServiceError("bad_key", f"{vkey[:100]!r} is no verifier key: {words}")
