"""Which letters somebody wants beside the inbox, and their quiet hours."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("unmailed", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("person", sa.Column("quiet_from", sa.String(length=5), nullable=False, server_default=""))
    op.add_column("person", sa.Column("quiet_until", sa.String(length=5), nullable=False, server_default=""))


def downgrade() -> None:
    for column in ("quiet_until", "quiet_from", "unmailed"):
        op.drop_column("person", column)
