"""Views of lists that people keep under a name of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("query", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_view_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_view"),
        sa.UniqueConstraint("person_id", "page", "name", name="uq_view_person_id_page_name"),
    )


def downgrade() -> None:
    op.drop_table("view")
