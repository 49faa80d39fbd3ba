"""What is done beside the tickets leaves a chained record; what people did is found by who it was."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

GUARDS = tuple(
    (f"deed_is_append_only_{watched[0].lower()}", "deed", watched, "1 = 1", "deeds are append-only")
    for watched in ("UPDATE", "DELETE")
)
BY_PEOPLE = sa.text("actor_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "deed",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("thing", sa.String(length=24), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=True),
        sa.Column("thing_name", sa.String(length=120), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deed"),
    )
    op.create_index("ix_deed_actor_id_id", "deed", ["actor_id", "id"])
    guards.raise_these(GUARDS)
    op.create_index(
        "ix_event_actor_id_id", "event", ["actor_id", "id"], sqlite_where=BY_PEOPLE, postgresql_where=BY_PEOPLE
    )


def downgrade() -> None:
    op.drop_index("ix_event_actor_id_id", "event")
    guards.lower_these(GUARDS)
    op.drop_table("deed")
