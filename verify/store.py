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
from typing import BinaryIO

from verify.days import DAY_S
from verify.errors import Refused, Unchecked

_LOCK, _SEEN = "lock", "seen.sqlite"
_OWNER_ONLY, _OTHERS_WRITE = 0o600, 0o022
#: Twice a token's life. A code passes only within 90 s of its time, but clocks go wrong: a clock that ran
#: ahead by less than this and was set right again has forgotten nothing that could be shown a second time.
KEEP_SEEN_S = 30 * DAY_S
#: Why a state directory cannot be used at all, whatever root and bundle say.
UNUSABLE = frozenset(("state_unwritable", "state_unreadable", "state_exposed", "seen_unusable"))


class StateDirectory:
    """Files of a reader's state, each replaced atomically."""

    def __init__(self, path: Path) -> None:
        """Use ``path``, made if it is not there, for its owner alone.

        Raises ``state_unwritable``, and ``state_exposed`` where others may write: they could put back an old
        state, or take away the codes that were seen.
        """
        self._path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = path.stat().st_mode
        except OSError as error:
            raise Refused("state_unwritable", f"the state directory cannot be made: {error}") from error
        if mode & _OTHERS_WRITE:
            raise Refused("state_exposed", f"others may write into {path}; allow its owner alone: chmod 700")

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory alone: two checks at once could otherwise put an older state over a newer."""
        try:
            lock = _open_private(self._path / _LOCK)
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
        with _open_private(beside) as file:
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


def _open_private(path: Path) -> BinaryIO:
    """The file, empty, that only its owner reads and writes, whatever the umask and a file left there say."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb")
    os.fchmod(file.fileno(), _OWNER_ONLY)
    return file


class SeenFile:
    """A seen-set that survives a restart; implements ``verify.phone.SeenSet``."""

    def __init__(self, path: Path) -> None:
        """Keep the set in a small SQLite file, synced at every new code; raises ``seen_unusable``."""
        self._path = path
        try:
            path.touch(mode=_OWNER_ONLY)  # Before the first byte; the journal beside it inherits the mode.
            path.chmod(_OWNER_ONLY)
        except OSError as error:
            raise Unchecked("seen_unusable", f"the memory of seen phone codes fails: {error}") from error
        with self._database() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID"
            )
            database.execute("CREATE INDEX IF NOT EXISTS seen_at ON seen (at)")

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The open file. Where it fails nobody can tell what was seen: unchecked, so no door opens."""
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as database:
                # At FULL the journal's end is not synced: after a power cut it would take the last code back.
                database.execute("PRAGMA synchronous = EXTRA")
                yield database
        except sqlite3.Error as error:
            raise Unchecked("seen_unusable", f"the memory of seen phone codes fails: {error}") from error

    def when_seen(self, key: bytes) -> int | None:
        """When ``key`` was first noted, or None if it never was; notes nothing."""
        with self._database() as database:
            row = database.execute("SELECT at FROM seen WHERE key = ?", (key,)).fetchone()
            return None if row is None else int(row[0])

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time.

        Old codes are dropped by the earlier of this clock and the newest code noted before: the first code
        after a leap of the clock drops nothing, however far it went.
        """
        with self._database() as database:
            database.execute(
                "DELETE FROM seen WHERE at < min(?, (SELECT max(at) FROM seen)) - ?", (now, KEEP_SEEN_S)
            )
            added = database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, now)).rowcount
            if added:
                return None
            first: int = database.execute("SELECT at FROM seen WHERE key = ?", (key,)).fetchone()[0]
            return first


class SeenInMemory:
    """A seen-set for one run; implements ``verify.phone.SeenSet``."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}
        self._newest = 0

    def when_seen(self, key: bytes) -> int | None:
        """When ``key`` was first noted, or None if it never was; notes nothing."""
        return self._seen.get(key)

    def first_seen(self, key: bytes, now: int) -> int | None:
        """When ``key`` was first noted, or None now that it is noted for the first time."""
        if key in self._seen:
            return self._seen[key]
        before = min(now, self._newest) - KEEP_SEEN_S  # As the file does, and for the same reason.
        while self._seen and self._seen[oldest := next(iter(self._seen))] < before:
            del self._seen[oldest]
        self._seen[key] = now
        self._newest = max(self._newest, now)
        return None
