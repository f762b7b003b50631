"""The one way in which this product puts a file on disk, and reads one that nobody else may read."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from keys.errors import KeysError

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
PUBLIC_FILE = 0o644
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_file(path: Path, data: bytes, *, mode: int = PRIVATE_FILE, replace: bool = True) -> None:
    """Write a file whole or not at all, on disk before the call returns.

    The bytes go to a temporary file beside it, are synced, and take the name in one step; then the directory
    is synced. With ``replace`` false an existing file is refused (``file_exists``), in the same one step.
    Raises :class:`KeysError` ``file_not_written`` when the disk is full or the place cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            if replace:
                os.replace(temporary, path)
            else:
                os.link(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        _sync_directory(path.parent)
    except FileExistsError as error:
        raise KeysError("file_exists", f"{path} exists already and is never overwritten") from error
    except OSError as error:
        raise KeysError(
            "file_not_written", f"{path} could not be written: {error.strerror or error}"
        ) from error


def make_private_directory(path: Path) -> None:
    """Make a directory of mode 0700 with its parents, or check that the one there is not open to others."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=PRIVATE_DIRECTORY)
        except FileExistsError:
            check_private_directory(path)
        else:
            # The process mask may have taken bits away, never the ones we need: say it exactly.
            path.chmod(PRIVATE_DIRECTORY)
            _sync_directory(path.parent)
    except OSError as error:
        raise KeysError(
            "file_not_written", f"the directory {path} could not be made: {error.strerror or error}"
        ) from error


def make_public_directory(path: Path) -> None:
    """Make a directory for public documents, with its parents, if it is not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KeysError(
            "file_not_written", f"the directory {path} could not be made: {error.strerror or error}"
        ) from error


def read_public(path: Path, limit: int) -> bytes:
    """Read a public document of at most ``limit`` bytes; raises ``file_missing``, ``file_too_large``."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise KeysError("file_missing", f"{path} could not be read: {error.strerror or error}") from error
    if len(data) > limit:
        raise KeysError("file_too_large", f"{path} is larger than the {limit} bytes allowed here")
    return data


def _exposed(path: Path, mode: int, wanted: int) -> KeysError:
    return KeysError(
        "key_file_exposed",
        f"{path} has mode {stat.S_IMODE(mode):04o}, so others may reach it, and nobody else may:"
        f" chmod {wanted:04o} {path}",
    )


def check_private_directory(path: Path) -> None:
    """Refuse a directory that others may enter or read (``key_file_exposed``), or that is none."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise KeysError(
            "key_file_missing", f"{path} could not be opened: {error.strerror or error}"
        ) from error
    if not stat.S_ISDIR(mode):
        raise KeysError("key_file_missing", f"{path} is no directory")
    if mode & _OTHERS:
        raise _exposed(path, mode, PRIVATE_DIRECTORY)


def read_private(
    path: Path, limit: int, *, what: str, follow: bool = False, group_reads: bool = False
) -> bytes:
    """Read a private file, its mode judged on the very file that is read (no race between look and read)."""
    forbidden = _OTHERS & ~stat.S_IRGRP if group_reads else _OTHERS
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise KeysError("key_file_missing", f"{path} is no regular file, a {what} was expected")
            if mode & forbidden:
                raise _exposed(path, mode, PRIVATE_FILE)
            data = file.read(limit + 1)
    except OSError as error:
        raise KeysError(
            "key_file_missing", f"the {what} {path} could not be read: {error.strerror or error}"
        ) from error
    if len(data) > limit:
        raise KeysError("file_too_large", f"{path} is larger than the {limit} bytes a {what} may have")
    return data


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
