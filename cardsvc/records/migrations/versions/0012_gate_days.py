"""The readers' log by days: on PostgreSQL a partition each, dropped when its month is over.

The key gains ``gone_after``, as a partitioned table's must; that no record comes twice is seen to by the
reader's chain. What is there already lies in the rest, and goes row by row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OLD = "gate_record_before"


def upgrade() -> None:
    """Make the table anew around its rows."""
    postgres = op.get_bind().dialect.name == "postgresql"
    for name in ("ix_gate_record_gone_after", "ix_gate_record_venue_time", "ix_gate_record_who_time"):
        op.drop_index(name, "gate_record")
    op.rename_table("gate_record", _OLD)
    if postgres:
        op.execute(f"ALTER TABLE {_OLD} RENAME CONSTRAINT pk_gate_record TO pk_{_OLD}")
    old = sa.Table(_OLD, sa.MetaData(), autoload_with=op.get_bind())
    op.create_table(
        "gate_record",
        *(sa.Column(one.name, one.type, nullable=one.nullable) for one in old.columns),
        sa.ForeignKeyConstraint(["device"], ["reader.id"], name=op.f("fk_gate_record_device")),
        sa.PrimaryKeyConstraint("device", "seq", "gone_after", name=op.f("pk_gate_record")),
        postgresql_partition_by="RANGE (gone_after)",
    )
    op.create_index(op.f("ix_gate_record_gone_after"), "gate_record", ["gone_after"], unique=False)
    op.create_index("ix_gate_record_venue_time", "gate_record", ["venue", "time"], unique=False)
    op.create_index("ix_gate_record_who_time", "gate_record", ["who", "time"], unique=False)
    if postgres:
        # A schema of its own: these tables are none that the models describe.
        op.execute("CREATE SCHEMA IF NOT EXISTS gate_days")
        op.execute("CREATE TABLE gate_days.rest PARTITION OF gate_record DEFAULT")
    names = ", ".join(one.name for one in old.columns)
    op.execute(f"INSERT INTO gate_record ({names}) SELECT {names} FROM {_OLD}")  # noqa: S608 - names of ours
    op.drop_table(_OLD)
