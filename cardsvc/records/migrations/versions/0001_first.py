"""The first schema: people, cards, prints, lists, rights, set-up and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first version."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_table(
        "distrusted_key",
        sa.Column("kid", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("distrusted_by", sa.String(), nullable=False),
        sa.Column("distrusted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_distrusted_key")),
    )
    op.create_table(
        "issuer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iss", sa.String(), nullable=False),
        sa.Column("public_url", sa.String(), nullable=False),
        sa.Column("day_offset_s", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_issuer_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("passport_index", sa.LargeBinary(), nullable=True),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("portrait", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("passport_index", name=op.f("uq_person_passport_index")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_table(
        "status_list",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('print', 'phone')", name=op.f("ck_status_list_kind_known")),
        sa.CheckConstraint("used >= 0 AND used <= size", name=op.f("ck_status_list_slots_used")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_list")),
    )
    op.create_table(
        "venue",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
    )
    op.create_table(
        "card",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("card_class", sa.Integer(), nullable=False),
        sa.Column("services", sa.BigInteger(), nullable=False),
        sa.Column("service_days", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Integer(), nullable=False),
        sa.Column("permit_true_day", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("iss", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('active', 'suspended', 'revoked', 'ended')", name=op.f("ck_card_state_known")
        ),
        sa.CheckConstraint("length(number) = 13", name=op.f("ck_card_thirteen_digits")),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_card_days_in_order")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_card_person_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_card")),
    )
    op.create_index("ix_card_person_id", "card", ["person_id"], unique=False)
    op.create_index(
        "one_living_card",
        "card",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('active', 'suspended')"),
        postgresql_where=sa.text("state IN ('active', 'suspended')"),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("card_number", sa.String(), nullable=True),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("submitted_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("family", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state = 'refused' OR approved_by IS NOT NULL", name=op.f("ck_application_approved")
        ),
        sa.CheckConstraint(
            "state IN ('refused', 'intent', 'issued')", name=op.f("ck_application_state_known")
        ),
        sa.CheckConstraint("submitted_by <> approved_by", name=op.f("ck_application_two_people")),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_application_card_number")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_application_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("reference", name=op.f("uq_application_reference")),
    )
    op.create_index(op.f("ix_application_card_number"), "application", ["card_number"], unique=False)
    op.create_index(op.f("ix_application_family"), "application", ["family"], unique=False)
    op.create_table(
        "entitlement",
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(12), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(value = 'until') = (last_day IS NOT NULL)", name=op.f("ck_entitlement_until_a_day")
        ),
        sa.CheckConstraint(
            "value IN ('granted', 'withdrawn', 'until')", name=op.f("ck_entitlement_value_known")
        ),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_entitlement_card_number")),
        sa.PrimaryKeyConstraint("card_number", "service", name=op.f("pk_entitlement")),
    )
    op.create_index("ix_entitlement_service", "entitlement", ["service"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_hold_card_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_card_number"), "hold", ["card_number"], unique=False)
    op.create_table(
        "print",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_number", sa.String(), nullable=False),
        sa.Column("print_no", sa.Integer(), nullable=False),
        sa.Column("cti", sa.LargeBinary(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("gate_payload", sa.LargeBinary(), nullable=False),
        sa.Column("identity_payload", sa.LargeBinary(), nullable=True),
        sa.Column("signing_kid", sa.LargeBinary(), nullable=False),
        sa.Column("gate_signature", sa.LargeBinary(), nullable=True),
        sa.Column("identity_signature", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("iat", sa.BigInteger(), nullable=False),
        sa.Column("exp", sa.BigInteger(), nullable=False),
        sa.Column("permit_day", sa.Integer(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'issued' OR gate_signature IS NOT NULL", name=op.f("ck_print_issued_signed")
        ),
        sa.CheckConstraint("state IN ('intent', 'issued', 'orphaned')", name=op.f("ck_print_state_known")),
        sa.CheckConstraint("status IN (0, 1, 3)", name=op.f("ck_print_status_final")),
        sa.ForeignKeyConstraint(["card_number"], ["card.number"], name=op.f("fk_print_card_number")),
        sa.ForeignKeyConstraint(["list_id"], ["status_list.id"], name=op.f("fk_print_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print")),
        sa.UniqueConstraint("card_number", "print_no", name=op.f("uq_print_card_number_print_no")),
        sa.UniqueConstraint("cti", name=op.f("uq_print_cti")),
        sa.UniqueConstraint("list_id", "list_index", name=op.f("uq_print_list_id_list_index")),
    )
    op.create_index("ix_print_exp", "print", ["exp"], unique=False)
    op.create_index("ix_print_signing_kid", "print", ["signing_kid"], unique=False)
    op.create_index("ix_print_state", "print", ["state"], unique=False)
    op.create_table(
        "chip",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("print_id", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signing_kid", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("permit_day", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["print_id"], ["print.id"], name=op.f("fk_chip_print_id")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_chip")),
    )
    op.create_index(op.f("ix_chip_print_id"), "chip", ["print_id"], unique=False)
    op.create_index(op.f("ix_chip_signing_kid"), "chip", ["signing_kid"], unique=False)
