"""What a reader keeps on disk: the last good bundle, what it remembers of trust, the codes it has seen.

One directory, no names and no faces in it. Every file is replaced as a whole and synced, so that a power
cut leaves the old state or the new one.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from verify.errors import Refused

_LOCK, _SEEN = "lock", "seen.sqlite"
#: Far beyond the life of any phone code, so that what is dropped could not have been shown again.
KEEP_SEEN_S = 3600


class StateDirectory:
    """Files of a reader's state, each replaced atomically."""

    def __init__(self, path: Path) -> None:
        """Use ``path``, made if it is not there, for its owner alone."""
        self._path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused("state_unwritable", f"the state directory cannot be made: {error}") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory alone: two checks at once could otherwise put an older state over a newer."""
        with (self._path / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self, name: str) -> bytes | None:
        """The file's bytes, or None before the first write."""
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Replace the file durably: write beside it, sync, rename, sync the directory."""
        beside = self._path / f"{name}.new"
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path / name)
        directory = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def seen(self) -> "SeenFile":
        """The phone codes seen here."""
        return SeenFile(self._path / _SEEN)


class SeenFile:
    """A seen-set that survives a restart; implements ``verify.phone.SeenSet``."""

    def __init__(self, path: Path) -> None:
        """Keep the set in a small SQLite file, synced at every new code."""
        self._path = path
        with closing(self._connect()) as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID"
            )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None)

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time."""
        with closing(self._connect()) as database:
            database.execute("DELETE FROM seen WHERE at < ?", (now - KEEP_SEEN_S,))
            added = database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, now)).rowcount
            if added:
                return None
            first: int = database.execute("SELECT at FROM seen WHERE key = ?", (key,)).fetchone()[0]
            return first


class SeenInMemory:
    """A seen-set for one run; implements ``verify.phone.SeenSet``."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time."""
        if key in self._seen:
            return self._seen[key]
        self._seen = {old: at for old, at in self._seen.items() if at >= now - KEEP_SEEN_S}
        self._seen[key] = now
        return None
