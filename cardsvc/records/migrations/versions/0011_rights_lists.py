"""Departments' lists of cards."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there is touched."""
    op.create_table(
        "rights_list",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("assertion", sa.LargeBinary(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'asserted', 'working', 'done', 'dropped')",
            name=op.f("ck_rights_list_state_known"),
        ),
        sa.CheckConstraint("act IN ('grant', 'withdraw')", name=op.f("ck_rights_list_act_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_list")),
    )
    op.create_index(op.f("ix_rights_list_service"), "rights_list", ["service"], unique=False)
    op.create_index(op.f("ix_rights_list_state"), "rights_list", ["state"], unique=False)
    op.create_index(op.f("ix_rights_list_made_at"), "rights_list", ["made_at"], unique=False)
    op.create_table(
        "rights_line",
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'done', 'unchanged', 'refused', 'failed')",
            name=op.f("ck_rights_line_state_known"),
        ),
        sa.ForeignKeyConstraint(["list"], ["rights_list.id"], name=op.f("fk_rights_line_list")),
        sa.PrimaryKeyConstraint("list", "line", name=op.f("pk_rights_line")),
    )
    op.create_index("ix_rights_line_list_state", "rights_line", ["list", "state"], unique=False)
