"""Readers: who they are and what lets them in, their logs and what did not fit, and the counts that stay."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that was there is touched."""
    op.create_table(
        "reader",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("seal_key", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("bundle_epoch", sa.Integer(), nullable=False),
        sa.Column("bundle_seq", sa.BigInteger(), nullable=False),
        sa.Column("bundle_iat", sa.BigInteger(), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("vouched", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'revoked')", name=op.f("ck_reader_state_known")),
        sa.ForeignKeyConstraint(["venue"], ["venue.id"], name=op.f("fk_reader_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader")),
    )
    op.create_index(op.f("ix_reader_venue"), "reader", ["venue"], unique=False)
    op.create_table(
        "reader_enrolment",
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["venue"], ["venue.id"], name=op.f("fk_reader_enrolment_venue")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_reader_enrolment")),
        sa.UniqueConstraint("reader", name=op.f("uq_reader_enrolment_reader")),
    )
    op.create_index(op.f("ix_reader_enrolment_venue"), "reader_enrolment", ["venue"], unique=False)
    op.create_table(
        "reader_token",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["reader"], ["reader.id"], name=op.f("fk_reader_token_reader")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_token")),
    )
    op.create_index(op.f("ix_reader_token_expires_at"), "reader_token", ["expires_at"], unique=False)
    op.create_index(op.f("ix_reader_token_reader"), "reader_token", ["reader"], unique=False)
    op.create_table(
        "reader_assertion",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_assertion")),
    )
    op.create_index(op.f("ix_reader_assertion_expires_at"), "reader_assertion", ["expires_at"], unique=False)
    op.create_table(
        "seen_code",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen_code")),
    )
    op.create_index(op.f("ix_seen_code_at"), "seen_code", ["at"], unique=False)
    op.create_table(
        "month_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["venue"], ["venue.id"], name=op.f("fk_month_key_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_key")),
    )
    op.create_index(op.f("ix_month_key_venue"), "month_key", ["venue"], unique=False)
    op.create_table(
        "gate_record",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=True),
        sa.Column("who", sa.LargeBinary(), nullable=True),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("bundle_epoch", sa.Integer(), nullable=False),
        sa.Column("bundle_seq", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("noted", sa.JSON(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("assurance", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_after", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["reader.id"], name=op.f("fk_gate_record_device")),
        sa.PrimaryKeyConstraint("device", "seq", name=op.f("pk_gate_record")),
    )
    op.create_index(op.f("ix_gate_record_gone_after"), "gate_record", ["gone_after"], unique=False)
    op.create_index("ix_gate_record_venue_time", "gate_record", ["venue", "time"], unique=False)
    op.create_index("ix_gate_record_who_time", "gate_record", ["who", "time"], unique=False)
    op.create_table(
        "quarantined",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["reader"], ["reader.id"], name=op.f("fk_quarantined_reader")),
        sa.PrimaryKeyConstraint("reader", "seq", "digest", name=op.f("pk_quarantined")),
    )
    op.create_index(op.f("ix_quarantined_reason"), "quarantined", ["reason"], unique=False)
    op.create_index(op.f("ix_quarantined_received_at"), "quarantined", ["received_at"], unique=False)
    op.create_table(
        "gate_checkpoint",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'fits', 'wrong')", name=op.f("ck_gate_checkpoint_state_known")
        ),
        sa.ForeignKeyConstraint(["reader"], ["reader.id"], name=op.f("fk_gate_checkpoint_reader")),
        sa.PrimaryKeyConstraint("reader", "seq", "hash", name=op.f("pk_gate_checkpoint")),
    )
    op.create_index(op.f("ix_gate_checkpoint_state"), "gate_checkpoint", ["state"], unique=False)
    op.create_table(
        "usage",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("service", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "venue", "service", "direction", "answer", "reason", "opened", name=op.f("pk_usage")
        ),
    )
