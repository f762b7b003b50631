"""One open transaction on the database, and the only place that runs statements in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import Connection, Executable, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from cardsvc.records.errors import translate

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
