"""Running the Alembic migrations from code, on a connection of ours, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from cardsvc.records.engine import begin

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
#: Where Alembic keeps which migrations a database has had.
_APPLIED = "alembic_version"
_REVISION = text("SELECT version_num FROM alembic_version")


def upgrade(engine: Engine) -> None:
    """Apply what is missing. Two processes at once: the second finds it done."""
    from alembic import command  # A tenth of a second, which no other use of the records needs.

    with begin(engine, write=True) as connection:
        command.upgrade(config(connection), "head")
        connection.commit()


def is_behind(engine: Engine) -> bool:
    """Whether a migration of this version is missing. A revision we do not know is a later version's."""
    with begin(engine, write=False) as connection:
        present = set[str]()
        if inspect(connection).has_table(_APPLIED):
            present |= set(connection.execute(_REVISION).scalars())
    known = revisions()
    return not present or (bool(present & set(known)) and present != {known[-1]})


def revisions() -> list[str]:
    """The migrations of this version, in order: a file is named by its number and follows the one before."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def config(connection: Connection | None) -> Config:
    """The Alembic configuration, without a file."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings
