"""Cooperation between departments, a lead among them, and the implementation record step by step."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
GUARDS = (
    (
        'cooperation_stands', 'cooperation', 'UPDATE',
        "NEW.result <> OLD.result AND OLD.result IN ('done', 'not_ours')",
        'an answer is never changed',
    ),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "cooperation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_cooperation_ticket_id_ticket"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_cooperation_team_id_team"),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_cooperation_department_id_department"),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"], name="fk_cooperation_contact_id_person"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name="fk_cooperation_asked_by_id_person"),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name="fk_cooperation_answered_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_cooperation"),
    )
    op.create_index("ix_cooperation_ticket_id", "cooperation", ["ticket_id"])
    op.create_index("ix_cooperation_contact_id_result_id", "cooperation", ["contact_id", "result", "id"])
    for table, column in _new_columns():
        op.add_column(table, column, inline_references=True)
    op.create_index("ix_work_step_task_id", "work_step", ["task_id"])
    op.create_index("ix_attachment_work_step_id", "attachment", ["work_step_id"])
    op.execute("UPDATE work_step SET after = evidence, outcome = CASE WHEN failed THEN 'failed' ELSE 'done' END")
    op.drop_column("work_step", "evidence")
    op.drop_column("work_step", "failed")
    guards.raise_these(GUARDS)


def downgrade() -> None:
    guards.lower_these(GUARDS)
    op.add_column("work_step", sa.Column("evidence", sa.Text(), nullable=False, server_default=""))
    op.add_column("work_step", sa.Column("failed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE work_step SET evidence = after, failed = (outcome = 'failed')")
    op.drop_index("ix_work_step_task_id", table_name="work_step")
    op.drop_index("ix_attachment_work_step_id", table_name="attachment")
    for table, column in reversed(_new_columns()):
        op.drop_column(table, column.name)
    op.drop_table("cooperation")


def _new_columns() -> list[tuple[str, sa.Column]]:
    return [
        (
            'ticket',
            sa.Column(
                'lead_team_id', sa.Integer(), sa.ForeignKey('team.id', name='fk_ticket_lead_team_id_team'), nullable=True
            ),
        ),
        (
            'work_step',
            sa.Column(
                'task_id', sa.Integer(), sa.ForeignKey('plan_step.id', name='fk_work_step_task_id_plan_step'),
                nullable=True,
            ),
        ),
        ('work_step', sa.Column('outcome', sa.String(length=10), nullable=False, server_default='done')),
        *(
            ('work_step', sa.Column(name, sa.Text(), nullable=False, server_default=''))
            for name in ('result', 'before', 'after')
        ),
        (
            'attachment',
            sa.Column(
                'work_step_id', sa.Integer(),
                sa.ForeignKey('work_step.id', name='fk_attachment_work_step_id_work_step'), nullable=True,
            ),
        ),
    ]  # fmt: skip
