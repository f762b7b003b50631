"""What holders agreed to have shown."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing that was there is touched."""
    op.create_table(
        "consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('standing')", name=op.f("ck_consent_kind_known")),
        sa.CheckConstraint("until > given_at", name=op.f("ck_consent_lasts")),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_consent_card_number")),
        sa.ForeignKeyConstraint(["phone"], ["phone.id"], name=op.f("fk_consent_phone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_card_number_kind", "consent", ["card_number", "kind"], unique=False)
