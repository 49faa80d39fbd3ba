"""Rotas, hand-overs and absences; mails that go out as one letter."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'shift',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('role', sa.String(length=20), nullable=False),
        sa.Column('team_id', sa.Integer(), nullable=True),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('starts_at', INSTANT, nullable=False),
        sa.Column('ends_at', INSTANT, nullable=False),
        sa.Column('every_weeks', sa.Integer(), nullable=False),
        sa.Column('until', INSTANT, nullable=True),
        sa.Column('time_zone', sa.String(length=64), nullable=False),
        sa.Column('created_by_id', sa.Integer(), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        *_points_at('shift', team_id='team', person_id='person', created_by_id='person'),
        sa.PrimaryKeyConstraint('id', name='pk_shift'),
    )
    op.create_index('ix_shift_person_id', 'shift', ['person_id'])
    op.create_index('ix_shift_role_starts_at', 'shift', ['role', 'starts_at'])
    op.create_table(
        'handover',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('shift_id', sa.Integer(), nullable=False),
        sa.Column('giver_id', sa.Integer(), nullable=False),
        sa.Column('taker_id', sa.Integer(), nullable=False),
        sa.Column('starts_at', INSTANT, nullable=False),
        sa.Column('ends_at', INSTANT, nullable=False),
        sa.Column('created_by_id', sa.Integer(), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        *_points_at('handover', shift_id='shift', giver_id='person', taker_id='person', created_by_id='person'),
        sa.PrimaryKeyConstraint('id', name='pk_handover'),
    )
    op.create_index('ix_handover_shift_id', 'handover', ['shift_id'])
    op.create_index('ix_handover_taker_id', 'handover', ['taker_id'])
    op.create_table(
        'absence',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('starts_at', INSTANT, nullable=False),
        sa.Column('ends_at', INSTANT, nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('delegate_id', sa.Integer(), nullable=True),
        sa.Column('created_by_id', sa.Integer(), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        *_points_at('absence', person_id='person', delegate_id='person', created_by_id='person'),
        sa.PrimaryKeyConstraint('id', name='pk_absence'),
    )
    op.create_index('ix_absence_person_id', 'absence', ['person_id'])
    op.create_index('ix_absence_ends_at_starts_at', 'absence', ['ends_at', 'starts_at'])
    op.add_column('message', sa.Column('letter_id', sa.Integer(), nullable=True))
    op.create_index('ix_message_letter_id', 'message', ['letter_id'])


def downgrade() -> None:
    op.drop_index('ix_message_letter_id', table_name='message')
    op.drop_column('message', 'letter_id')
    for table in ('absence', 'handover', 'shift'):
        op.drop_table(table)


def _points_at(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f'{other}.id'], name=f'fk_{table}_{column}_{other}')
        for column, other in columns.items()
    ]
