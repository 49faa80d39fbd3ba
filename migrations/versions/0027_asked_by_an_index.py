"""What pages ask is asked by an index: how many came and went, who owns a request, who asked for more time."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SOME = (
    ("ix_ticket_owned", ["product_manager_id", "state"], sa.text("product_manager_id IS NOT NULL")),
    ("ix_ticket_closed", ["closed_at"], sa.text("closed_at IS NOT NULL")),
)
ALL = (
    ("ix_ticket_created_at", "ticket", ["created_at"]),
    ("ix_relation_kind_to_id", "relation", ["kind", "to_id"]),
    ("ix_extension_asked_by_id", "extension", ["asked_by_id"]),
    ("ix_extension_decided_by_id", "extension", ["decided_by_id"]),
)


def upgrade() -> None:
    for name, columns, which in SOME:
        op.create_index(name, "ticket", columns, sqlite_where=which, postgresql_where=which)
    for name, table, columns in ALL:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _columns in ALL:
        op.drop_index(name, table)
    for name, _columns, _which in SOME:
        op.drop_index(name, "ticket")
