"""What held a card when its reinstatement was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that acts of before leave empty: what frees a card and waits is asked for anew."""
    # Copied on SQLite, so that the stored words are those of a new table.
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("act_request", recreate=recreate) as acts:
        acts.add_column(sa.Column("holds", sa.JSON(), nullable=True))
