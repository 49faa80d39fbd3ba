"""Requests: their own kind of ticket, assessments, and delivery dates."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in _of_ticket():
        op.add_column("ticket", column, inline_references=True)
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("technology", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("cost", sa.String(length=200), nullable=False),
        sa.Column("development_opinion", sa.Text(), nullable=False),
        sa.Column("development_by", sa.String(length=80), nullable=False),
        sa.Column("test_opinion", sa.Text(), nullable=False),
        sa.Column("test_by", sa.String(length=80), nullable=False),
        sa.Column("product_opinion", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("deliver_at", INSTANT, nullable=True),
        sa.Column("engineer_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("means", sa.String(length=12), nullable=False),
        sa.Column("said_by", sa.String(length=80), nullable=False),
        sa.Column("how", sa.String(length=80), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["engineer_id"], ["person.id"], name="fk_assessment_engineer_id_person"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_assessment_person_id_person"),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name="fk_assessment_taken_by_id_person"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_assessment_ticket_id_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_assessment"),
        sa.UniqueConstraint("ticket_id", "nth", name="uq_assessment_ticket_id_nth"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_delivery_person_id_person"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_delivery_ticket_id_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index("ix_delivery_ticket_id", "delivery", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("delivery")
    op.drop_table("assessment")
    for column in reversed(_of_ticket()):
        op.drop_column("ticket", column.name)


def _of_ticket() -> list[sa.Column]:
    return [
        sa.Column("kind", sa.String(length=8), nullable=False, server_default="fault"),
        sa.Column("expected", sa.Text(), nullable=False, server_default=""),
        sa.Column("wished", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("product_manager_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("deliver_at", INSTANT, nullable=True),
    ]
