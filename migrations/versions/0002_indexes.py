"""Of what few tickets are, an index of those few: critical, escalated, waiting on others."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

FEW = (
    ('ix_ticket_p0', ['state', 'next_due_at', 'id'], "severity = 'P0'"),
    ('ix_ticket_escalated', ['state'], 'escalation > 0'),
    ('ix_ticket_waiting', ['state'], "waiting_on <> ''"),
)


def upgrade() -> None:
    for name, columns, which in FEW:
        op.create_index(name, 'ticket', columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))


def downgrade() -> None:
    for name, *_ in reversed(FEW):
        op.drop_index(name, table_name='ticket')
