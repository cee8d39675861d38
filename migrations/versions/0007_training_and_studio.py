"""The training desk with rows that never leave their campaign, drafts of scripts, clients' words used in them, reviews."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: What never changes in a row once it is there: a training row can't be made one of a survey.
FIXED = (("campaign", "purpose"), ("respondent", "campaign_id"), ("call_attempt", "campaign_id"))


def keep_in_place() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, column in FIXED:
            op.execute(
                f"CREATE TRIGGER {table}_keeps_{column} BEFORE UPDATE OF {column} ON {table} "
                f"WHEN OLD.{column} <> NEW.{column} BEGIN SELECT RAISE(ABORT, '{table}.{column} never changes'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% never changes', TG_ARGV[0]; END $$"
    )
    for table, column in FIXED:
        op.execute(
            f"CREATE TRIGGER {table}_keeps_{column} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
            f"WHEN (OLD.{column} <> NEW.{column}) EXECUTE FUNCTION refuse_move('{table}.{column}')"
        )


def training() -> None:
    with op.batch_alter_table("call_attempt") as batch:
        batch.create_check_constraint(
            op.f("ck_call_attempt_training_without_exchange"), "purpose <> 'training' OR source <> 'exchange'"
        )
    op.create_table(
        "training_client",
        sa.Column("respondent_id", BigId, autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("operator_id", BigId, nullable=False),
        sa.Column("scenario", sa.String(length=32), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("purpose = 'training'", name=op.f("ck_training_client_purpose")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "purpose"],
            ["campaign.id", "campaign.purpose"],
            name=op.f("fk_training_client_campaign_id_purpose"),
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["user_account.id"], name=op.f("fk_training_client_operator_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_training_client_respondent_id")),
        sa.PrimaryKeyConstraint("respondent_id", name=op.f("pk_training_client")),
    )
    op.create_index(
        op.f("ix_training_client_operator_id_campaign_id"), "training_client", ["operator_id", "campaign_id"]
    )


def script_drafts() -> None:
    op.create_table(
        "script_draft",
        sa.Column("id", BigId, nullable=False),
        sa.Column("script_id", BigId, nullable=False),
        sa.Column("based_on_id", BigId, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", BigId, nullable=False),
        sa.ForeignKeyConstraint(["based_on_id"], ["script_version.id"], name=op.f("fk_script_draft_based_on_id")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_script_draft_script_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["user_account.id"], name=op.f("fk_script_draft_updated_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_draft")),
        sa.UniqueConstraint("script_id", name=op.f("uq_script_draft_script_id")),
    )


def words_of_clients() -> None:
    op.create_table(
        "unsuitable_use",
        sa.Column("unsuitable_id", BigId, autoincrement=False, nullable=False),
        sa.Column("used_as", sa.String(length=32), nullable=False),
        sa.Column("by", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "used_as IN ('answer', 'prompt', 'objection', 'question', 'dismissed')",
            name=op.f("ck_unsuitable_use_used_as"),
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_unsuitable_use_by")),
        sa.ForeignKeyConstraint(
            ["unsuitable_id"], ["unsuitable_answer.id"], name=op.f("fk_unsuitable_use_unsuitable_id")
        ),
        sa.PrimaryKeyConstraint("unsuitable_id", name=op.f("pk_unsuitable_use")),
    )


def quality() -> None:
    op.create_table(
        "quality_plan",
        sa.Column("campaign_id", BigId, autoincrement=False, nullable=False),
        sa.Column("newcomer_calls", sa.Integer(), nullable=False),
        sa.Column("share_percent", sa.Integer(), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.CheckConstraint("newcomer_calls BETWEEN 0 AND 1000", name=op.f("ck_quality_plan_newcomer_calls")),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f("ck_quality_plan_share_percent")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_quality_plan_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_quality_plan")),
    )
    op.create_table(
        "quality_review",
        sa.Column("id", BigId, nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("operator_id", BigId, nullable=False),
        sa.Column("reviewer_id", BigId, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("reply", sa.String(length=2000), nullable=False),
        sa.Column("replied_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("points BETWEEN 0 AND most", name=op.f("ck_quality_review_points")),
        sa.CheckConstraint(
            "reason IN ('speed', 'length', 'ring', 'complaint', 'newcomer', 'share', 'asked')",
            name=op.f("ck_quality_review_reason"),
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_quality_review_attempt_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_quality_review_campaign_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["user_account.id"], name=op.f("fk_quality_review_operator_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user_account.id"], name=op.f("fk_quality_review_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_review")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_quality_review_attempt_id")),
    )
    op.create_index(op.f("ix_quality_review_campaign_id_operator_id"), "quality_review", ["campaign_id", "operator_id"])
    op.create_index(op.f("ix_quality_review_operator_id_finished_at"), "quality_review", ["operator_id", "finished_at"])
    op.create_table(
        "quality_mark",
        sa.Column("review_id", BigId, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=True),
        sa.CheckConstraint("mark BETWEEN 0 AND 2", name=op.f("ck_quality_mark_mark")),
        sa.ForeignKeyConstraint(["review_id"], ["quality_review.id"], name=op.f("fk_quality_mark_review_id")),
        sa.PrimaryKeyConstraint("review_id", "position", name=op.f("pk_quality_mark")),
    )


def upgrade() -> None:
    training()
    script_drafts()
    words_of_clients()
    quality()
    # After the tables were rebuilt: SQLite drops the triggers of a table with it.
    keep_in_place()
