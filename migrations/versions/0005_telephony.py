"""States of recordings and where their files lie, calls known to have none, an operator's telephone."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("campaign", sa.Column("recordings_until", sa.Date(), nullable=True))
    op.add_column("campaign", sa.Column("customer_hears", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("call_attempt", sa.Column("clock_gap_ms", sa.Integer(), nullable=True))
    op.add_column("user_account", sa.Column("extension", sa.String(length=40), nullable=False, server_default=""))
    with op.batch_alter_table("audio") as batch:
        batch.add_column(sa.Column("place", sa.String(length=8), nullable=False, server_default="disk"))
        batch.add_column(sa.Column("is_cut", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.create_check_constraint(op.f("ck_audio_place"), "place IN ('disk', 's3')")
    with op.batch_alter_table("recording") as batch:
        batch.add_column(sa.Column("problem", sa.String(length=32), nullable=False, server_default=""))
        batch.add_column(sa.Column("named_attempt_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("e164", sa.String(length=16), nullable=False, server_default=""))
        batch.add_column(sa.Column("started_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("is_late", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("settled_by", BigId, nullable=True))
        batch.add_column(sa.Column("settled_at", UtcDateTime(), nullable=True))
        batch.create_foreign_key(op.f("fk_recording_named_attempt_id"), "call_attempt", ["named_attempt_id"], ["id"])
        batch.create_foreign_key(op.f("fk_recording_settled_by"), "user_account", ["settled_by"], ["id"])
        batch.drop_constraint(op.f("ck_recording_state"), type_="check")
        batch.create_check_constraint(
            op.f("ck_recording_state"), "state IN ('matched', 'unmatched', 'orphan', 'rejected', 'empty')"
        )
    op.create_index(op.f("ix_recording_named_attempt_id"), "recording", ["named_attempt_id"], unique=False)
    op.create_index(
        "ix_recording_unsettled",
        "recording",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'unmatched'"),
        postgresql_where=sa.text("state = 'unmatched'"),
    )
    op.create_table(
        "recording_absence",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("by", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("cause IN ('not_recorded', 'lost', 'removed')", name=op.f("ck_recording_absence_cause")),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_recording_absence_attempt_id")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_recording_absence_by")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_recording_absence")),
    )
    op.create_table(
        "exchange_link",
        sa.Column("id", BigId, nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_link")),
    )
    op.create_table(
        "line_command",
        sa.Column("id", BigId, nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('call', 'hang_up', 'transfer')", name=op.f("ck_line_command_kind")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_line_command_state")),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_line_command_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_command")),
    )
    op.create_index(op.f("ix_line_command_attempt_id"), "line_command", ["attempt_id"], unique=False)
    op.create_index(
        "ix_line_command_waiting",
        "line_command",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
