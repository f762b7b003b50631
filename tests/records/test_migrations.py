"""The migrations make exactly what the models say, on both databases."""

import re
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from cardsvc.records import RecordKeys, Unavailable, migrate, open_store
from cardsvc.records.engine import begin, open_engine
from cardsvc.records.migrating import config, revisions
from cardsvc.records.tables import METADATA
from tests.records.postgres import own_database


def test_migrations_and_models_agree(url: str) -> None:
    engine = open_engine(url)
    with begin(engine, write=False) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_sqlite_constraints_agree_to_the_letter(sqlite_url: str, tmp_path: Path) -> None:
    """compare_metadata looks past CHECKs and the condition of a partial index; the stored text does not."""
    models = create_engine(f"sqlite:///{tmp_path}/models.db")
    METADATA.create_all(models)
    migrated = open_engine(sqlite_url)
    assert _sqlite_schema(migrated) == _sqlite_schema(models)
    models.dispose()
    migrated.dispose()


def test_postgres_constraints_agree_to_the_letter(postgres_url: str) -> None:
    with own_database(postgres_url) as url:
        models = open_engine(url)
        with begin(models, write=True) as connection:
            METADATA.create_all(connection)
            connection.commit()
        models.dispose()
        assert _postgres_schema(postgres_url) == _postgres_schema(url)


def test_migrating_twice_changes_nothing(url: str, keys: RecordKeys) -> None:
    migrate(url)
    open_store(url, keys).close()


def test_an_unmigrated_database_is_named(tmp_path: Path, keys: RecordKeys) -> None:
    path = tmp_path / "empty.db"
    with pytest.raises(Unavailable) as missing:
        open_store(f"sqlite:///{path}", keys)
    assert missing.value.reason == "database_unavailable"
    assert not path.exists()
    path.touch()
    with pytest.raises(Unavailable) as old:
        open_store(f"sqlite:///{path}", keys)
    assert old.value.reason == "database_too_old"


def test_a_later_versions_database_still_opens(url: str, keys: RecordKeys) -> None:
    engine = open_engine(url)
    with begin(engine, write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
        connection.commit()
    try:
        open_store(url, keys).close()
    finally:
        with begin(engine, write=True) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": newest()})
            connection.commit()
        engine.dispose()


def test_the_files_numbers_are_the_order_of_migrations() -> None:
    walked = ScriptDirectory.from_config(config(None)).walk_revisions()
    assert revisions() == [one.revision for one in walked][::-1]


def newest() -> str:
    """The revision of this version's schema."""
    return str(ScriptDirectory.from_config(config(None)).get_current_head())


def _sqlite_schema(engine: Engine) -> dict[str, list[str]]:
    statement = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql IS NOT NULL"
    with engine.connect() as connection:
        rows = connection.execute(text(statement)).all()
    # The order of constraints is free, and a copied table's name comes in quotes; their words are not.
    # A column that was added in place stands on the line of the one before it.
    found = {
        name: re.sub(r", (?=[a-z_]+ [A-Z]+ DEFAULT)", ",\n", sql.replace(f'TABLE "{name}"', f"TABLE {name}"))
        for name, sql in rows
    }
    return {
        name: sorted(line.strip().rstrip(",") for line in sql.splitlines()) for name, sql in found.items()
    }


def _postgres_schema(url: str) -> tuple[list[tuple[object, ...]], ...]:
    checks = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace"
    )
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length"
        " FROM information_schema.columns WHERE table_schema = 'public'"
    )
    with psycopg.connect(url) as connection:
        found = [connection.execute(query).fetchall() for query in (checks, indexes, columns)]
    return tuple(sorted((row for row in rows if "alembic" not in str(row)), key=str) for rows in found)
