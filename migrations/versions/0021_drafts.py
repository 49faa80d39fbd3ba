"""Forms that were begun and not sent, kept for whoever began them; pictures can say what they show."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'form_draft',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('place', sa.String(length=300), nullable=False),
        sa.Column('said', sa.JSON(), nullable=False),
        sa.Column('files', sa.JSON(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=True),
        sa.Column('token', sa.String(length=64), nullable=False),
        sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_form_draft_person_id_person'),
        sa.PrimaryKeyConstraint('id', name='pk_form_draft'),
        sa.UniqueConstraint('person_id', 'place', name='uq_form_draft_person_id_place'),
    )
    op.create_index('ix_form_draft_saved_at', 'form_draft', ['saved_at'])
    op.add_column('attachment', sa.Column('shows', sa.String(length=200), nullable=False, server_default=''))


def downgrade() -> None:
    op.drop_column('attachment', 'shows')
    op.drop_table('form_draft')
