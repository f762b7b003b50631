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

from verify.errors import Refused, Unchecked

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
        try:
            lock = (self._path / _LOCK).open("wb")
        except OSError as error:
            raise Refused("state_unwritable", f"the state directory cannot be locked: {error}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self, name: str) -> bytes | None:
        """The file's bytes, or None before the first write; raises ``state_unreadable``."""
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Refused("state_unreadable", f"{name} in the state directory: {error}") from error

    def write(self, name: str, data: bytes) -> None:
        """Replace the file durably: write beside it, sync, rename, sync the directory.

        Raises ``state_unwritable``; then the old file stands.
        """
        try:
            self._replace(name, data)
        except OSError as error:
            raise Refused("state_unwritable", f"{name} in the state directory: {error}") from error

    def _replace(self, name: str, data: bytes) -> None:
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
        """Keep the set in a small SQLite file, synced at every new code; raises ``seen_unusable``."""
        self._path = path
        with self._database() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID"
            )

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The open file. Where it fails nobody can tell what was seen: unchecked, so no door opens."""
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as database:
                yield database
        except sqlite3.Error as error:
            raise Unchecked("seen_unusable", f"the memory of seen phone codes fails: {error}") from error

    def when_seen(self, key: bytes) -> int | None:
        """When ``key`` was first noted, or None if it never was; notes nothing."""
        with self._database() as database:
            row = database.execute("SELECT at FROM seen WHERE key = ?", (key,)).fetchone()
            return None if row is None else int(row[0])

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time."""
        with self._database() as database:
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

    def when_seen(self, key: bytes) -> int | None:
        """When ``key`` was first noted, or None if it never was; notes nothing."""
        return self._seen.get(key)

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time."""
        if key in self._seen:
            return self._seen[key]
        self._seen = {old: at for old, at in self._seen.items() if at >= now - KEEP_SEEN_S}
        self._seen[key] = now
        return None
