"""Whose desk it is, and what a mail server answered when it took a letter."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    op.add_column("message", sa.Column("answer", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("message", "answer")
    op.drop_table("organisation")
