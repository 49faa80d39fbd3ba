"""Plans in rows, rounds with slots and rules, copies, templates of rounds, emergencies."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
HELD = tuple(guard for guard in guards.GUARDS if guard[0] in ("plan_stands", "decision_stands"))
NOT_OWN = sa.CheckConstraint("person_id <> author_id", name=sa.schema.conv("ck_approval_not_own_plan"))
PROSE = ("kind", "risk", "effect", "verification", "backup", "rollback", "window", "touches_customer", "explanation")
DECIDED_ON = "EXISTS (SELECT 1 FROM approval WHERE approval.plan_id = NEW.plan_id)"
GUARDS = (
    (
        'plan_text_stands', 'plan', 'UPDATE',
        ' OR '.join(f'NEW."{field}" <> OLD."{field}"' for field in PROSE),
        'a submitted plan is never changed',
    ),
    ('plan_step_stands_u', 'plan_step', 'UPDATE', '1 = 1', 'a submitted plan is never changed'),
    ('plan_step_stands_d', 'plan_step', 'DELETE', '1 = 1', 'a submitted plan is never changed'),
    ('plan_step_stands_i', 'plan_step', 'INSERT', DECIDED_ON, 'a submitted plan is never changed'),
    ('plan_option_stands_u', 'plan_option', 'UPDATE', '1 = 1', 'a submitted plan is never changed'),
    ('plan_option_stands_d', 'plan_option', 'DELETE', '1 = 1', 'a submitted plan is never changed'),
    ('plan_option_stands_i', 'plan_option', 'INSERT', DECIDED_ON, 'a submitted plan is never changed'),
)  # fmt: skip


def upgrade() -> None:
    guards.lower_these(HELD)
    _make_tables()
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column, inline_references=True)
    op.create_index("ix_plan_author_id", "plan", ["author_id"])
    op.create_index("ix_attachment_plan_id", "attachment", ["plan_id"])
    _to_rows()
    op.drop_column("plan", "options")
    op.drop_column("plan", "steps")
    with op.batch_alter_table("approval", table_args=(NOT_OWN,)) as batch:
        batch.drop_column("rule")
        batch.alter_column(
            "decision", existing_type=sa.String(length=10), type_=sa.String(length=12), existing_nullable=False
        )
    for column in _of_approval():
        op.add_column("approval", column, inline_references=True)
    op.create_index("ix_approval_decided_by_id", "approval", ["decided_by_id"])
    _number_slots()
    guards.raise_these(HELD + GUARDS)


def downgrade() -> None:
    guards.lower_these(HELD + GUARDS)
    op.add_column("plan", sa.Column("steps", sa.Text(), nullable=False, server_default=""))
    op.add_column("plan", sa.Column("options", sa.Text(), nullable=False, server_default=""))
    _to_texts()
    op.drop_index("ix_approval_decided_by_id", table_name="approval")
    for column in reversed(_of_approval()):
        op.drop_column("approval", column.name)
    op.execute("DELETE FROM approval WHERE decision = 'handed_over'")
    op.add_column("approval", sa.Column("rule", sa.String(length=4), nullable=False, server_default="any"))
    op.execute("UPDATE approval SET rule = 'all' WHERE plan_id IN (SELECT id FROM plan WHERE rule <> 'any')")
    with op.batch_alter_table("approval", table_args=(NOT_OWN,)) as batch:
        batch.alter_column(
            "decision", existing_type=sa.String(length=12), type_=sa.String(length=10), existing_nullable=False
        )
    op.drop_index("ix_attachment_plan_id", table_name="attachment")
    op.drop_index("ix_plan_author_id", table_name="plan")
    for table, columns in reversed(_columns().items()):
        for column in reversed(columns):
            op.drop_column(table, column.name)
    for table in ("plan_copy", "plan_option", "plan_step", "approval_template_seat", "approval_template"):
        op.drop_table(table)
    guards.raise_these(HELD)


def _columns() -> dict[str, list[sa.Column]]:
    return {
        "person": [sa.Column("same_as_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True)],
        "ticket": [sa.Column("emergency", sa.Boolean(), nullable=False, server_default=sa.false())],
        "attachment": [sa.Column("plan_id", sa.Integer(), sa.ForeignKey("plan.id"), nullable=True)],
        "plan": [
            sa.Column("touches_customer", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("explanation", sa.Text(), nullable=False, server_default=""),
            sa.Column("rule", sa.String(length=10), nullable=False, server_default="any"),
            sa.Column("quorum", sa.Integer(), nullable=False, server_default="1"),
            sa.Column("template_id", sa.Integer(), sa.ForeignKey("approval_template.id"), nullable=True),
            sa.Column("late", sa.String(length=10), nullable=False, server_default=""),
            sa.Column("word_by_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True),
            sa.Column("word_how", sa.String(length=200), nullable=False, server_default=""),
            sa.Column("word_at", INSTANT, nullable=True),
        ],
    }


def _of_approval() -> list[sa.Column]:
    return [
        sa.Column("slot", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("role", sa.String(length=20), nullable=False, server_default=""),
        sa.Column("team_id", sa.Integer(), sa.ForeignKey("team.id"), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("after_id", sa.Integer(), sa.ForeignKey("approval.id"), nullable=True),
        sa.Column("added_by_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("handed_from_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("decided_by_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True),
    ]


def _make_tables() -> None:
    op.create_table(
        "approval_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("risk", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approval_template"),
        sa.UniqueConstraint("name", name="uq_approval_template_name"),
    )
    op.create_table(
        "approval_template_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(person_id IS NULL) = (role <> '')", name=op.f("ck_approval_template_seat_person_or_role")),
        *_points_at("approval_template_seat", template_id="approval_template", person_id="person", team_id="team"),
        sa.PrimaryKeyConstraint("id", name="pk_approval_template_seat"),
    )
    op.create_index("ix_approval_template_seat_template_id", "approval_template_seat", ["template_id"])
    op.create_table(
        "plan_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("planned", sa.String(length=120), nullable=False),
        *_points_at("plan_step", plan_id="plan", owner_id="person"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_step"),
        sa.UniqueConstraint("plan_id", "position", name="uq_plan_step_plan_id_position"),
    )
    op.create_table(
        "plan_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "feasibility", "risk", "effort", "impact")),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        *_points_at("plan_option", plan_id="plan"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_option"),
        sa.UniqueConstraint("plan_id", "position", name="uq_plan_option_plan_id_position"),
    )
    op.create_table(
        "plan_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        *_points_at("plan_copy", plan_id="plan", person_id="person", by_id="person"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_copy"),
        sa.UniqueConstraint("plan_id", "person_id", name="uq_plan_copy_plan_id_person_id"),
    )
    op.create_index("ix_plan_copy_person_id_id", "plan_copy", ["person_id", "id"])


def _points_at(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
        for column, other in columns.items()
    ]


def _to_rows() -> None:
    """Each line of a plan's steps becomes a step, its text about options one option; the digest is that of the rows."""
    connection = op.get_bind()
    for plan in connection.execute(sa.text("SELECT * FROM plan ORDER BY id")).mappings().all():
        steps = [line.strip() for line in plan["steps"].splitlines() if line.strip()]
        options = [plan["options"].strip()] if plan["options"].strip() else []
        for nth, body in enumerate(steps, start=1):
            connection.execute(_STEP, {"plan": plan["id"], "nth": nth, "body": body})
        for nth, title in enumerate(options, start=1):
            connection.execute(_OPTION, {"plan": plan["id"], "nth": nth, "title": title})
        digest = _digest(dict(plan), steps, options)
        rule = "all" if plan["risk"] == "major" else "any"
        connection.execute(_PLAN, {"plan": plan["id"], "rule": rule, "digest": digest})
        connection.execute(_SEATS, {"plan": plan["id"], "digest": digest})


def _to_texts() -> None:
    connection = op.get_bind()
    for table, field, column in (("plan_step", "body", "steps"), ("plan_option", "title", "options")):
        lines: dict[int, list[str]] = {}
        for row in connection.execute(sa.text(f"SELECT plan_id, {field} FROM {table} ORDER BY plan_id, position")):  # noqa: S608
            lines.setdefault(row[0], []).append(row[1])
        for plan, said in lines.items():
            written = sa.text(f"UPDATE plan SET {column} = :said WHERE id = :plan")  # noqa: S608
            connection.execute(written, {"said": "\n".join(said), "plan": plan})


def _number_slots() -> None:
    """Who had to agree all together has a slot each; supervisors of whom one sufficed share the first."""
    op.execute(
        "UPDATE approval SET slot = (SELECT count(*) FROM approval AS other WHERE other.plan_id = approval.plan_id"
        " AND other.id <= approval.id) WHERE plan_id IN (SELECT id FROM plan WHERE rule = 'all')"
    )
    op.execute(
        "UPDATE approval SET role = 'supervisor', team_id = (SELECT ticket.team_id FROM ticket JOIN plan"
        " ON plan.ticket_id = ticket.id WHERE plan.id = approval.plan_id)"
        " WHERE plan_id IN (SELECT id FROM plan WHERE rule = 'any')"
    )


def _digest(plan: dict[str, object], steps: list[str], options: list[str]) -> str:
    said = {
        **{name: plan[name] for name in PROSE},
        "touches_customer": bool(plan["touches_customer"]),
        "steps": [[body, None, ""] for body in steps],
        "options": [[title, "", "", "", "", False] for title in options],
        "files": [],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


_STEP = sa.text("INSERT INTO plan_step (plan_id, position, body, planned) VALUES (:plan, :nth, :body, '')")
_OPTION = sa.text(
    "INSERT INTO plan_option (plan_id, position, title, feasibility, risk, effort, impact, chosen)"
    " VALUES (:plan, :nth, :title, '', '', '', '', false)"
)
_PLAN = sa.text("UPDATE plan SET rule = :rule, digest = :digest WHERE id = :plan")
_SEATS = sa.text("UPDATE approval SET digest = :digest WHERE plan_id = :plan")
