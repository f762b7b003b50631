"""The secrets of the records: versioned master keys that wrap data keys, and the blind index's key."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from keys.errors import KeysError
from keys.files import STANDARD_COST, Cost, Passphrase, open_file, seal_file
from verify import cbor

KEY_BYTES: Final = 32
FILE_NAME: Final = "records.key"
_HEADER: Final = {"use": "records"}
_MASTERS, _BLIND = 1, 2


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """Master keys by version (32 bytes each; the highest wraps anew) and the blind index's key (32 bytes)."""

    masters: Mapping[int, bytes] = field(repr=False)
    blind: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.masters or any(len(key) != KEY_BYTES for key in (*self.masters.values(), self.blind)):
            raise KeysError(
                "key_file_malformed", "record keys: at least one master, a blind key, 32 bytes each"
            )

    @property
    def newest(self) -> int:
        """The version that wraps new data keys."""
        return max(self.masters)

    def rotated(self) -> "RecordKeys":
        """Give the same keys with one more master, one version up."""
        return RecordKeys({**self.masters, self.newest + 1: os.urandom(KEY_BYTES)}, self.blind)


def new_record_keys() -> RecordKeys:
    """Draw a first master key and the blind index's key."""
    return RecordKeys({1: os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES))


def seal_record_keys(
    directory: Path,
    keys: RecordKeys,
    passphrase: Passphrase,
    *,
    cost: Cost = STANDARD_COST,
    replace: bool = False,
) -> None:
    """Write the record keys as ``records.key``; an existing file is kept unless ``replace``."""
    secret = cbor.encode({_MASTERS: dict(keys.masters), _BLIND: keys.blind})
    seal_file(directory / FILE_NAME, secret, _HEADER, passphrase, cost=cost, replace=replace)


def open_record_keys(directory: Path, passphrase: Passphrase) -> RecordKeys:
    """Open ``records.key``; raises :class:`KeysError` as ``open_file`` does."""
    file = open_file(directory / FILE_NAME, passphrase)
    item = cbor.decode(file.secret)
    if file.header != _HEADER or not isinstance(item, dict):
        raise KeysError("wrong_key_use", f"{directory / FILE_NAME} does not hold record keys")
    masters, blind = item.get(_MASTERS), item.get(_BLIND)
    if not isinstance(masters, dict) or not isinstance(blind, bytes):
        raise KeysError("key_file_malformed", f"{directory / FILE_NAME} lacks the masters or the blind key")
    if not all(type(version) is int and type(key) is bytes for version, key in masters.items()):
        raise KeysError("key_file_malformed", f"{directory / FILE_NAME}: masters are keys by version number")
    return RecordKeys(masters, blind)
