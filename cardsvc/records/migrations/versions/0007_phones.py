"""Phones that carry a card, and prints that were reported lost."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there is touched."""
    op.create_table(
        "phone",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("thumbprint", sa.LargeBinary(), nullable=True),
        sa.Column("list_id", sa.String(), nullable=True),
        sa.Column("list_index", sa.Integer(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("approver", sa.String(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("iat", sa.BigInteger(), nullable=False),
        sa.Column("exp", sa.BigInteger(), nullable=False),
        sa.Column("token_days", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "state IN ('invited', 'waiting', 'active', 'revoked')", name=op.f("ck_phone_state_known")
        ),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_phone_card_number")),
        sa.ForeignKeyConstraint(["list_id"], ["status_list.id"], name=op.f("fk_phone_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone")),
        sa.UniqueConstraint("code", name=op.f("uq_phone_code")),
        sa.UniqueConstraint("list_id", "list_index", name=op.f("uq_phone_list_id_list_index")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_phone_thumbprint")),
    )
    op.create_index(op.f("ix_phone_card_number"), "phone", ["card_number"], unique=False)
    op.create_index(op.f("ix_phone_state"), "phone", ["state"], unique=False)
    op.create_table(
        "lost_print",
        sa.Column("print_id", sa.String(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["print_id"], ["print.id"], name=op.f("fk_lost_print_print_id")),
        sa.PrimaryKeyConstraint("print_id", name=op.f("pk_lost_print")),
    )
