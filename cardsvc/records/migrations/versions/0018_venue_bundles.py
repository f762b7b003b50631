"""The newest signed bundle of each venue, so that all processes give out the same one."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing that was there is touched."""
    op.create_table(
        "venue_bundle",
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["venue"], ["venue.id"], name=op.f("fk_venue_bundle_venue")),
        sa.PrimaryKeyConstraint("venue", name=op.f("pk_venue_bundle")),
    )
