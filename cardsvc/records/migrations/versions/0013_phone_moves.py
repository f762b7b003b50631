"""Cards that go from phone to phone: how each came, codes by which two phones meet, recoveries."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table, and columns that phones of before leave empty."""
    # Copied on SQLite, so that the stored words are those of a new table.
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("phone", recreate=recreate) as phone:
        phone.add_column(sa.Column("how", sa.String(), nullable=True))
        phone.add_column(sa.Column("predecessor", sa.String(), nullable=True))
        phone.add_column(sa.Column("active_at", sa.BigInteger(), nullable=True))
        phone.add_column(sa.Column("ready_at", sa.BigInteger(), nullable=True))
        phone.add_column(sa.Column("recovery", sa.LargeBinary(), nullable=True))
        phone.add_column(sa.Column("recovery_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_phone_recovery"), "phone", ["recovery"], unique=True)
    op.create_table(
        "phone_offer",
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("thumbprint", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_phone_offer")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_phone_offer_thumbprint")),
    )
    op.create_index(op.f("ix_phone_offer_expires_at"), "phone_offer", ["expires_at"], unique=False)
