"""The auditor's verdicts, and what it asks by."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('verdict',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fired', sa.Integer(), nullable=False),
    sa.Column('late', sa.Integer(), nullable=False),
    sa.Column('missing', sa.Integer(), nullable=False),
    sa.Column('slowest_s', sa.Double(), nullable=False),
    sa.Column('checked', sa.Integer(), nullable=False),
    sa.Column('wrong_count', sa.Integer(), nullable=False),
    sa.Column('wrong', sa.JSON(), nullable=False),
    sa.Column('seen_event', sa.Integer(), nullable=False),
    sa.Column('seen_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verdict'))
    )
    op.create_index(op.f('ix_verdict_at'), 'verdict', ['at'])
    op.create_index(op.f('ix_firing_done_at'), 'firing', ['done_at'])
    op.add_column('demo_clock', sa.Column('moved_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('demo_clock', 'moved_at')
    op.drop_index(op.f('ix_firing_done_at'), table_name='firing')
    op.drop_index(op.f('ix_verdict_at'), table_name='verdict')
    op.drop_table('verdict')
