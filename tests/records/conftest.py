"""Stores on both databases. SQLite always; PostgreSQL in a database of its own a test session."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cardsvc.records import RecordKeys, Store, migrate, open_store
from cardsvc.records.tables import METADATA
from tests.records.postgres import VARIABLE, own_database, server_url

KEYS = RecordKeys({1: b"m" * 32}, 1, b"b" * 32)
NO_POSTGRES = f"NO POSTGRESQL: set {VARIABLE}, start one on 127.0.0.1:5432, or install its server"


@pytest.fixture
def keys() -> RecordKeys:
    return KEYS


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    with server_url() as server:
        if server is None:
            pytest.skip(NO_POSTGRES)
        with own_database(server) as url:
            migrate(url)
            yield url


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The migrated database, empty again."""
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)} CASCADE")
    return postgres_database


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/records.db"
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of each kind."""
    value: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return value


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url, KEYS)
    yield opened
    opened.close()
