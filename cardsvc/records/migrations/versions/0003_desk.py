"""The desk: cases, families, imports, approvals, acts that wait for somebody, print jobs and blanks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of the desk; nothing that was there is touched."""
    op.create_table(
        "approval",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("assertion", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'asserted', 'done', 'returned')", name=op.f("ck_approval_state_known")
        ),
        sa.CheckConstraint("submitter <> approver", name=op.f("ck_approval_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_state"), "approval", ["state"], unique=False)
    op.create_table(
        "blank_stock",
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("blanks", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.String(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("blanks >= 0", name=op.f("ck_blank_stock_not_below_nothing")),
        sa.PrimaryKeyConstraint("office", name=op.f("pk_blank_stock")),
    )
    op.create_table(
        "family_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("guardian", sa.String(), nullable=True),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_file")),
    )
    op.create_table(
        "import_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
    )
    op.create_table(
        "print_job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("printer", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("blanks", sa.Integer(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'ready', 'released', 'failed')",
            name=op.f("ck_print_job_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_job")),
    )
    op.create_index(op.f("ix_print_job_state"), "print_job", ["state"], unique=False)
    op.create_table(
        "trace",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "kind", "subject", name=op.f("pk_trace")),
    )
    op.create_index("ix_trace_subject", "trace", ["kind", "subject"], unique=False)
    op.create_table(
        "act_request",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("approval", sa.String(), nullable=True),
        sa.Column("challenged", sa.String(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("assertion", sa.LargeBinary(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'asserted', 'done', 'refused', 'returned')",
            name=op.f("ck_act_request_state_known"),
        ),
        sa.CheckConstraint(
            "requested_by <> decided_by OR act = 'grant'", name=op.f("ck_act_request_two_people")
        ),
        sa.ForeignKeyConstraint(["approval"], ["approval.id"], name=op.f("fk_act_request_approval")),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_act_request_card_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act_request")),
    )
    op.create_index(op.f("ix_act_request_card_number"), "act_request", ["card_number"], unique=False)
    op.create_index(op.f("ix_act_request_state"), "act_request", ["state"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("submitted_by", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("approval", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=True),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("portrait", sa.LargeBinary(), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state <> 'issued' OR decided_by IS NOT NULL", name=op.f("ck_case_file_decided")),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'approving', 'issued', 'refused', 'withdrawn', 'failed')",
            name=op.f("ck_case_file_state_known"),
        ),
        sa.CheckConstraint("submitted_by <> decided_by", name=op.f("ck_case_file_two_people")),
        sa.ForeignKeyConstraint(["approval"], ["approval.id"], name=op.f("fk_case_file_approval")),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_case_file_card_number")),
        sa.ForeignKeyConstraint(["family"], ["family_file.id"], name=op.f("fk_case_file_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_file_reference")),
    )
    op.create_index(op.f("ix_case_file_approval"), "case_file", ["approval"], unique=False)
    op.create_index(op.f("ix_case_file_card_number"), "case_file", ["card_number"], unique=False)
    op.create_index(op.f("ix_case_file_family"), "case_file", ["family"], unique=False)
    op.create_index("ix_case_file_office_state", "case_file", ["office", "state"], unique=False)
    op.create_index(op.f("ix_case_file_updated_at"), "case_file", ["updated_at"], unique=False)
    op.create_table(
        "approval_print",
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("print_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["approval"], ["approval.id"], name=op.f("fk_approval_print_approval")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_approval_print_case_id")),
        sa.ForeignKeyConstraint(["print_id"], ["print.id"], name=op.f("fk_approval_print_print_id")),
        sa.PrimaryKeyConstraint("approval", "place", name=op.f("pk_approval_print")),
        sa.UniqueConstraint("print_id", name=op.f("uq_approval_print_print_id")),
    )
    op.create_table(
        "case_opening",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_opening_case_id")),
        sa.PrimaryKeyConstraint("case_id", "staff", name=op.f("pk_case_opening")),
    )
    op.create_table(
        "print_item",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("print_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'ready', 'held_back', 'released', 'spoiled')",
            name=op.f("ck_print_item_state_known"),
        ),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_print_item_card_number")),
        sa.ForeignKeyConstraint(["job"], ["print_job.id"], name=op.f("fk_print_item_job")),
        sa.ForeignKeyConstraint(["print_id"], ["print.id"], name=op.f("fk_print_item_print_id")),
        sa.PrimaryKeyConstraint("job", "place", name=op.f("pk_print_item")),
    )
    op.create_index(op.f("ix_print_item_card_number"), "print_item", ["card_number"], unique=False)
    op.create_index(op.f("ix_print_item_print_id"), "print_item", ["print_id"], unique=False)
