"""Policies of one's own: drafts, editions, who is served by which."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

SERVED = ('customer', 'service', 'team')
GUARDS = (
    ('edition_stands_u', 'policy_version', 'UPDATE', '1 = 1', 'a published edition is never changed'),
    ('edition_stands_d', 'policy_version', 'DELETE', '1 = 1', 'a published edition is never changed'),
)


def upgrade() -> None:
    for column in _new_columns():
        op.add_column('policy_version', column, inline_references=True)
    op.execute('UPDATE policy_version SET is_default = TRUE, published_at = effective_at')
    for table in SERVED:
        op.add_column(table, sa.Column('policy_name', sa.String(length=40), nullable=True))
    op.create_table(
        'policy_draft',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('pack_name', sa.String(length=40), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('calendar_id', sa.Integer(), nullable=False),
        sa.Column('edited_by_id', sa.Integer(), nullable=True),
        sa.Column('edited_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('proposed_by_id', sa.Integer(), nullable=True),
        sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('effective_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('is_default', sa.Boolean(), nullable=False),
        sa.Column('note', sa.String(length=200), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['calendar_id'], ['calendar.id'], name='fk_policy_draft_calendar_id_calendar'),
        sa.ForeignKeyConstraint(['edited_by_id'], ['person.id'], name='fk_policy_draft_edited_by_id_person'),
        sa.ForeignKeyConstraint(['proposed_by_id'], ['person.id'], name='fk_policy_draft_proposed_by_id_person'),
        sa.PrimaryKeyConstraint('id', name='pk_policy_draft'),
        sa.UniqueConstraint('pack_name', name='uq_policy_draft_pack_name'),
        sqlite_autoincrement=True,
    )
    guards.raise_these(GUARDS)


def downgrade() -> None:
    guards.lower_these(GUARDS)
    op.drop_table('policy_draft')
    for table in SERVED:
        op.drop_column(table, 'policy_name')
    for column in reversed(_new_columns()):
        op.drop_column('policy_version', column.name)


def _new_columns() -> list[sa.Column]:
    return [
        sa.Column('is_default', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('note', sa.String(length=200), nullable=False, server_default=''),
        sa.Column('published_at', sa.DateTime(timezone=True), nullable=False, server_default='2000-01-01 00:00:00'),
        sa.Column('proposed_by_id', sa.Integer(), sa.ForeignKey('person.id'), nullable=True),
        sa.Column('confirmed_by_id', sa.Integer(), sa.ForeignKey('person.id'), nullable=True),
    ]
