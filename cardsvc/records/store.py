"""Opening the records: the engine, the keys and the right schema, held together by one object."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cardsvc.records.engine import create_sqlite_file, is_made, open_engine, require_database
from cardsvc.records.errors import RecordsError, Unavailable, translate
from cardsvc.records.migrating import is_behind, upgrade
from cardsvc.records.office import IssuerSettings
from cardsvc.records.sealing import RecordKeys, make_record_keys
from cardsvc.records.unit import UnitOfWork


class Store:
    """The records of one installation. Threads may share it; every thread takes transactions of its own."""

    def __init__(self, engine: Engine, keys: RecordKeys) -> None:
        """Hold an engine made by :func:`cardsvc.records.engine.open_engine`."""
        self._engine = engine
        self._keys = keys

    def transaction(self) -> UnitOfWork:
        """A writing transaction: commits on leaving, rolls back on any error. Do nothing slow inside."""
        return UnitOfWork(self._engine, self._keys, write=True)

    def beside(self) -> UnitOfWork:
        """A writing transaction that others may write beside, for use cases that append nothing to the audit.

        Whoever opens it locks the rows it goes by, always in the same order (``Readers.hold``). Where the
        database has one writer only, it is :meth:`transaction`.
        """
        return UnitOfWork(self._engine, self._keys, write=True, alone=False)

    def reading(self) -> UnitOfWork:
        """A reading transaction over one unchanging state; it never waits for writers."""
        return UnitOfWork(self._engine, self._keys, write=False)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def open_store(url: str, keys: RecordKeys, *, create: bool = False) -> Store:
    """Open the records at ``sqlite:///FILE`` or ``postgresql://…``.

    ``create`` makes the schema, or brings it up to date. Without it an older schema raises
    ``database_too_old``; a newer one is fine, because migrations only add (old and new code run together).
    """
    if create:
        migrate(url)
    else:
        require_database(url)
    engine = open_engine(url)
    try:
        behind = is_behind(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise translate(error) from error
    if behind:
        engine.dispose()
        raise Unavailable("database_too_old", "the database is older than this version: `cardsvc migrate`")
    return Store(engine, keys)


def issuer_of(url: str) -> IssuerSettings | None:
    """Whose the records at ``url`` are, read before there are keys; None where nobody set them up."""
    if not is_made(url):
        return None
    # The issuer is not sealed: any keys will do.
    store = Store(open_engine(url), make_record_keys())
    try:
        with store.reading() as tx:
            return tx.issuer.get()
    except RecordsError as error:
        # An empty database lacks every table, and says so as one that is too old does.
        if error.reason not in ("not_initialised", "database_too_old"):
            raise
        return None
    finally:
        store.close()


def migrate(url: str) -> None:
    """Bring the schema up to date, in one transaction; an empty or missing database gets all of it."""
    create_sqlite_file(url)
    engine = open_engine(url)
    try:
        upgrade(engine)
    except SQLAlchemyError as error:
        raise translate(error) from error
    finally:
        engine.dispose()
