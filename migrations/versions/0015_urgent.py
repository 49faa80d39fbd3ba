"""What is urgent has an index of its own: known incidents are offered on every report's page."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

URGENT = sa.text(
    "severity IN ('P0', 'P1') AND resolved_at IS NULL AND state NOT IN ('closed', 'archived', 'cancelled', 'merged')"
)


def upgrade() -> None:
    op.create_index('ix_ticket_urgent', 'ticket', ['severity', 'id'], sqlite_where=URGENT, postgresql_where=URGENT)


def downgrade() -> None:
    op.drop_index('ix_ticket_urgent', 'ticket')
