"""Extensions of a deadline, planned ends of waiting, and when a clock was given up."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GUARDS = (
    (
        'extension_stands', 'extension', 'UPDATE',
        "OLD.outcome <> '' AND (NEW.outcome <> OLD.outcome OR NEW.minutes <> OLD.minutes)",
        'a decision is never changed',
    ),
)  # fmt: skip


def upgrade() -> None:
    for column in _of_deadline():
        op.add_column("deadline", column, inline_references=True)
    op.add_column("pause", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("counts_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name="fk_extension_asked_by_id_person"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_extension_decided_by_id_person"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_extension_ticket_id_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
    )
    op.create_index("ix_extension_outcome_id", "extension", ["outcome", "id"])
    op.create_index("ix_extension_ticket_id", "extension", ["ticket_id"])
    guards.raise_these(GUARDS)


def downgrade() -> None:
    guards.lower_these(GUARDS)
    op.drop_table("extension")
    op.drop_column("pause", "until")
    for column in reversed(_of_deadline()):
        op.drop_column("deadline", column.name)


def _of_deadline() -> list[sa.Column]:
    return [
        sa.Column("policy_version_id", sa.Integer(), sa.ForeignKey("policy_version.id"), nullable=True),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
    ]
