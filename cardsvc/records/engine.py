"""Opening the database so that SQLite and PostgreSQL promise the same.

- Durable: a commit is on disk when it returns (WAL with synchronous FULL; synchronous_commit on).
- One writer at a time: BEGIN IMMEDIATE on SQLite, one advisory lock on PostgreSQL, both taken before the
  first statement. Every writing use case appends to one hash chain, so writers wait for each other anyhow;
  waiting at the start costs nothing more, and rules out deadlocks and half-read states. Hence nothing slow
  (signing, drawing) belongs inside a writing transaction.
- But for one use case that appends nothing to that chain and locks what it changes row by row: on PostgreSQL,
  logs of different readers are taken beside each other and beside everything else.
- Readers never wait and see one unchanging state.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cardsvc.records.errors import RecordsError, Unavailable, translate

#: How long a writer waits for the one before: a batch of 500 cards takes well under a second.
BUSY_TIMEOUT_MS = 20_000
CONNECT_TIMEOUT_S = 5
#: One for every thread that may want one, so that no writer waits for a connection while others wait for it:
#: anyio's 40, the jobs', and a few for whoever reads beside a transaction. Two processes at their busiest fit
#: into the hundred that PostgreSQL allows, and a process keeps no more open than it needs from day to day.
MOST_CONNECTIONS = 48
KEPT_CONNECTIONS = 10
_POOL: Mapping[str, int] = {
    "pool_size": KEPT_CONNECTIONS,
    "max_overflow": MOST_CONNECTIONS - KEPT_CONNECTIONS,
}
#: The advisory lock all writers of one PostgreSQL database take; any fixed number of ours will do.
WRITER_LOCK = 0x63617264
_WRITES, _ALONE = "cardsvc_writes", "cardsvc_alone"


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://…``; connects to nothing yet."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            hide_parameters=True,
            **_POOL,
            connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = f"-c synchronous_commit=on -c lock_timeout={BUSY_TIMEOUT_MS}"
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=True,
        **_POOL,
        connect_args={"options": options, "connect_timeout": CONNECT_TIMEOUT_S},
    )
    event.listen(engine, "begin", _begin_postgres)
    return engine


def create_sqlite_file(url: str) -> None:
    """Make the empty database file readable by its owner alone; nothing to do elsewhere or if it exists."""
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        return
    path = Path(str(parsed.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Unavailable("database_unavailable", f"the database file cannot be made: {error}") from error


def is_made(url: str) -> bool:
    """Whether there is a file to open, where the database is one; a server is asked when it is opened."""
    parsed = _parse(url)
    return parsed.get_backend_name() != "sqlite" or Path(str(parsed.database)).is_file()


def require_database(url: str) -> None:
    """Refuse a SQLite file that is not there: opening it would silently make an empty one."""
    if not is_made(url):
        words = f"there is no database at {_parse(url).database}: run `cardsvc init` first"
        raise Unavailable("database_unavailable", words)


def begin(engine: Engine, *, write: bool, alone: bool = True) -> Connection:
    """A connection whose transaction has begun, as a writer or as a reader of one unchanging state.

    A writer that is not ``alone`` lets others write beside it, where the database can: it locks its own rows.
    """
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        raise translate(error) from error
    try:
        connection = connection.execution_options(**{_WRITES: write, _ALONE: write and alone})
        if engine.dialect.name == "postgresql":
            level: Any = "READ COMMITTED" if write else "REPEATABLE READ"
            connection = connection.execution_options(isolation_level=level, postgresql_readonly=not write)
        connection.begin()
    except SQLAlchemyError as error:
        connection.close()
        raise translate(error) from error
    return connection


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Neither error is shown as the cause: a port that is no number is often a piece of a password.
        raise _unknown(url.partition(":")[0]) from None
    except ValueError:
        words = "the port in the address is no number; write signs like : / @ of a password as %3A %2F %40"
        raise RecordsError("unknown_database", words) from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise RecordsError(
                "unknown_database", "records need a file, sqlite:///path/to/cardsvc.db; memory forgets"
            )
        return parsed.set(drivername="sqlite+pysqlite")
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise _unknown(parsed.get_backend_name())


def _unknown(scheme: str) -> RecordsError:
    # Only the scheme is repeated: the rest may hold a password.
    return RecordsError("unknown_database", f"expected sqlite:///FILE or postgresql://…, got {scheme!r}")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        # What is erased or replaced is overwritten, not left in free pages.
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(_ALONE, False):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})
