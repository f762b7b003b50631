"""Column types shared by the tables: what Python sees on one side, what both databases store on the other."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, Dialect
from sqlalchemy.types import TypeDecorator


def epoch_s(now: datetime) -> int:
    """Whole epoch seconds of an aware instant; a naive one is a programming error and refused."""
    if now.tzinfo is None:
        raise ValueError("expected an aware UTC datetime, got one without a time zone")
    return int(now.timestamp())


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, stored as whole epoch seconds: SQLite has no type that keeps a time zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Seconds for the database."""
        return None if value is None else epoch_s(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """An aware instant for Python."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class DayMap(TypeDecorator[Mapping[int, int]]):
    """``{service: last day}`` as JSON, whose keys are text."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Mapping[int, int] | None, dialect: Dialect) -> dict[str, int] | None:
        """Text keys in ascending order, so that equal maps are equal text."""
        return None if value is None else {str(key): value[key] for key in sorted(value)}

    def process_result_value(
        self, value: Mapping[str, int] | None, dialect: Dialect
    ) -> dict[int, int] | None:
        """Numbers again."""
        return None if value is None else {int(key): day for key, day in value.items()}


class Numbers(TypeDecorator[Sequence[int]]):
    """An ascending tuple of small numbers as JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> list[int] | None:
        """Sorted, each once."""
        return None if value is None else sorted({int(number) for number in value})

    def process_result_value(self, value: Sequence[int] | None, dialect: Dialect) -> tuple[int, ...] | None:
        """A tuple, so that nobody changes what was read."""
        return None if value is None else tuple(value)
