"""Reports that stay as they stood when a wave or a period was closed; who gets the figures by mail."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def frozen_reports() -> None:
    op.create_table(
        "frozen_report",
        sa.Column("id", BigId, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by", BigId, nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('wave', 'period')", name=op.f("ck_frozen_report_kind")),
        sa.CheckConstraint("purpose <> 'training'", name=op.f("ck_frozen_report_no_training")),
        sa.CheckConstraint("(kind = 'wave') = (first_day IS NULL)", name=op.f("ck_frozen_report_days_of_a_period")),
        sa.CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name=op.f("ck_frozen_report_both_days")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_frozen_report_days")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "purpose"],
            ["campaign.id", "campaign.purpose"],
            name=op.f("fk_frozen_report_campaign_id_purpose"),
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["user_account.id"], name=op.f("fk_frozen_report_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_report")),
        sa.UniqueConstraint(
            "campaign_id", "first_day", "last_day", name=op.f("uq_frozen_report_campaign_id_first_day_last_day")
        ),
    )
    op.create_index(
        "uq_frozen_report_wave",
        "frozen_report",
        ["campaign_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'wave'"),
        postgresql_where=sa.text("kind = 'wave'"),
    )


def keep_frozen() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER frozen_report_no_{act.lower()} BEFORE {act} ON frozen_report "
                "BEGIN SELECT RAISE(ABORT, 'frozen_report is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER frozen_report_no_change BEFORE UPDATE OR DELETE ON frozen_report "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def letters_of_reports() -> None:
    op.create_table(
        "report_subscription",
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("campaign_id", BigId, autoincrement=False, nullable=False),
        sa.Column("every", sa.String(length=32), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("handled_on", sa.Date(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.CheckConstraint("every IN ('daily', 'weekly')", name=op.f("ck_report_subscription_every")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_report_subscription_campaign_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_report_subscription_user_id")),
        sa.PrimaryKeyConstraint("user_id", "campaign_id", name=op.f("pk_report_subscription")),
    )
    op.create_index(op.f("ix_report_subscription_campaign_id"), "report_subscription", ["campaign_id"])
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint(op.f("ck_outbox_kind"), type_="check")
        batch.create_check_constraint(
            op.f("ck_outbox_kind"), "kind IN ('escalation', 'test', 'reminder', 'digest', 'report')"
        )


def upgrade() -> None:
    frozen_reports()
    letters_of_reports()
    keep_frozen()
