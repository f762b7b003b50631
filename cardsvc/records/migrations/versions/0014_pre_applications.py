"""Applications that residents send from their phones."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing that was there is touched."""
    op.create_table(
        "pre_application",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("wish_day", sa.Integer(), nullable=True),
        sa.Column("wish_half", sa.String(), nullable=True),
        sa.Column("meeting_day", sa.Integer(), nullable=True),
        sa.Column("meeting_half", sa.String(), nullable=True),
        sa.Column("meeting_office", sa.String(), nullable=True),
        sa.Column("family", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("thumbprint", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("key_seen", sa.Boolean(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("portrait", sa.LargeBinary(), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'taken')", name=op.f("ck_pre_application_state_known")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_pre_application_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pre_application")),
        sa.UniqueConstraint("reference", name=op.f("uq_pre_application_reference")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_pre_application_thumbprint")),
    )
    for column in ("state", "office", "family", "address", "expires_at"):
        name = op.f(f"ix_pre_application_{column}")
        op.create_index(name, "pre_application", [column], unique=False)
