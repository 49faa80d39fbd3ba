"""A round's own time limit, from its template; redaction of what was carried out."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LIMITED = ("approval_template", "plan", "deadline")
GUARDS = (
    (
        'plan_limit_stands', 'plan', 'UPDATE',
        'OLD.limit_amount IS NOT NULL AND (NEW.limit_amount IS NULL OR NEW.limit_amount <> OLD.limit_amount'
        ' OR NEW.limit_basis <> OLD.limit_basis)',
        'the time limit of a round is never changed',
    ),
)  # fmt: skip


def upgrade() -> None:
    for table in LIMITED:
        for column in _limit():
            op.add_column(table, column)
    for column in _redaction():
        op.add_column("work_step", column, inline_references=True)
    guards.raise_these(GUARDS)


def downgrade() -> None:
    guards.lower_these(GUARDS)
    for column in reversed(_redaction()):
        op.drop_column("work_step", column.name)
    for table in reversed(LIMITED):
        for column in reversed(_limit()):
            op.drop_column(table, column.name)


def _limit() -> list[sa.Column]:
    return [
        sa.Column("limit_amount", sa.Integer(), nullable=True),
        sa.Column("limit_basis", sa.String(length=8), nullable=True),
        sa.Column("climb", sa.String(length=40), nullable=True),
    ]


def _redaction() -> list[sa.Column]:
    return [
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redacted_by_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("redaction_reason", sa.String(length=200), nullable=False, server_default=""),
    ]
