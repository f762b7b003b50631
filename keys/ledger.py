"""What the signer remembers: its own database, which nobody but the signer opens.

It says what was signed and who approved it, who may approve, and what each list has said. It holds no name,
no passport and no face: cards by number, payloads of gate codes, staff by their ids. Every act is an entry
of a chain of hashes, written in the act's own transaction.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Final

from keys.disk import check_private_directory, make_private_directory
from keys.errors import KeysError
from verify import cbor

#: The one form of ledger there is so far; any other number is refused.
FORMAT: Final = 1
BUSY_S: Final = 20.0
NO_HASH: Final = bytes(32)
#: Extended codes keep the primary code in the low byte (sqlite.org/rescode.html).
_PRIMARY: Final = 0xFF

_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nonce (nonce BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE approver (
  credential BLOB PRIMARY KEY, staff TEXT NOT NULL, role TEXT NOT NULL, office TEXT NOT NULL,
  services TEXT NOT NULL, public_key BLOB NOT NULL, sign_count INTEGER NOT NULL, label TEXT NOT NULL,
  since INTEGER NOT NULL, removed INTEGER
) WITHOUT ROWID;
CREATE TABLE founder (
  code BLOB PRIMARY KEY, staff TEXT NOT NULL UNIQUE, role TEXT NOT NULL, office TEXT NOT NULL, used INTEGER
) WITHOUT ROWID;
CREATE TABLE request (
  hash BLOB PRIMARY KEY, kind TEXT NOT NULL, submitter TEXT NOT NULL, approver TEXT NOT NULL,
  at INTEGER NOT NULL, day INTEGER NOT NULL, cards INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX request_day ON request (day);
CREATE TABLE card (number TEXT PRIMARY KEY, permit_day INTEGER) WITHOUT ROWID;
CREATE TABLE slot (
  uri TEXT NOT NULL, idx INTEGER NOT NULL, number TEXT NOT NULL REFERENCES card, print_no INTEGER NOT NULL,
  cti BLOB NOT NULL UNIQUE, gate BLOB NOT NULL, gate_hash BLOB NOT NULL UNIQUE, identity_hash BLOB NOT NULL,
  kid BLOB NOT NULL, gate_signature BLOB NOT NULL, identity_signature BLOB NOT NULL,
  request BLOB NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL, exp INTEGER NOT NULL,
  held INTEGER NOT NULL DEFAULT 0, lift_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (uri, idx), UNIQUE (number, print_no)
) WITHOUT ROWID;
CREATE INDEX slot_request ON slot (request);
CREATE INDEX slot_kid ON slot (kid);
CREATE TABLE chip (
  uid BLOB PRIMARY KEY, number TEXT NOT NULL REFERENCES card, payload_hash BLOB NOT NULL UNIQUE,
  kid BLOB NOT NULL, signature BLOB NOT NULL, request BLOB NOT NULL UNIQUE, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX chip_kid ON chip (kid);
CREATE TABLE final (
  uri TEXT NOT NULL, idx INTEGER NOT NULL, value INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (uri, idx)
) WITHOUT ROWID;
CREATE TABLE granted (
  number TEXT NOT NULL REFERENCES card, service INTEGER NOT NULL, last_day INTEGER,
  withdrawn INTEGER NOT NULL DEFAULT 0, lift_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (number, service)
) WITHOUT ROWID;
CREATE TABLE distrusted (kid BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE venue (venue TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE log (
  seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, details TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL
);
"""

#: What came after the first ledgers were made; older ones get it when they are opened.
_LATER: Final = """
CREATE TABLE IF NOT EXISTS phone (
  thumbprint BLOB PRIMARY KEY, number TEXT NOT NULL REFERENCES card, uri TEXT NOT NULL, idx INTEGER NOT NULL,
  at INTEGER NOT NULL, exp INTEGER NOT NULL,
  held INTEGER NOT NULL DEFAULT 0, lift_until INTEGER NOT NULL DEFAULT 0, UNIQUE (uri, idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof (proof BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moved (
  thumbprint BLOB PRIMARY KEY REFERENCES phone, number TEXT NOT NULL, into_key BLOB NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moved_number ON moved (number);
CREATE TABLE IF NOT EXISTS lost_print (
  uri TEXT NOT NULL, idx INTEGER NOT NULL, number TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (uri, idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovery (
  thumbprint BLOB PRIMARY KEY, phone BLOB NOT NULL UNIQUE REFERENCES phone, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovering (
  thumbprint BLOB PRIMARY KEY, number TEXT NOT NULL, phone BLOB NOT NULL REFERENCES phone, list TEXT NOT NULL,
  idx INTEGER NOT NULL, at INTEGER NOT NULL, ended INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS recovering_number ON recovering (number);
CREATE INDEX IF NOT EXISTS phone_number ON phone (number);
CREATE INDEX IF NOT EXISTS phone_end ON phone (uri, exp);
CREATE INDEX IF NOT EXISTS slot_end ON slot (uri, exp);
CREATE TABLE IF NOT EXISTS seconded (
  request BLOB NOT NULL, staff TEXT NOT NULL, credential BLOB NOT NULL REFERENCES approver,
  at INTEGER NOT NULL, PRIMARY KEY (request, staff)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What is fixed when the ledger is made: whose cards, which address is printed on them, whose days."""

    issuer: str
    public_url: str
    day_offset_s: int


@dataclass(frozen=True, slots=True)
class LogHead:
    """The end of the signer's log, to be remembered elsewhere."""

    seq: int
    hash: bytes


class Ledger:
    """The signer's database; one process opens it, its threads take turns."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = RLock()
        self.facts = self._facts()

    @classmethod
    def create(cls, path: Path, facts: LedgerFacts) -> "Ledger":
        """Make an empty ledger in a directory of its own; raises ``file_exists``."""
        make_private_directory(path.parent)
        if path.exists():
            raise KeysError("file_exists", f"{path} exists already and is never overwritten")
        try:
            # Made aside and moved in one step: a crash leaves no half ledger under this name.
            fresh = path.with_name(f".{path.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
                _prepare(connection)
                rows = [
                    ("format", str(FORMAT)),
                    ("issuer", facts.issuer),
                    ("public_url", facts.public_url.rstrip("/")),
                    ("day_offset_s", str(facts.day_offset_s)),
                ]
                connection.executescript(_SCHEMA)
                connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            fresh.rename(path)
        except (OSError, sqlite3.Error) as error:
            raise KeysError("file_not_written", f"the ledger {path} could not be made: {error}") from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "Ledger":
        """Open the ledger, and see that its log is whole.

        Raises :class:`KeysError` ``no_ledger``, ``key_file_exposed``, ``ledger_malformed``, ``log_broken``.
        """
        if not path.is_file():
            raise KeysError("no_ledger", f"{path} is not there: `cardsvc init` makes the signer's ledger")
        check_private_directory(path.parent)
        if path.stat().st_mode & 0o077:
            raise KeysError("key_file_exposed", f"others may read the signer's ledger: chmod 0600 {path}")
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection)
            connection.executescript(_LATER)
            ledger = cls(path, connection)
            ledger.check_log()
        except sqlite3.Error as error:
            connection.close()
            raise KeysError("ledger_malformed", f"{path} is no ledger of a signer: {error}") from error
        except KeysError:
            connection.close()
            raise
        return ledger

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One act: all of it durable at the end, or nothing. Raises ``disk_full``, ``ledger_failed``."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_FULL:
                    words = "the signer's disk has no room left; nothing of this was signed: free space"
                    raise KeysError("disk_full", f"{words} and try again") from error
                raise KeysError("ledger_failed", f"the signer's ledger cannot be written: {error}") from error

    def log(self, now: int, actor: str, action: str, subject: str, details: Mapping[str, object]) -> None:
        """Append an entry to the chain; inside a transaction."""
        text = json.dumps(dict(details), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        head = self._head()
        entry = (head.seq + 1, now, actor, action, subject, text, head.hash)
        self._connection.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*entry, _hash(*entry)))

    def head(self) -> LogHead:
        """The end of the log."""
        with self._lock:
            return self._head()

    def check_log(self) -> LogHead:
        """Walk the chain; raises ``log_broken`` with the first wrong entry. Gives the end."""
        with self._lock:
            previous, seq = NO_HASH, 0
            for row in self._connection.execute("SELECT * FROM log ORDER BY seq"):
                *fields, found = row
                seq += 1
                if fields[0] != seq or fields[6] != previous or _hash(*fields) != found:
                    raise KeysError("log_broken", f"entry {seq} of the signer's log was changed or taken out")
                previous = found
            return LogHead(seq, previous)

    def _head(self) -> LogHead:
        row = self._connection.execute("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1").fetchone()
        return LogHead(0, NO_HASH) if row is None else LogHead(*row)

    def _facts(self) -> LedgerFacts:
        meta = dict(self._connection.execute("SELECT name, value FROM meta"))
        if meta.get("format") != str(FORMAT):
            raise KeysError("ledger_malformed", f"{self.path} has format {meta.get('format')}, not {FORMAT}")
        return LedgerFacts(meta["issuer"], meta["public_url"], int(meta["day_offset_s"]))


def _prepare(connection: sqlite3.Connection) -> None:
    """Have a commit be on disk when it returns, and references hold."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _hash(*fields: object) -> bytes:
    return hashlib.sha256(cbor.encode(list(fields))).digest()
