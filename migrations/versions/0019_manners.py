"""How somebody works with the pages: single keys or none, and how dense the lists are."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("shortcuts", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("person", sa.Column("density", sa.String(length=8), nullable=False, server_default="default"))


def downgrade() -> None:
    op.drop_column("person", "density")
    op.drop_column("person", "shortcuts")
