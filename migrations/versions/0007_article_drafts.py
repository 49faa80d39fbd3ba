"""A change of a published article waits to be reviewed."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('article', sa.Column('pending', sa.Integer(), nullable=True))
    for column in (
        sa.Column('applies_to', sa.String(length=200), nullable=False, server_default=''),
        sa.Column('returned', sa.Text(), nullable=False, server_default=''),
    ):
        op.add_column('article_revision', column)


def downgrade() -> None:
    op.drop_column('article_revision', 'returned')
    op.drop_column('article_revision', 'applies_to')
    op.drop_column('article', 'pending')
