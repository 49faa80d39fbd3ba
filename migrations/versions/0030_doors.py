"""Doors: how often they may be tried, second factors, passkeys, and what a session knows of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_allowance"),
    )
    op.create_index("ix_allowance_since", "allowance", ["since"])
    op.create_table(
        "authenticator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_authenticator_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_authenticator"),
        sa.UniqueConstraint("person_id", name="uq_authenticator_person_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_recovery_code_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
    )
    op.create_index("ix_recovery_code_person_id", "recovery_code", ["person_id"])
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("credential", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_passkey_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential", name="uq_passkey_credential"),
    )
    op.create_index("ix_passkey_person_id", "passkey", ["person_id"])
    op.create_index("ix_person_email", "person", ["email"])
    op.add_column("session", sa.Column("seen_at", INSTANT, nullable=True))
    op.add_column("session", sa.Column("proved_at", INSTANT, nullable=True))
    op.add_column("password_reset", sa.Column("is_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("organisation", sa.Column("factor_roles", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("organisation", "factor_roles")
    op.drop_column("password_reset", "is_code")
    op.drop_column("session", "proved_at")
    op.drop_column("session", "seen_at")
    op.drop_index("ix_person_email", "person")
    for table in ("passkey", "recovery_code", "authenticator", "allowance"):
        op.drop_table(table)
