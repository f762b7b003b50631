"""Alembic's entry: run on the connection that ``cardsvc.records.migrating`` hands over."""

from alembic import context

from cardsvc.records.tables import METADATA

connection = context.config.attributes["connection"]
# SQLite cannot alter most things in place: batch mode copies the table (Alembic manual, "Batch Migrations").
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
