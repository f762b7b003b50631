"""The layout a print was made with: a replacement and a second copy look like the card they follow."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column in place: chips refer to prints, so the table cannot be copied on SQLite."""
    op.add_column("print", sa.Column("layout", sa.String(), server_default="green@1", nullable=False))
