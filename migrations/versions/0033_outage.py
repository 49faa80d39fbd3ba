"""Outage: a channel that lets no letter in, since when, and when one letter tries it again."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_outage"),
    )


def downgrade() -> None:
    op.drop_table("outage")
