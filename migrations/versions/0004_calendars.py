"""Calendars in editions."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

OLD = 'id, name, content, digest, version'
GUARDS = (
    (
        'calendar_stands', 'calendar', 'UPDATE',
        'OLD.published_at IS NOT NULL AND (NEW.published_at IS NULL OR NEW.name <> OLD.name'
        ' OR NEW.edition <> OLD.edition OR NEW.digest <> OLD.digest)',
        'a published calendar is never changed',
    ),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        _make_anew(
            sa.Column('edition', sa.Integer(), nullable=False, server_default='1'),
            *_new_columns(),
            sa.UniqueConstraint('name', 'edition', name='uq_calendar_name_edition'),
            sa.ForeignKeyConstraint(['published_by_id'], ['person.id'], name='fk_calendar_published_by_id_person'),
        )
    else:
        op.drop_constraint('uq_calendar_name', 'calendar', type_='unique')
        op.add_column('calendar', sa.Column('edition', sa.Integer(), nullable=False, server_default='1'))
        for column in _new_columns():
            op.add_column('calendar', column)
        op.create_unique_constraint('uq_calendar_name_edition', 'calendar', ['name', 'edition'])
        op.create_foreign_key('fk_calendar_published_by_id_person', 'calendar', 'person', ['published_by_id'], ['id'])
    op.execute('UPDATE calendar SET published_at = CURRENT_TIMESTAMP')  # what stands there is in force
    op.execute("UPDATE calendar SET country = 'CN' WHERE CAST(content AS TEXT) LIKE '%Asia/Shanghai%'")
    guards.raise_these(GUARDS)


def downgrade() -> None:
    guards.lower_these(GUARDS)
    _keep_newest()
    if op.get_bind().dialect.name == 'sqlite':
        _make_anew(sa.UniqueConstraint('name', name='uq_calendar_name'))
        return
    op.drop_constraint('fk_calendar_published_by_id_person', 'calendar', type_='foreignkey')
    op.drop_constraint('uq_calendar_name_edition', 'calendar', type_='unique')
    for name in ('edition', *(column.name for column in _new_columns())):
        op.drop_column('calendar', name)
    op.create_unique_constraint('uq_calendar_name', 'calendar', ['name'])


def _new_columns() -> list[sa.Column]:
    return [
        sa.Column('country', sa.String(length=2), nullable=False, server_default=''),
        sa.Column('names', sa.JSON(), nullable=False, server_default='{}'),
        sa.Column('proposed', sa.JSON(), nullable=True),
        sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('published_by_id', sa.Integer(), nullable=True),
        sa.Column('moves_tickets', sa.Boolean(), nullable=False, server_default=sa.false()),
    ]


def _make_anew(*more: sa.schema.SchemaItem) -> None:
    """SQLite drops no constraint. The rows are laid aside and put back, and the references to them hold again when
    the transaction ends."""
    op.execute('PRAGMA defer_foreign_keys = ON')
    op.execute(f'CREATE TEMPORARY TABLE calendar_aside AS SELECT {OLD} FROM calendar')
    op.drop_table('calendar')
    op.create_table(
        'calendar',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint('id', name='pk_calendar'),
    )
    op.execute(f'INSERT INTO calendar ({OLD}) SELECT {OLD} FROM calendar_aside')
    op.execute('DROP TABLE calendar_aside')


def _keep_newest() -> None:
    """There is one calendar of a name again: older editions take a name of their own, drafts go."""
    op.execute('DELETE FROM calendar WHERE published_at IS NULL')
    op.execute(
        "UPDATE calendar SET name = substr(name, 1, 70) || ' ' || edition WHERE EXISTS"
        ' (SELECT 1 FROM calendar AS other WHERE other.name = calendar.name AND other.edition > calendar.edition)'
    )
