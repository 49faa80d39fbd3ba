"""Jobs: long work with its progress; and an index of the messages that no event rings for."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
IS_NEWS = sa.text("event_id IS NULL AND channel = 'app'")


def upgrade() -> None:
    op.create_table(
        'job',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('arguments', sa.JSON(), nullable=False),
        sa.Column('owner_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('done', sa.Integer(), nullable=False),
        sa.Column('total', sa.Integer(), nullable=True),
        sa.Column('result', sa.JSON(), nullable=True),
        sa.Column('error', sa.String(length=200), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('started_at', INSTANT, nullable=True),
        sa.Column('tried_at', INSTANT, nullable=True),
        sa.Column('beat_at', INSTANT, nullable=True),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.ForeignKeyConstraint(['owner_id'], ['person.id'], name='fk_job_owner_id_person'),
        sa.PrimaryKeyConstraint('id', name='pk_job'),
    )
    op.create_index('ix_job_state_beat_at', 'job', ['state', 'beat_at'])
    op.create_index('ix_job_owner_id_id', 'job', ['owner_id', 'id'])
    op.create_index('ix_message_news', 'message', ['id'], sqlite_where=IS_NEWS, postgresql_where=IS_NEWS)


def downgrade() -> None:
    op.drop_index('ix_message_news', table_name='message')
    op.drop_table('job')
