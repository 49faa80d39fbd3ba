"""The record is read in the order of time, of everybody and of one person."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0030"
branch_labels = None
depends_on = None

BY_PEOPLE = sa.text("actor_id IS NOT NULL")


def upgrade() -> None:
    for table in ("event", "deed"):
        op.drop_index(f"ix_{table}_actor_id_id", table)
        op.create_index(f"ix_{table}_at_id", table, ["at", "id"])
    op.create_index(
        "ix_event_actor_id_at_id", "event", ["actor_id", "at", "id"],
        sqlite_where=BY_PEOPLE, postgresql_where=BY_PEOPLE,
    )  # fmt: skip
    op.create_index("ix_deed_actor_id_at_id", "deed", ["actor_id", "at", "id"])


def downgrade() -> None:
    for table in ("event", "deed"):
        op.drop_index(f"ix_{table}_actor_id_at_id", table)
        op.drop_index(f"ix_{table}_at_id", table)
    op.create_index(
        "ix_event_actor_id_id", "event", ["actor_id", "id"], sqlite_where=BY_PEOPLE, postgresql_where=BY_PEOPLE
    )
    op.create_index("ix_deed_actor_id_id", "deed", ["actor_id", "id"])
