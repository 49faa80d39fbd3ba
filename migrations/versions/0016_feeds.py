"""Feeds: addresses of calendars that somebody subscribes to."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LIVES = sa.text('ended_at IS NULL')


def upgrade() -> None:
    op.create_table(
        'feed',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_feed_person_id_person'),
        sa.PrimaryKeyConstraint('id', name='pk_feed'),
        sa.UniqueConstraint('token_hash', name='uq_feed_token_hash'),
    )
    op.create_index(
        'ix_feed_living', 'feed', ['person_id', 'kind'], unique=True, sqlite_where=LIVES, postgresql_where=LIVES
    )


def downgrade() -> None:
    op.drop_table('feed')
