"""After a restore: letters that have left already, and tokens that no later row derives again."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_letter",
        sa.Column("message_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_known_letter"),
    )
    for table in ("link", "feed"):
        op.add_column(table, sa.Column("salt", sa.String(length=16), nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("link", "feed"):
        op.drop_column(table, "salt")
    op.drop_table("known_letter")
