"""The gate log on disk: chained, signed, sealed, and nothing deleted before the service has it.

One SQLite file at full durability (write-ahead log, every commit synced): what :meth:`Journal.append` has
returned for survives a power cut. A record and what the reader remembers of its visitor are one transaction.
"""

import base64
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from nacl.public import PublicKey as SealKey
from nacl.public import SealedBox

from verify.cose import PublicKey
from verify.errors import Unchecked
from verify.reader.device import Device
from verify.reader.records import CHECKPOINT_TYP, NO_RECORD, Entry, Record, checkpoint_payload, record_hash
from verify.rules import LONGEST_LOOK_BACK_S

#: 128 MiB hold some 400,000 records: a busy door's for a month without any network.
DEFAULT_MIB: Final = 128
MIB: Final = 1024 * 1024
#: From this share of the room on, the reader says that its log fills up.
ALARM_SHARE: Final = 0.8
#: Records in one upload, about 150 KB; at least as many as between two checkpoints.
BATCH: Final = 500
SIGN_EVERY: Final = 100
#: The service has these: it took it, knew it, took it late, or keeps it apart for a person to look at.
SAFE: Final = frozenset(("taken", "known", "late", "quarantined"))
_OWNER_ONLY: Final = 0o600
_IN, _OUT = 1, 2

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    device TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
    time INTEGER NOT NULL, signed INTEGER NOT NULL, missed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL, refused TEXT);
CREATE TABLE IF NOT EXISTS checkpoints (seq INTEGER PRIMARY KEY, signed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS records_refused ON records (refused);
CREATE TABLE IF NOT EXISTS visits (
    who BLOB NOT NULL, service INTEGER, at INTEGER NOT NULL, way INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS visits_who ON visits (who, at);
CREATE INDEX IF NOT EXISTS visits_at ON visits (at);
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands: what waits, what the service would not take, what found no room, how full it is."""

    seq: int
    waiting: int
    refused: int
    missed: int
    share: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to be sent, (seq, sealed), and the checkpoints that vouch for them."""

    records: tuple[tuple[int, bytes], ...]
    checkpoints: tuple[bytes, ...]

    def to_json(self) -> dict[str, object]:
        """As the service takes it (docs/readers.md, "Upload")."""
        return {
            "records": [{"seq": seq, "sealed": _base64(sealed)} for seq, sealed in self.records],
            "checkpoints": [_base64(signed) for signed in self.checkpoints],
        }


class Journal:
    """The log of one device, and its memory of visits (``verify.rules.History``). Safe between threads."""

    def __init__(
        self,
        path: Path,
        *,
        reader: str,
        device: Device,
        max_bytes: int = DEFAULT_MIB * MIB,
        sign_every: int = SIGN_EVERY,
    ) -> None:
        """Open the file or begin it; ``max_bytes`` bounds it on disk. Raises ``journal_unusable``."""
        self._reader, self._device, self._sign_every = reader, device, min(sign_every, BATCH)
        self._lock = threading.Lock()
        self._missed = 0
        try:
            path.touch(mode=_OWNER_ONLY)
            path.chmod(_OWNER_ONLY)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare(max_bytes)
        except (OSError, sqlite3.Error) as error:
            raise Unchecked("journal_unusable", f"the log in {path} fails: {error}") from error

    def close(self) -> None:
        """Close the file; everything in it is synced already."""
        self._database.close()

    def _prepare(self, max_bytes: int) -> None:
        run = self._database.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA secure_delete = ON")
        self._database.executescript(_SCHEMA)
        (page,) = run("PRAGMA page_size").fetchone()
        (self._pages,) = run(f"PRAGMA max_page_count = {max_bytes // page}").fetchone()
        run(
            "INSERT OR IGNORE INTO head VALUES (1, ?, 0, ?, 0, 0, 0)",
            (self._reader, NO_RECORD),
        )
        row = run("SELECT device, seq, hash, time, signed, missed FROM head").fetchone()
        if row[0] != self._reader:
            raise Unchecked("journal_unusable", f"this log is of {row[0]}, the reader is {self._reader}")
        self._seq, self._hash, self._time, self._signed, self._missed = row[1:]

    # Writing.

    def append(self, entry: Entry, seal_to: PublicKey, number: str | None = None) -> int:
        """Add a record, durably, and give its seq; ``number`` is the card's where its visit is remembered.

        Raises ``journal_full`` or ``journal_unusable``; then nothing was added, and it is counted as missed.
        """
        with self._lock:
            record = Record(self._reader, self._seq + 1, self._hash, entry, self._missed)
            encoded = record.encode()
            digest = record_hash(encoded)
            sealed = bytes(SealedBox(SealKey(seal_to.raw)).encrypt(encoded))
            signs = record.seq - self._signed >= self._sign_every
            try:
                with self._transaction() as run:
                    run.execute("INSERT INTO records VALUES (?, ?, NULL)", (record.seq, sealed))
                    if signs:
                        self._write_checkpoint(run, record.seq, entry.time, digest)
                    if number is not None and entry.opened:
                        self._write_visit(run, number, entry)
                    run.execute(
                        "UPDATE head SET seq = ?, hash = ?, time = ?, signed = ?, missed = 0",
                        (record.seq, digest, entry.time, record.seq if signs else self._signed),
                    )
            except sqlite3.Error as error:
                self._miss()
                raise _failed(error) from error
            self._seq, self._hash, self._time, self._missed = record.seq, digest, entry.time, 0
            self._signed = record.seq if signs else self._signed
            return record.seq

    def miss(self) -> None:
        """Count a verdict that could not be recorded; the next record says how many there were."""
        with self._lock:
            self._miss()

    def _miss(self) -> None:
        self._missed += 1
        # Written in place, so that a full file still has room for it; a broken one keeps it in memory.
        with suppress(sqlite3.Error):
            self._database.execute("UPDATE head SET missed = ?", (self._missed,))

    def _write_checkpoint(self, run: sqlite3.Connection, seq: int, time: int, digest: bytes) -> None:
        signed = self._device.sign1(checkpoint_payload(self._reader, seq, time, digest), CHECKPOINT_TYP)
        run.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", (seq, signed))

    def _write_visit(self, run: sqlite3.Connection, number: str, entry: Entry) -> None:
        # By the earlier of this clock and the newest visit: a clock that ran ahead forgets nothing.
        run.execute(
            "DELETE FROM visits WHERE at < min(?, (SELECT max(at) FROM visits)) - ?",
            (entry.time, LONGEST_LOOK_BACK_S),
        )
        way = _IN if entry.direction == "in" else _OUT
        who = self._device.whom(number)
        run.execute("INSERT INTO visits VALUES (?, ?, ?, ?)", (who, entry.service, entry.time, way))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
            self._database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have rolled back by itself: a full disk.
                self._database.execute("ROLLBACK")
            raise

    # Reading: what the venue's rules ask (verify.rules.History).

    def admissions(self, number: str, service: int | None, since: int, until: int) -> int:
        """How often the card was admitted from the epoch second ``since`` to ``until``."""
        query = (
            "SELECT count(*) FROM visits WHERE who = ? AND at BETWEEN ? AND ? AND way = ? AND service IS ?"
        )
        return int(self._ask(query, self._device.whom(number), since, until, _IN, service)[0])

    def last_entry(self, number: str) -> int | None:
        """When the card last went in without having gone out since, in epoch seconds."""
        query = "SELECT at, way FROM visits WHERE who = ? ORDER BY rowid DESC LIMIT 1"
        row = self._ask(query, self._device.whom(number))
        return int(row[0]) if row and row[1] == _IN else None

    def _ask(self, query: str, *values: object) -> tuple[int, ...]:
        with self._lock:
            try:
                found: tuple[int, ...] | None = self._database.execute(query, values).fetchone()
            except sqlite3.Error as error:
                raise _failed(error) from error
        return found or ()

    # Uploading.

    def batch(self, now: int) -> Batch | None:
        """The oldest records that wait, as they are sent, or None; a checkpoint vouches for all of them."""
        with self._lock:
            try:
                rows = self._database.execute(
                    "SELECT seq, sealed FROM records WHERE refused IS NULL ORDER BY seq LIMIT ?", (BATCH,)
                ).fetchall()
                if not rows:
                    return None
                first, last = rows[0][0], rows[-1][0]
                if self._signed < last:
                    with self._transaction() as run:
                        self._write_checkpoint(run, self._seq, now, self._hash)
                        run.execute("UPDATE head SET signed = ?", (self._seq,))
                    self._signed = self._seq
                signed = self._database.execute(
                    "SELECT signed FROM checkpoints WHERE seq BETWEEN ? AND "
                    "(SELECT min(seq) FROM checkpoints WHERE seq >= ?) ORDER BY seq",
                    (first, last),
                ).fetchall()
            except sqlite3.Error as error:
                raise _failed(error) from error
        return Batch(tuple(rows), tuple(row[0] for row in signed))

    def acknowledge(self, answers: Mapping[int, tuple[str, str]]) -> None:
        """Delete what the service has; what it would not take stays, with its reason, until it does."""
        safe = [(seq,) for seq, (answer, _) in answers.items() if answer in SAFE]
        refused = [(reason or answer, seq) for seq, (answer, reason) in answers.items() if answer not in SAFE]
        with self._lock:
            try:
                with self._transaction() as run:
                    run.executemany("DELETE FROM records WHERE seq = ?", safe)
                    run.executemany("UPDATE records SET refused = ? WHERE seq = ?", refused)
                    run.execute(
                        "DELETE FROM checkpoints WHERE seq < (SELECT ifnull(min(seq), ?) FROM records)",
                        (self._seq + 1,),
                    )
            except sqlite3.Error as error:
                raise _failed(error) from error

    def retry_refused(self) -> None:
        """Offer again what the service would not take: it may have learnt since."""
        with self._lock:
            try:
                self._database.execute("UPDATE records SET refused = NULL WHERE refused IS NOT NULL")
            except sqlite3.Error as error:
                raise _failed(error) from error

    def standing(self) -> Standing:
        """How the log stands now; ``share`` is the part of its room that is taken."""
        with self._lock:
            try:
                return _standing(self._database, self._pages)
            except sqlite3.Error as error:
                raise _failed(error) from error


def peek(path: Path, max_bytes: int = DEFAULT_MIB * MIB) -> Standing:
    """How a log stands that another process writes; raises ``journal_unusable``."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            (page,) = database.execute("PRAGMA page_size").fetchone()
            return _standing(database, max_bytes // page)
    except sqlite3.Error as error:
        raise Unchecked("journal_unusable", f"the log in {path} cannot be read: {error}") from error


def _standing(database: sqlite3.Connection, room: int) -> Standing:
    run = database.execute
    waiting, refused = run("SELECT count(*), count(refused) FROM records").fetchone()
    seq, missed = run("SELECT seq, missed FROM head").fetchone()
    (pages,), (free,) = run("PRAGMA page_count").fetchone(), run("PRAGMA freelist_count").fetchone()
    return Standing(seq, waiting, refused, missed, (pages - free) / room)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _failed(error: sqlite3.Error) -> Unchecked:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return Unchecked(
            "journal_full", "the log has no room left: bring this reader on line, or raise its max_mib"
        )
    return Unchecked("journal_unusable", f"the log fails: {error}")
