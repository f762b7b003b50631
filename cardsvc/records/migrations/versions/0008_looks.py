"""Who looked at a resident's data."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing that was there is touched."""
    op.create_table(
        "look",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=True),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told_from", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('details', 'look_up')", name=op.f("ck_look_kind_known")),
        sa.CheckConstraint("second <> staff", name=op.f("ck_look_two_people")),
        sa.CheckConstraint(
            "kind <> 'look_up' OR (case_number IS NOT NULL AND second IS NOT NULL)",
            name=op.f("ck_look_look_up_vouched"),
        ),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_look_card_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
    )
    op.create_index("ix_look_card_number_told_from", "look", ["card_number", "told_from"], unique=False)
    op.create_index(op.f("ix_look_at"), "look", ["at"], unique=False)
    op.create_index(op.f("ix_look_staff"), "look", ["staff"], unique=False)
