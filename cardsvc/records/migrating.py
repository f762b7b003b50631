"""Running the Alembic migrations from code, on a connection of ours, in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from cardsvc.records.engine import begin

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Apply what is missing. Two processes at once: the second finds it done."""
    with begin(engine, write=True) as connection:
        command.upgrade(config(connection), "head")
        connection.commit()


def is_behind(engine: Engine) -> bool:
    """Whether a migration of this version is missing. A revision we do not know is a later version's."""
    with begin(engine, write=False) as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    scripts = ScriptDirectory.from_config(config(None))
    known = {script.revision for script in scripts.walk_revisions()}
    return not present or (bool(present & known) and present != set(scripts.get_heads()))


def config(connection: Connection | None) -> Config:
    """The Alembic configuration, without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings
