"""The signed public documents of an issuer in a directory: ``root-1.cose`` and on, ``keys-1.cose`` and on."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keys.disk import read_public
from keys.errors import KeysError
from keys.root import check_signed
from verify.keylist import KEYS_TYP, KeyList, decode_key_list
from verify.root import read_root
from verify.signatures import read_sign
from verify.trustdocs import ROOT_TYP, RootDocument

#: A key list of fifty years is a tenth of this.
MAX_DOCUMENT_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Roots:
    """Root documents from version 1 on, each checked against the one before, as signed bytes and read."""

    signed: tuple[bytes, ...]
    read: tuple[RootDocument, ...]

    @property
    def newest(self) -> RootDocument | None:
        """The last root document; None where there is none yet."""
        return self.read[-1] if self.read else None

    def at(self, version: int) -> RootDocument:
        """Give the root document of a version; raises ``root_gap``."""
        if not 1 <= version <= len(self.read):
            raise KeysError("root_gap", f"root {version} is asked for, 1 to {len(self.read)} are at hand")
        return self.read[version - 1]


@dataclass(frozen=True, slots=True)
class Documents:
    """The newest key list, and the root documents up to the one it was signed under."""

    roots: Roots
    key_list_bytes: bytes
    key_list: KeyList

    @property
    def root(self) -> RootDocument:
        """The root document that signed the key list."""
        return self.roots.read[-1]


def load_roots(directory: Path) -> Roots:
    """Read and check the root documents of a directory.

    Raises :class:`KeysError` ``root_gap`` and what :func:`keys.root.check_signed` raises.
    """
    found = numbered(directory, "root")
    if sorted(found) != list(range(1, len(found) + 1)):
        raise KeysError("root_gap", f"{directory}: roots 1 to {max(found)} were expected, some are missing")
    signed = tuple(found[number] for number in sorted(found))
    read: list[RootDocument] = []
    for number, document in enumerate(signed, 1):
        root = read_root(document)
        if root.version != number:
            raise KeysError("root_gap", f"{directory}: root-{number}.cose says it is version {root.version}")
        if read:
            check_signed(document, ROOT_TYP, read[-1])
        read.append(root)
    return Roots(signed, tuple(read))


def load_documents(directory: Path) -> Documents:
    """Read and check the newest key list and the root documents that lead to it.

    A root document without a key list of its own is not in use yet: so a crash between two files, or a
    ceremony in two parts, never leaves a keyring that cannot be opened.
    Raises :class:`KeysError` ``no_documents`` and what :func:`load_roots` raises.
    """
    roots, lists = load_roots(directory), numbered(directory, "keys")
    if not lists:
        raise KeysError("no_documents", f"{directory} holds no signed key list: hold the root ceremony first")
    newest = lists[max(lists)]
    key_list = decode_key_list(read_sign(newest, KEYS_TYP).payload)
    root = roots.at(key_list.root_version)
    check_signed(newest, KEYS_TYP, root)
    return Documents(Roots(roots.signed[: root.version], roots.read[: root.version]), newest, key_list)


def numbered(directory: Path, kind: str) -> dict[int, bytes]:
    """Read the files ``KIND-N.cose`` of a directory by their number; other names are passed over."""
    form = re.compile(kind + r"-([1-9][0-9]{0,5})\.cose")
    paths = {int(match[1]): path for path in directory.glob("*.cose") if (match := form.fullmatch(path.name))}
    return {number: read_public(path, MAX_DOCUMENT_BYTES) for number, path in paths.items()}
