"""Help on the line: messages between operators on shift and their managers."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shift_message",
        sa.Column("id", BigId, nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("author_id", BigId, nullable=False),
        sa.Column("respondent_id", BigId, nullable=True),
        sa.Column("request_id", BigId, nullable=True),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('request', 'answer', 'note')", name=op.f("ck_shift_message_kind")),
        sa.CheckConstraint(
            "(kind = 'answer') = (request_id IS NOT NULL)", name=op.f("ck_shift_message_answers_name_their_request")
        ),
        sa.CheckConstraint(
            "kind = 'request' OR (closed_at IS NULL AND respondent_id IS NULL)",
            name=op.f("ck_shift_message_requests_alone"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_shift_message_campaign_id")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_shift_message_author_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_shift_message_respondent_id")),
        sa.ForeignKeyConstraint(["request_id"], ["shift_message.id"], name=op.f("fk_shift_message_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_message")),
    )
    op.create_index(op.f("ix_shift_message_campaign_id_id"), "shift_message", ["campaign_id", "id"])
    op.create_index(op.f("ix_shift_message_respondent_id"), "shift_message", ["respondent_id"])
    op.create_index(
        "uq_shift_message_open",
        "shift_message",
        ["author_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'request' AND closed_at IS NULL"),
        postgresql_where=sa.text("kind = 'request' AND closed_at IS NULL"),
    )
    op.create_table(
        "shift_message_reader",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["shift_message.id"], name=op.f("fk_shift_message_reader_message_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_shift_message_reader_user_id")),
        sa.PrimaryKeyConstraint("message_id", "user_id", name=op.f("pk_shift_message_reader")),
    )
    op.create_index(
        op.f("ix_shift_message_reader_user_id_message_id"), "shift_message_reader", ["user_id", "message_id"]
    )
