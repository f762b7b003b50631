"""One open transaction on the database, and the only place that runs statements in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Executable, RowMapping, Table, insert
from sqlalchemy.exc import SQLAlchemyError

from cardsvc.records.errors import translate, translate_driver

Values = Mapping[str, Any]
#: SQLite allows 32,766 bound parameters and slows down long before (sqlite.org/limits.html, 9).
CHUNK = 500


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


D = TypeVar("D", bound=_Dataclass)
T = TypeVar("T")


class Link:
    """A connection inside its transaction. The unit of work opens and ends it; repositories only use it.

    Every error that leaves it is one of the records' own.
    """

    def __init__(self, connection: Connection) -> None:
        """Work on a connection whose transaction has begun."""
        self._connection = connection

    @property
    def on_postgres(self) -> bool:
        """Whether the database is PostgreSQL; else it is SQLite."""
        return self._connection.dialect.name == "postgresql"

    def all(self, statement: Executable) -> Sequence[RowMapping]:
        """Every row, by column name."""
        try:
            return self._connection.execute(statement).mappings().all()
        except SQLAlchemyError as error:
            raise translate(error) from error

    def first(self, statement: Executable) -> RowMapping | None:
        """The first row, if there is one."""
        try:
            return self._connection.execute(statement).mappings().first()
        except SQLAlchemyError as error:
            raise translate(error) from error

    def tuples(self, statement: Executable) -> Iterator[tuple[Any, ...]]:
        """Rows as plain tuples, a few thousand at a time: for whole tables."""
        try:
            # The cursor is closed even if the reader stops half-way.
            with self._connection.execute(statement, execution_options={"yield_per": 5000}) as result:
                yield from result
        except SQLAlchemyError as error:
            raise translate(error) from error

    def run(self, statement: Executable, values: Sequence[Values] | None = None) -> int:
        """Write, once or for each of ``values``; returns how many rows were touched."""
        if values is not None and not values:
            return 0
        try:
            result = self._connection.execute(statement, values)
            return int(result.rowcount)
        except SQLAlchemyError as error:
            raise translate(error) from error

    def load(self, table: Table, rows: Sequence[Values]) -> None:
        """Write many rows of the same columns at once: by COPY where there is one."""
        if not self.on_postgres:
            self.run(insert(table), rows)
        elif rows:
            try:
                self._copy(table, rows)
            except SQLAlchemyError as error:
                raise translate(error) from error
            except psycopg.Error as error:
                raise translate_driver(error) from error

    def _copy(self, table: Table, rows: Sequence[Values]) -> None:
        """COPY (PostgreSQL manual, "COPY"), each value as the column's type would bind it."""
        dialect, names = self._connection.dialect, list(rows[0])
        bound = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
        cursor: Any = self._connection.connection.cursor()
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(
                    [
                        value if bind is None or value is None else bind(value)
                        for value, bind in zip(row.values(), bound, strict=True)
                    ]
                )


@cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def record(kind: type[D], row: RowMapping) -> D:
    """A frozen record from the columns that bear its fields' names."""
    return kind(**{name: row[name] for name in _field_names(kind)})


def values_of(item: _Dataclass) -> dict[str, Any]:
    """The fields of a dataclass as column values, uncopied."""
    return {name: getattr(item, name) for name in _field_names(type(item))}


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Pieces small enough for one ``IN (…)``."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
