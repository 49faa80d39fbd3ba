"""Drills: how long it takes until whoever is on call answers."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'drill',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('role', sa.String(length=20), nullable=False),
        sa.Column('team_id', sa.Integer(), nullable=True),
        sa.Column('started_by_id', sa.Integer(), nullable=False),
        sa.Column('told_at', INSTANT, nullable=False),
        sa.Column('answer_by', INSTANT, nullable=False),
        sa.Column('answered_at', INSTANT, nullable=True),
        sa.Column('answered_by_id', sa.Integer(), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['team_id'], ['team.id'], name='fk_drill_team_id_team'),
        sa.ForeignKeyConstraint(['started_by_id'], ['person.id'], name='fk_drill_started_by_id_person'),
        sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name='fk_drill_answered_by_id_person'),
        sa.PrimaryKeyConstraint('id', name='pk_drill'),
    )
    op.create_table(
        'drill_called',
        sa.Column('drill_id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['drill_id'], ['drill.id'], name='fk_drill_called_drill_id_drill'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_drill_called_person_id_person'),
        sa.PrimaryKeyConstraint('drill_id', 'person_id', name='pk_drill_called'),
    )


def downgrade() -> None:
    op.drop_table('drill_called')
    op.drop_table('drill')
