"""What officers do: scans, requests of two officers, the hotlist, budgets, reviews; shifts of sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and one column; nothing that was there is touched."""
    op.create_table('police_count',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('span', sa.String(), nullable=False),
    sa.Column('start', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.CheckConstraint("span IN ('hour', 'day')", name=op.f('ck_police_count_span_known')),
    sa.PrimaryKeyConstraint('kind', 'scope', 'subject', 'span', 'start', name=op.f('pk_police_count'))
    )
    op.create_table('police_request',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('asker', sa.String(), nullable=False),
    sa.Column('office', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('case_number', sa.String(), nullable=False),
    sa.Column('key_version', sa.Integer(), nullable=False),
    sa.Column('data_key', sa.LargeBinary(), nullable=True),
    sa.Column('request', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('second', sa.String(), nullable=True),
    sa.Column('assertion', sa.LargeBinary(), nullable=True),
    sa.Column('decided_at', sa.BigInteger(), nullable=True),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("kind IN ('look_up', 'hot', 'lift')", name=op.f('ck_police_request_kind_known')),
    sa.CheckConstraint("state IN ('waiting', 'approved', 'answered', 'done', 'refused')", name=op.f('ck_police_request_state_known')),
    sa.CheckConstraint("state IN ('waiting', 'refused') OR second IS NOT NULL", name=op.f('ck_police_request_vouched')),
    sa.CheckConstraint('second <> asker', name=op.f('ck_police_request_two_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_police_request'))
    )
    op.create_index(op.f('ix_police_request_asker'), 'police_request', ['asker'], unique=False)
    op.create_index(op.f('ix_police_request_expires_at'), 'police_request', ['expires_at'], unique=False)
    op.create_index(op.f('ix_police_request_state'), 'police_request', ['state'], unique=False)
    op.create_table('hot_card',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('card_number', sa.String(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('second', sa.String(), nullable=False),
    sa.Column('office', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('case_number', sa.String(), nullable=False),
    sa.Column('placed_at', sa.BigInteger(), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False),
    sa.Column('lifted_at', sa.BigInteger(), nullable=True),
    sa.Column('lifted_by', sa.String(), nullable=True),
    sa.Column('lifted_second', sa.String(), nullable=True),
    sa.CheckConstraint('(lifted_at IS NULL) = (lifted_by IS NULL)', name=op.f('ck_hot_card_lifted_by_somebody')),
    sa.CheckConstraint('lifted_second <> lifted_by', name=op.f('ck_hot_card_two_people_lift')),
    sa.CheckConstraint('second <> staff', name=op.f('ck_hot_card_two_people')),
    sa.ForeignKeyConstraint(['card_number'], ['card.number'], name=op.f('fk_hot_card_card_number')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hot_card'))
    )
    op.create_index(op.f('ix_hot_card_card_number'), 'hot_card', ['card_number'], unique=False)
    op.create_index(op.f('ix_hot_card_until'), 'hot_card', ['until'], unique=False)
    op.create_table('police_scan',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('card_number', sa.String(), nullable=False),
    sa.Column('code', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['card_number'], ['card.number'], name=op.f('fk_police_scan_card_number')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_police_scan'))
    )
    op.create_index(op.f('ix_police_scan_expires_at'), 'police_scan', ['expires_at'], unique=False)
    op.create_index(op.f('ix_police_scan_staff'), 'police_scan', ['staff'], unique=False)
    op.create_table('look_review',
    sa.Column('look', sa.String(), nullable=False),
    sa.Column('drawn_by', sa.String(), nullable=False),
    sa.Column('drawn_at', sa.BigInteger(), nullable=False),
    sa.Column('verdict', sa.String(), nullable=True),
    sa.Column('reviewed_by', sa.String(), nullable=True),
    sa.Column('reviewed_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("verdict IN ('fine', 'explain')", name=op.f('ck_look_review_verdict_known')),
    sa.CheckConstraint('(verdict IS NULL) = (reviewed_at IS NULL)', name=op.f('ck_look_review_reviewed_then')),
    sa.ForeignKeyConstraint(['look'], ['look.id'], name=op.f('fk_look_review_look')),
    sa.PrimaryKeyConstraint('look', name=op.f('pk_look_review'))
    )
    op.create_index('ix_look_review_verdict', 'look_review', ['verdict'], unique=False)
    op.add_column('session', sa.Column('idle_s', sa.Integer(), server_default='1800', nullable=False))
