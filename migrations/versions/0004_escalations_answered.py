"""Deadlines, reminders and digests of escalations; letters to several people; what is known of the mail server."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mail_server",
        sa.Column("id", BigId, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("probe_at", UtcDateTime(), nullable=True),
        sa.Column("said", sa.String(length=500), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_mail_server_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_server")),
    )
    op.create_table(
        "answer_terms",
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("within_h", sa.Integer(), nullable=True),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("remind_before_min", sa.Integer(), nullable=True),
        sa.Column("digest_at", sa.Time(), nullable=True),
        sa.CheckConstraint("opens < closes", name=op.f("ck_answer_terms_opens_before_closes")),
        sa.CheckConstraint("within_h > 0", name=op.f("ck_answer_terms_within_h")),
        sa.CheckConstraint(
            "remind_before_min IS NULL OR within_h IS NOT NULL", name=op.f("ck_answer_terms_reminder_of_a_deadline")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_answer_terms_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_answer_terms")),
    )
    op.add_column("branch", sa.Column("escalation_email", sa.String(254), nullable=False, server_default=""))
    for column in ("due_at", "answered_at", "call_asked_at"):
        op.add_column("escalation", sa.Column(column, UtcDateTime(), nullable=True))
    op.create_index(
        "ix_escalation_due",
        "escalation",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL AND answered_at IS NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL AND answered_at IS NULL"),
    )
    # Until now an answer was known by its note only; whoever closed without one answered by closing.
    op.execute(
        "UPDATE escalation SET answered_at = (SELECT min(note.at) FROM escalation_note AS note "
        "WHERE note.escalation_id = escalation.id AND note.kind IN ('answer', 'close')) "
        "WHERE state IN ('answered', 'closed')"
    )
    with op.batch_alter_table("escalation_note") as batch:
        batch.drop_constraint(op.f("ck_escalation_note_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_escalation_note_kind"), "kind IN ('note', 'answer', 'call', 'close')")
    with op.batch_alter_table("outbox") as batch:
        batch.add_column(sa.Column("unreached", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("refused", sa.String(254), nullable=False, server_default=""))
        batch.drop_constraint(op.f("ck_outbox_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_kind"), "kind IN ('escalation', 'test', 'reminder', 'digest')")
