"""News may wait for one letter a day: who wants that, and which messages wait so."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("collects", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("message", sa.Column("collected", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("message", "collected")
    op.drop_column("person", "collects")
