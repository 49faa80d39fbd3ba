"""What the customer decides: consent to a plan, the joint verification sheet, what was asked about an answer."""

import sqlalchemy as sa
from alembic import op

from migrations import guards_0001 as guards

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GUARDS = (
    ('consent_stands_u', 'consent', 'UPDATE',
     'NEW.agreed <> OLD.agreed OR NEW.plan_id <> OLD.plan_id OR NEW.digest <> OLD.digest',
     'an answer is never changed'),
    ('consent_stands_d', 'consent', 'DELETE', '1 = 1', 'an answer is never changed'),
)  # fmt: skip


def upgrade() -> None:
    op.add_column("confirmation", sa.Column("asked", sa.String(length=40), nullable=False, server_default=""))
    op.create_table(
        "joint_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.String(length=3), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_joint_check_ticket_id_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_joint_check"),
        sa.UniqueConstraint("ticket_id", "round", "position", name="uq_joint_check_ticket_id_round_position"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("means", sa.String(length=12), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=80), nullable=False),
        sa.Column("how", sa.String(length=80), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_consent_ticket_id_ticket"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_consent_plan_id_plan"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_consent_link_id_link"),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name="fk_consent_taken_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("plan_id", name="uq_consent_plan_id"),
    )
    op.create_index("ix_consent_ticket_id", "consent", ["ticket_id"])
    guards.raise_these(GUARDS)


def downgrade() -> None:
    guards.lower_these(GUARDS)
    op.drop_table("consent")
    op.drop_table("joint_check")
    op.drop_column("confirmation", "asked")
