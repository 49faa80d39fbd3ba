"""What few rows say has an index of those few, and counters of doors have none: a report writes less."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None

SELDOM = (
    ("ticket", "contact_id"),
    ("ticket", "customer_id"),
    ("ticket", "parent_id"),
    ("ticket", "merged_into_id"),
    ("message", "letter_id"),
)


def upgrade() -> None:
    op.drop_index("ix_allowance_since", "allowance")
    for table, column in SELDOM:
        said = sa.text(f"{column} IS NOT NULL")
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=said, postgresql_where=said)


def downgrade() -> None:
    for table, column in SELDOM:
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_allowance_since", "allowance", ["since"])
