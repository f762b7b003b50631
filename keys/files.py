"""Encrypted key files.

A key file is JSON: a format number, the derivation, a public header, a nonce and the sealed secret. The
secret is sealed with XChaCha20-Poly1305 (a random 24-byte nonce never repeats by accident) under a key that
Argon2id derives from a passphrase; everything else in the file, its own name included, is associated data, so
that a renamed file or a changed header does not open.

Every file carries its salt and its costs and stands alone, but the files of one directory share one salt:
:class:`Passphrase` remembers what it derived, so that opening ten keys costs one derivation. Sharing loses
nothing, for whoever guesses the passphrase of one file of a directory has that of all of them anyway.
"""

import json
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)
from nacl.exceptions import CryptoError

from keys.disk import (
    check_private_directory,
    make_private_directory,
    read_private,
    write_file,
)
from keys.errors import KeysError

#: The only file format there is so far; any other number is refused.
FORMAT = 1
KEY_SUFFIX = ".key"
SALT_BYTES = 16  # RFC 9106 section 3.1 recommends 128 bits.
SEAL_KEY_BYTES = 32
CHECK_BYTES = 16
#: A file holds one secret; far above any of ours, far below what could hurt a reader.
MAX_FILE_BYTES = 64 * 1024
#: A passphrase file is one line; more is the wrong file.
MAX_PASSPHRASE_BYTES = 4096
#: A changed header must not make a host derive for minutes or run out of memory.
MAX_MEMORY_KIB = 1024 * 1024
MAX_PASSES = 16
MAX_LANES = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs: Argon2id memory in KiB, passes and lanes."""

    memory_kib: int
    passes: int
    lanes: int


#: RFC 9106 section 4, second recommended option: 64 MiB, three passes, four lanes.
STANDARD_COST = Cost(memory_kib=64 * 1024, passes=3, lanes=4)


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a file's key comes from the passphrase: salt and cost, both in the file."""

    salt: bytes
    cost: Cost


@dataclass(frozen=True, slots=True)
class KeyFile:
    """An opened key file: what everybody may know (``header``) and the ``secret``."""

    header: Mapping[str, str]
    secret: bytes = field(repr=False)


class Passphrase:
    """A passphrase, with the keys it has been stretched to; it never shows itself in a trace."""

    __slots__ = ("_derived", "_secret")

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise KeysError("passphrase_empty", "a passphrase of at least one byte was expected, none came")
        self._secret = secret
        self._derived: dict[Derivation, bytes] = {}

    def __repr__(self) -> str:
        return "Passphrase(…)"

    @classmethod
    def from_file(cls, path: Path) -> "Passphrase":
        """Read the passphrase from a file of mode 0600, without the line's end.

        Of what systemd hands over, the mode may be 0440: from version 254 on the service's user reads it by
        an access list, whose mask is what the mode shows for the group.

        Raises :class:`KeysError` ``key_file_exposed``, ``key_file_missing``, ``passphrase_empty``.
        """
        handed_over = os.environ.get("CREDENTIALS_DIRECTORY", "")
        group = bool(handed_over) and path.resolve().is_relative_to(Path(handed_over).resolve())
        data = read_private(
            path, MAX_PASSPHRASE_BYTES, what="passphrase file", follow=True, group_reads=group
        )
        secret = data.rstrip(b"\r\n")
        if not secret:
            raise KeysError("passphrase_empty", f"the passphrase file {path} is empty: write one line in it")
        return cls(secret)

    def stretch(self, derivation: Derivation) -> bytes:
        """Give 48 bytes of Argon2id, a sealing key and a check value, computed once for each derivation."""
        known = self._derived.get(derivation)
        if known is None:
            cost = derivation.cost
            try:
                known = hash_secret_raw(
                    self._secret,
                    derivation.salt,
                    time_cost=cost.passes,
                    memory_cost=cost.memory_kib,
                    parallelism=cost.lanes,
                    hash_len=SEAL_KEY_BYTES + CHECK_BYTES,
                    type=Type.ID,
                )
            except HashingError as error:
                raise KeysError(
                    "key_derivation_failed", f"Argon2id did not run with {cost}: {error}"
                ) from error
            self._derived[derivation] = known
        return known


def seal_file(
    path: Path,
    secret: bytes,
    header: Mapping[str, str],
    passphrase: Passphrase,
    *,
    cost: Cost = STANDARD_COST,
    replace: bool = False,
) -> None:
    """Write ``secret`` as an encrypted key file of mode 0600 in a directory of mode 0700.

    ``header`` stays readable and is bound to the secret, as is the file's name. An existing file is refused
    (``file_exists``) unless ``replace`` says otherwise.
    """
    make_private_directory(path.parent)
    derivation = _derivation_of(path.parent, cost)
    stretched = passphrase.stretch(derivation)
    document = {
        "format": FORMAT,
        "name": path.name,
        "kdf": {
            "name": "argon2id",
            "salt": _text(derivation.salt),
            "memory_kib": cost.memory_kib,
            "passes": cost.passes,
            "lanes": cost.lanes,
        },
        "header": dict(header),
        "check": _text(stretched[SEAL_KEY_BYTES:]),
    }
    nonce = os.urandom(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        secret, _bound(document), nonce, stretched[:SEAL_KEY_BYTES]
    )
    document |= {"nonce": _text(nonce), "sealed": _text(sealed)}
    write_file(path, json.dumps(document, indent=1, sort_keys=True).encode() + b"\n", replace=replace)


def open_file(path: Path, passphrase: Passphrase) -> KeyFile:
    """Open an encrypted key file.

    Raises :class:`KeysError`: ``key_file_missing``, ``key_file_exposed`` (others may read it or its
    directory), ``key_file_malformed``, ``key_file_version``, ``wrong_passphrase``, ``key_file_tampered``.
    """
    check_private_directory(path.parent)
    document = _load(path)
    header = _header(path, document)
    stretched = passphrase.stretch(_derivation(path, document))
    if _bytes(path, document, "check") != stretched[SEAL_KEY_BYTES:]:
        raise KeysError(
            "wrong_passphrase",
            f"{path} does not open with this passphrase (or its salt was changed): check which passphrase"
            " file belongs to this directory",
        )
    nonce, sealed = _bytes(path, document, "nonce"), _bytes(path, document, "sealed")
    bound = {key: document[key] for key in document if key not in ("nonce", "sealed")} | {"name": path.name}
    if len(nonce) != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES:
        raise _malformed(path, f"a nonce of {len(nonce)} bytes")
    try:
        secret = crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, _bound(bound), nonce, stretched[:SEAL_KEY_BYTES]
        )
    except (CryptoError, ValueError) as error:
        raise KeysError(
            "key_file_tampered",
            f"{path}: the passphrase is right but the file was changed or renamed since it was written;"
            " take it from the backup",
        ) from error
    return KeyFile(header, secret)


def read_header(path: Path) -> Mapping[str, str]:
    """Read the public header of a key file, not yet proved by opening it; the same refusals for its form."""
    return _header(path, _load(path))


def _derivation_of(directory: Path, cost: Cost) -> Derivation:
    """Find the derivation the directory's files share; a fresh one for its first file or another cost."""
    for path in sorted(directory.glob(f"*{KEY_SUFFIX}")):
        shared = _derivation(path, _load(path))
        if shared.cost == cost:
            return shared
    return Derivation(os.urandom(SALT_BYTES), cost)


def _derivation(path: Path, document: Mapping[str, object]) -> Derivation:
    kdf = document.get("kdf")
    if not isinstance(kdf, dict) or kdf.get("name") != "argon2id":
        raise _malformed(path, "no argon2id derivation")
    cost = Cost(
        _integer(path, kdf, "memory_kib", MAX_MEMORY_KIB),
        _integer(path, kdf, "passes", MAX_PASSES),
        _integer(path, kdf, "lanes", MAX_LANES),
    )
    salt = _bytes(path, kdf, "salt")
    if len(salt) != SALT_BYTES:
        raise _malformed(path, f"a salt of {len(salt)} bytes where {SALT_BYTES} were expected")
    return Derivation(salt, cost)


def _load(path: Path) -> dict[str, object]:
    data = read_private(path, MAX_FILE_BYTES, what="key file")
    try:
        document = json.loads(data, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise _malformed(path, f"no JSON ({error})") from error
    if not isinstance(document, dict):
        raise _malformed(path, "no JSON object")
    version = document.get("format")
    if version != FORMAT or isinstance(version, bool):
        raise KeysError(
            "key_file_version",
            f"{path} has format {version!r}, this version reads {FORMAT}: use the version that wrote it",
        )
    return document


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _header(path: Path, document: Mapping[str, object]) -> dict[str, str]:
    header = document.get("header")
    if not isinstance(header, dict) or not all(isinstance(value, str) for value in header.values()):
        raise _malformed(path, "no header of texts")
    return header


def _integer(path: Path, table: Mapping[str, object], key: str, most: int) -> int:
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _malformed(path, f"{key} {value!r} where 1 to {most} was expected")
    return value


def _bytes(path: Path, table: Mapping[str, object], key: str) -> bytes:
    value = table.get(key)
    if not isinstance(value, str):
        raise _malformed(path, f"no {key}")
    try:
        return b64decode(value, validate=True)
    except (Base64Error, ValueError) as error:
        raise _malformed(path, f"{key} is not base64") from error


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _bound(document: Mapping[str, object]) -> bytes:
    """Write the associated data: one byte string for one content, whatever the file's white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _malformed(path: Path, came: str) -> KeysError:
    return KeysError("key_file_malformed", f"{path} is no key file of this product: {came}")
