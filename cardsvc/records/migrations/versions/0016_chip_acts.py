"""Which chip a request for an act is about."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that acts of before leave empty."""
    # Copied on SQLite, so that the stored words are those of a new table.
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("act_request", recreate=recreate) as acts:
        acts.add_column(sa.Column("chip", sa.String(), nullable=True))
