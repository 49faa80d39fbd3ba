"""How tickets belong together: relations, merging, and who is affected too."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'relation',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('from_id', sa.Integer(), nullable=False),
        sa.Column('to_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.Column('undone_by_id', sa.Integer(), nullable=True),
        sa.Column('undone_at', INSTANT, nullable=True),
        sa.ForeignKeyConstraint(['from_id'], ['ticket.id'], name='fk_relation_from_id_ticket'),
        sa.ForeignKeyConstraint(['to_id'], ['ticket.id'], name='fk_relation_to_id_ticket'),
        sa.ForeignKeyConstraint(['by_id'], ['person.id'], name='fk_relation_by_id_person'),
        sa.ForeignKeyConstraint(['undone_by_id'], ['person.id'], name='fk_relation_undone_by_id_person'),
        sa.PrimaryKeyConstraint('id', name='pk_relation'),
    )
    op.create_index('ix_relation_from_id_kind', 'relation', ['from_id', 'kind'])
    op.create_index('ix_relation_to_id_kind', 'relation', ['to_id', 'kind'])
    op.create_table(
        'affected',
        sa.Column('ticket_id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name='fk_affected_ticket_id_ticket'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_affected_person_id_person'),
        sa.PrimaryKeyConstraint('ticket_id', 'person_id', name='pk_affected'),
    )
    op.create_index('ix_affected_person_id', 'affected', ['person_id'])
    into = sa.ForeignKey('ticket.id', name='fk_ticket_merged_into_id_ticket')
    op.add_column('ticket', sa.Column('merged_into_id', sa.Integer(), into, nullable=True), inline_references=True)
    op.create_index('ix_ticket_merged_into_id', 'ticket', ['merged_into_id'])
    op.create_index('ix_ticket_parent_id', 'ticket', ['parent_id'])


def downgrade() -> None:
    op.drop_index('ix_ticket_parent_id', table_name='ticket')
    op.drop_index('ix_ticket_merged_into_id', table_name='ticket')
    op.drop_column('ticket', 'merged_into_id')
    op.drop_table('affected')
    op.drop_table('relation')
