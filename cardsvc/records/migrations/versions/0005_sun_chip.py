"""Chips that sign their taps: which print they stand for, and the highest counter they have shown."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "sun_chip",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("print_id", sa.String(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["print_id"], ["print.id"], name=op.f("fk_sun_chip_print_id")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_sun_chip")),
    )
    op.create_index(op.f("ix_sun_chip_print_id"), "sun_chip", ["print_id"], unique=False)
