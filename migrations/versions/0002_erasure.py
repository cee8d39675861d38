"""Acts of destroyed personal data, and inbound calls of clients whose region nobody knows."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("campaign", sa.Column("erased_at", UtcDateTime(), nullable=True))
    op.add_column("respondent", sa.Column("erased_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("call_attempt") as batch:
        batch.alter_column("region_code", existing_type=sa.String(length=16), nullable=True)
        batch.create_check_constraint(
            op.f("ck_call_attempt_region_of_dial"), "source = 'inbound' OR region_code IS NOT NULL"
        )
    op.create_table(
        "erasure",
        sa.Column("id", BigId, nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", BigId, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("scope IN ('campaign', 'person')", name=op.f("ck_erasure_scope")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_erasure_by")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_erasure_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_campaign_id"), "erasure", ["campaign_id"], unique=False)
    op.create_index(
        "ix_erasure_unfinished",
        "erasure",
        ["id"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
