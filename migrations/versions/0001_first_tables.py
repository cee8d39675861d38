"""The tables of the first release, their reference rows, and triggers."""

import sqlalchemy as sa
from alembic import op

from nps.models.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DISPOSITIONS = [
    ("no_answer", "Не отвечает", "miss", True, True, False, 20, False, "3.13"),
    ("busy", "Занято", "miss", True, True, False, 0, False, "3.12"),
    ("rejected", "Сброс до ответа", "miss", True, True, False, 0, False, "2.20"),
    ("switched_off", "Выключен, вне сети", "miss", True, True, False, 0, False, "3.16"),
    ("voicemail", "Автоответчик", "miss", True, True, False, 0, False, "2.22"),
    ("other_person", "Ответил другой", "contact", False, True, True, 0, False, "2.21"),
    ("new_contact", "Дали новый номер", "contact", False, True, True, 0, True, "2.21"),
    ("hung_up", "Положил трубку", "contact", False, True, True, 0, False, "2.12"),
    ("callback", "Перезвонить", "contact", False, True, True, 0, False, "2.21"),
    ("soft_refusal", "Не сейчас", "refusal", False, True, True, 0, False, "2.112"),
    ("refused", "Отказ от опроса", "refusal", False, True, True, 0, False, "2.112"),
    ("refused_org", "Отказ организации", "refusal", False, True, True, 0, True, "2.111"),
    ("do_not_call", "Больше не звонить", "refusal", False, True, True, 0, False, "2.112"),
    ("dead_number", "Номер не существует", "dead", False, True, False, 0, True, "4.31"),
    ("wrong_number", "Чужой номер", "dead", False, True, True, 0, False, "4.41"),
    ("technical", "Техническая ошибка", "technical", False, False, False, 0, False, "3.16"),
    ("not_client", "Не клиент, повтор", "ineligible", False, True, True, 0, True, "4.7"),
    ("partial", "Разговор прерван", "interview", False, True, True, 0, False, "1.2"),
    ("surveyed", "Опрошен", "interview", False, True, True, 0, False, "1.1"),
]

REGIONS = [
    ("udmurtia", "Удмуртия", "Europe/Samara"),
    ("tatarstan", "Татарстан", "Europe/Moscow"),
    ("bashkiria", "Башкирия", "Asia/Yekaterinburg"),
    ("chuvashia", "Чувашия", "Europe/Moscow"),
    ("perm", "Пермский край", "Asia/Yekaterinburg"),
]

#: Rows that nobody changes or deletes afterwards.
APPEND_ONLY = ("journal", "access_log", "script_version")


def seed() -> None:
    region = sa.table("region", sa.column("code"), sa.column("name"), sa.column("zone"))
    op.bulk_insert(region, [dict(zip(("code", "name", "zone"), row, strict=True)) for row in REGIONS])
    names = ("code", "label", "kind", "misses", "reaches_network", "conversation", "min_ring_s", "note_needed", "aapor")
    disposition = sa.table("disposition", *(sa.column(n) for n in names))
    op.bulk_insert(disposition, [dict(zip(names, row, strict=True)) for row in DISPOSITIONS])


def guard_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def upgrade() -> None:
    op.create_table(
        "audio",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_audio_size")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_audio")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_table(
        "disposition",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("misses", sa.Boolean(), nullable=False),
        sa.Column("reaches_network", sa.Boolean(), nullable=False),
        sa.Column("conversation", sa.Boolean(), nullable=False),
        sa.Column("min_ring_s", sa.Integer(), nullable=False),
        sa.Column("note_needed", sa.Boolean(), nullable=False),
        sa.Column("aapor", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_disposition")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index(op.f("ix_login_attempt_key_at"), "login_attempt", ["key", "at"], unique=False)

    op.create_table(
        "region",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "branch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("region_code", sa.String(length=16), nullable=True),
        sa.Column("area_code", sa.String(length=6), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_branch_customer_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_branch_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("customer_id", "name", name=op.f("uq_branch_customer_id_name")),
    )
    op.create_table(
        "column_mapping",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_column_mapping_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_mapping")),
        sa.UniqueConstraint("customer_id", "signature", name=op.f("uq_column_mapping_customer_id_signature")),
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("budget_s", sa.Integer(), nullable=False),
        sa.Column("billing", sa.String(length=8), nullable=False),
        sa.Column("gate", sa.String(length=8), nullable=False),
        sa.CheckConstraint("billing IN ('second', 'minute')", name=op.f("ck_contract_billing")),
        sa.CheckConstraint("gate IN ('exact', 'billed')", name=op.f("ck_contract_gate")),
        sa.CheckConstraint("budget_s >= 0", name=op.f("ck_contract_budget_s")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contract_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_table(
        "script",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_script_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("login_fold", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("spoken_name", sa.String(length=100), nullable=False),
        sa.Column("gender", sa.String(length=8), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(role IN ('customer', 'specialist')) = (customer_id IS NOT NULL)",
            name=op.f("ck_user_account_bound_to_customer"),
        ),
        sa.CheckConstraint("gender IN ('female', 'male')", name=op.f("ck_user_account_gender")),
        sa.CheckConstraint(
            "role IN ('operator', 'specialist', 'manager', 'customer', 'admin')", name=op.f("ck_user_account_role")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_user_account_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login_fold", name=op.f("uq_user_account_login_fold")),
    )
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("object_kind", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_access_log_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index(
        op.f("ix_access_log_object_kind_object_id"), "access_log", ["object_kind", "object_id"], unique=False
    )
    op.create_index(op.f("ix_access_log_user_id_at"), "access_log", ["user_id", "at"], unique=False)

    op.create_table(
        "branch_alias",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alias_fold", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_branch_alias_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_branch_alias_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_alias")),
        sa.UniqueConstraint("customer_id", "alias_fold", name=op.f("uq_branch_alias_customer_id_alias_fold")),
    )
    op.create_table(
        "branch_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.CheckConstraint("branch_id IS NOT NULL OR department <> ''", name=op.f("ck_branch_contact_belongs")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_branch_contact_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_branch_contact_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_contact")),
    )
    op.create_index(
        op.f("ix_branch_contact_customer_id_branch_id"), "branch_contact", ["customer_id", "branch_id"], unique=False
    )

    op.create_table(
        "form_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("route", sa.String(length=80), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_form_key_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_key")),
        sa.UniqueConstraint("key", name=op.f("uq_form_key_key")),
    )
    op.create_index(op.f("ix_form_key_at"), "form_key", ["at"], unique=False)

    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("arg", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file", sa.String(length=300), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_run_state")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_job_run_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    op.create_index(op.f("ix_job_run_state_lease_until"), "job_run", ["state", "lease_until"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("shown_at", UtcDateTime(), nullable=True),
        sa.Column("ack_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('callback_soon', 'callback_due', 'callback_late', 'repeat_due')", name=op.f("ck_reminder_kind")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_reminder_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "kind", "subject", "user_id", "due_at", name=op.f("uq_reminder_kind_subject_user_id_due_at")
        ),
    )
    op.create_index(op.f("ix_reminder_user_id_ack_at"), "reminder", ["user_id", "ack_at"], unique=False)

    op.create_table(
        "script_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("script_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["published_by"], ["user_account.id"], name=op.f("fk_script_version_published_by")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_script_version_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_version")),
        sa.UniqueConstraint("script_id", "no", name=op.f("uq_script_version_script_id_no")),
    )
    op.create_table(
        "stop_list",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=True),
        sa.Column("inn", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lift_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(e164 IS NULL) <> (inn IS NULL)", name=op.f("ck_stop_list_phone_or_inn")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_stop_list_by")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_stop_list_customer_id")),
        sa.ForeignKeyConstraint(["lifted_by"], ["user_account.id"], name=op.f("fk_stop_list_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_list")),
    )
    op.create_index(
        "uq_stop_list_inn",
        "stop_list",
        ["customer_id", "inn"],
        unique=True,
        sqlite_where=sa.text("inn IS NOT NULL AND lifted_at IS NULL"),
        postgresql_where=sa.text("inn IS NOT NULL AND lifted_at IS NULL"),
    )
    op.create_index(
        "uq_stop_list_phone",
        "stop_list",
        ["customer_id", "e164"],
        unique=True,
        sqlite_where=sa.text("e164 IS NOT NULL AND lifted_at IS NULL"),
        postgresql_where=sa.text("e164 IS NOT NULL AND lifted_at IS NULL"),
    )

    op.create_table(
        "user_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("always_open", sa.Boolean(), nullable=False),
        sa.Column("script_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("soft_refusal_final", sa.Boolean(), nullable=False),
        sa.Column("admission", sa.String(length=8), nullable=False),
        sa.Column("setup_allowance_s", sa.Integer(), nullable=False),
        sa.Column("dial_link", sa.String(length=200), nullable=False),
        sa.Column("escalation_email", sa.String(length=254), nullable=False),
        sa.Column("escalation_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("original_clients", sa.Integer(), nullable=False),
        sa.Column("legal_basis", sa.String(length=500), nullable=False),
        sa.Column("delete_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("admission IN ('off', 'warn', 'required')", name=op.f("ck_campaign_admission")),
        sa.CheckConstraint("purpose <> 'survey' OR NOT always_open", name=op.f("ck_campaign_windows_of_a_survey")),
        sa.CheckConstraint("purpose IN ('survey', 'training', 'demo')", name=op.f("ck_campaign_purpose")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_campaign_dates")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_campaign_contract_id")),
        sa.ForeignKeyConstraint(
            ["script_version_id"], ["script_version.id"], name=op.f("fk_campaign_script_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("id", "purpose", name=op.f("uq_campaign_id_purpose")),
    )
    op.create_table(
        "calling_window",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region_code", sa.String(length=16), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.CheckConstraint("opens < closes", name=op.f("ck_calling_window_opens_before_closes")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_calling_window_weekday")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_calling_window_campaign_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_calling_window_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calling_window")),
        sa.UniqueConstraint(
            "campaign_id",
            "region_code",
            "weekday",
            "opens",
            name=op.f("uq_calling_window_campaign_id_region_code_weekday_opens"),
        ),
    )
    op.create_table(
        "campaign_day",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region_code", sa.String(length=16), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_day_campaign_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_campaign_day_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_day")),
        sa.UniqueConstraint(
            "campaign_id", "region_code", "day", name=op.f("uq_campaign_day_campaign_id_region_code_day")
        ),
    )
    op.create_table(
        "campaign_member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("admitted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_member_campaign_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_campaign_member_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_member")),
        sa.UniqueConstraint("campaign_id", "user_id", name=op.f("uq_campaign_member_campaign_id_user_id")),
    )
    op.create_index(op.f("ix_campaign_member_user_id"), "campaign_member", ["user_id"], unique=False)

    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("object_kind", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_journal_actor_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_journal_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_campaign_id_id"), "journal", ["campaign_id", "id"], unique=False)
    op.create_index(op.f("ix_journal_object_kind_object_id"), "journal", ["object_kind", "object_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("dedupe", sa.String(length=120), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("server_said", sa.String(length=500), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_token IS NOT NULL)", name=op.f("ck_outbox_sending_with_lease")
        ),
        sa.CheckConstraint("kind IN ('escalation', 'test')", name=op.f("ck_outbox_kind")),
        sa.CheckConstraint("next_try_at IS NULL OR state IN ('waiting', 'unknown')", name=op.f("ck_outbox_next_try")),
        sa.CheckConstraint("phase IN ('', 'data')", name=op.f("ck_outbox_phase")),
        sa.CheckConstraint(
            "purpose = 'survey' OR NOT outside", name=op.f("ck_outbox_outside_letters_of_a_survey_only")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'caught', 'unknown', 'failed')", name=op.f("ck_outbox_state")
        ),
        sa.CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name=op.f("ck_outbox_lease")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "purpose"], ["campaign.id", "campaign.purpose"], name=op.f("fk_outbox_campaign_id_purpose")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_outbox_dedupe")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("next_try_at IS NOT NULL"),
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_outbox_kind_subject_id"), "outbox", ["kind", "subject_id"], unique=False)
    op.create_index(
        "ix_outbox_leased",
        "outbox",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )

    op.create_table(
        "sample_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("file_path", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("understood", sa.JSON(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploaded', 'reading', 'understood', 'checking', 'checked', 'publishing', 'published', 'failed', 'cancelled')",
            name=op.f("ck_sample_import_state"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_sample_import_campaign_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["user_account.id"], name=op.f("fk_sample_import_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_import")),
    )
    op.create_index(
        op.f("ix_sample_import_campaign_id_created_at"), "sample_import", ["campaign_id", "created_at"], unique=False
    )

    op.create_table(
        "respondent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("region_code", sa.String(length=16), nullable=True),
        sa.Column("inn", sa.String(length=12), nullable=True),
        sa.Column("organisation", sa.String(length=300), nullable=False),
        sa.Column("contact", sa.String(length=300), nullable=False),
        sa.Column("greeting_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("search_fold", sa.String(length=1000), nullable=False),
        sa.Column("identity", sa.String(length=400), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("queue_class", sa.Integer(), nullable=True),
        sa.Column("next_call_at", UtcDateTime(), nullable=True),
        sa.Column("next_reason", sa.JSON(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("callback_owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reserved_until", UtcDateTime(), nullable=True),
        sa.Column("held_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("held_token", sa.String(length=32), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("held_by IS NULL OR state NOT IN ('withdrawn')", name=op.f("ck_respondent_held_state")),
        sa.CheckConstraint("inn IS NULL OR inn <> ''", name=op.f("ck_respondent_inn_null_never_empty")),
        sa.CheckConstraint(
            "state = 'waiting' OR next_call_at IS NULL", name=op.f("ck_respondent_due_only_while_waiting")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'manager', 'surveyed', 'refused', 'unsuccessful', 'inactive', 'unreached', 'withdrawn')",
            name=op.f("ck_respondent_state"),
        ),
        sa.CheckConstraint("(held_by IS NULL) = (held_token IS NULL)", name=op.f("ck_respondent_held_with_token")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_respondent_branch_id")),
        sa.ForeignKeyConstraint(
            ["callback_owner_id"], ["user_account.id"], name=op.f("fk_respondent_callback_owner_id")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_respondent_campaign_id")),
        sa.ForeignKeyConstraint(["held_by"], ["user_account.id"], name=op.f("fk_respondent_held_by")),
        sa.ForeignKeyConstraint(["import_id"], ["sample_import.id"], name=op.f("fk_respondent_import_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_respondent_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_respondent")),
        sa.UniqueConstraint("campaign_id", "identity", name=op.f("uq_respondent_campaign_id_identity")),
    )
    op.create_index(op.f("ix_respondent_campaign_id_inn"), "respondent", ["campaign_id", "inn"], unique=False)
    op.create_index(
        op.f("ix_respondent_campaign_id_state_branch_id"),
        "respondent",
        ["campaign_id", "state", "branch_id"],
        unique=False,
    )
    op.create_index(
        "ix_respondent_held_inn",
        "respondent",
        ["inn"],
        unique=False,
        sqlite_where=sa.text("held_by IS NOT NULL"),
        postgresql_where=sa.text("held_by IS NOT NULL"),
    )
    op.create_index(
        "ix_respondent_queue",
        "respondent",
        ["campaign_id", "queue_class", "region_code", "next_call_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting' AND held_by IS NULL AND next_call_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'waiting' AND held_by IS NULL AND next_call_at IS NOT NULL"),
    )
    op.create_index(
        "uq_respondent_held_by",
        "respondent",
        ["held_by"],
        unique=True,
        sqlite_where=sa.text("held_by IS NOT NULL"),
        postgresql_where=sa.text("held_by IS NOT NULL"),
    )

    op.create_table(
        "case_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reopened', 'returned', 'number_added', 'organisation_refused', 'refused', 'stop_listed', 'stop_lifted', 'withdrawn', 'unreached')",
            name=op.f("ck_case_event_kind"),
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_case_event_by")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_case_event_respondent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_respondent_id_at"), "case_event", ["respondent_id", "at"], unique=False)

    op.create_table(
        "claim_key",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["user_account.id"], name=op.f("fk_claim_key_operator_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_claim_key_respondent_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_claim_key")),
    )
    op.create_index(op.f("ix_claim_key_respondent_id"), "claim_key", ["respondent_id"], unique=False)

    op.create_table(
        "import_row",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("fate", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("identity", sa.String(length=400), nullable=True),
        sa.Column("branch_fold", sa.String(length=300), nullable=True),
        sa.Column("inn", sa.String(length=12), nullable=True),
        sa.Column("organisation", sa.String(length=300), nullable=True),
        sa.Column("contact", sa.String(length=300), nullable=True),
        sa.Column("greeting_name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("search_fold", sa.String(length=1000), nullable=True),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=True),
        sa.Column("extension", sa.String(length=10), nullable=True),
        sa.Column("guessed", sa.Boolean(), nullable=False),
        sa.Column("spare_phones", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("same_as_row", sa.Integer(), nullable=True),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(fate IN ('accepted', 'corrected')) = (identity IS NOT NULL)", name=op.f("ck_import_row_clients_known")
        ),
        sa.CheckConstraint(
            "fate IN ('accepted', 'corrected', 'duplicate', 'rejected', 'empty')", name=op.f("ck_import_row_fate")
        ),
        sa.CheckConstraint(
            "fate IN ('accepted', 'corrected', 'empty') OR reason <> ''", name=op.f("ck_import_row_reason_given")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["sample_import.id"], name=op.f("fk_import_row_import_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_import_row_respondent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("import_id", "row_no", name=op.f("uq_import_row_import_id_row_no")),
    )
    op.create_index(op.f("ix_import_row_import_id_fate"), "import_row", ["import_id", "fate"], unique=False)

    op.create_table(
        "respondent_phone",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("extension", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("guessed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('live', 'dead')", name=op.f("ck_respondent_phone_state")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_respondent_phone_respondent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_respondent_phone")),
        sa.UniqueConstraint(
            "respondent_id", "e164", "extension", name=op.f("uq_respondent_phone_respondent_id_e164_extension")
        ),
    )
    op.create_index(op.f("ix_respondent_phone_e164"), "respondent_phone", ["e164"], unique=False)

    op.create_table(
        "call_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("script_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("dialled_at", UtcDateTime(), nullable=False),
        sa.Column("ringing_at", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("consent_at", UtcDateTime(), nullable=True),
        sa.Column("farewell_at", UtcDateTime(), nullable=True),
        sa.Column("break_since", UtcDateTime(), nullable=True),
        sa.Column("break_ms", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("handed_over_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("last_activity_at", UtcDateTime(), nullable=False),
        sa.Column("ring_ms", sa.Integer(), nullable=False),
        sa.Column("talk_ms", sa.Integer(), nullable=False),
        sa.Column("survey_ms", sa.Integer(), nullable=False),
        sa.Column("disposition", sa.String(length=32), nullable=True),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("local_minute", sa.Integer(), nullable=False),
        sa.Column("operator_day", sa.Date(), nullable=False),
        sa.Column("region_code", sa.String(length=16), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("source IN ('operator', 'exchange', 'inbound')", name=op.f("ck_call_attempt_source")),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (disposition IS NULL)", name=op.f("ck_call_attempt_closed_with_result")
        ),
        sa.CheckConstraint("ring_ms >= 0 AND talk_ms >= 0 AND survey_ms >= 0", name=op.f("ck_call_attempt_durations")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_call_attempt_branch_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "purpose"],
            ["campaign.id", "campaign.purpose"],
            name=op.f("fk_call_attempt_campaign_id_purpose"),
        ),
        sa.ForeignKeyConstraint(["disposition"], ["disposition.code"], name=op.f("fk_call_attempt_disposition")),
        sa.ForeignKeyConstraint(["operator_id"], ["user_account.id"], name=op.f("fk_call_attempt_operator_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["respondent_phone.id"], name=op.f("fk_call_attempt_phone_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_call_attempt_region_code")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_call_attempt_respondent_id")),
        sa.ForeignKeyConstraint(
            ["script_version_id"], ["script_version.id"], name=op.f("fk_call_attempt_script_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_attempt")),
    )
    op.create_index(op.f("ix_call_attempt_e164_local_day"), "call_attempt", ["e164", "local_day"], unique=False)
    op.create_index(
        op.f("ix_call_attempt_operator_id_dialled_at"), "call_attempt", ["operator_id", "dialled_at"], unique=False
    )
    op.create_index(
        "ix_call_attempt_report",
        "call_attempt",
        [
            "campaign_id",
            "local_day",
            "operator_id",
            "disposition",
            "source",
            "region_code",
            "branch_id",
            "talk_ms",
            "ring_ms",
            "survey_ms",
        ],
        unique=False,
    )
    op.create_index(
        op.f("ix_call_attempt_respondent_id_dialled_at"), "call_attempt", ["respondent_id", "dialled_at"], unique=False
    )
    op.create_index(
        "ix_call_attempt_talk",
        "call_attempt",
        ["campaign_id", "talk_ms"],
        unique=False,
        sqlite_where=sa.text("talk_ms > 0 AND source <> 'inbound'"),
        postgresql_where=sa.text("talk_ms > 0 AND source <> 'inbound'"),
    )
    op.create_index(
        "uq_call_attempt_open_operator",
        "call_attempt",
        ["operator_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL AND handed_over_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL AND handed_over_at IS NULL"),
    )
    op.create_index(
        "uq_call_attempt_open_respondent",
        "call_attempt",
        ["respondent_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )

    op.create_table(
        "answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_answer_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_attempt_id"), "answer", ["attempt_id"], unique=False)
    op.create_index(
        "uq_answer_in_force",
        "answer",
        ["attempt_id", "step"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )

    op.create_table(
        "appointment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reserved_until", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('open', 'kept', 'missed', 'dropped')", name=op.f("ck_appointment_state")),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_appointment_attempt_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_appointment_owner_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_appointment_respondent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index(
        "ix_appointment_due",
        "appointment",
        ["at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_appointment_owner_id_at"), "appointment", ["owner_id", "at"], unique=False)
    op.create_index(
        "uq_appointment_open",
        "appointment",
        ["respondent_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )

    op.create_table(
        "attempt_outcome",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("disposition", sa.String(length=32), nullable=False),
        sa.Column("callback_at", UtcDateTime(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "source IN ('operator', 'correction', 'exchange', 'manager', 'review')",
            name=op.f("ck_attempt_outcome_source"),
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_attempt_outcome_attempt_id")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_attempt_outcome_by")),
        sa.ForeignKeyConstraint(["disposition"], ["disposition.code"], name=op.f("fk_attempt_outcome_disposition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_outcome")),
        sa.UniqueConstraint("attempt_id", "n", name=op.f("uq_attempt_outcome_attempt_id_n")),
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("raised_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("organisation", sa.String(length=300), nullable=False),
        sa.Column("inn", sa.String(length=12), nullable=False),
        sa.Column("contact", sa.String(length=300), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("wished_time", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("taken_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("resolution", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("state IN ('open', 'taken', 'answered', 'closed')", name=op.f("ck_escalation_state")),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_escalation_attempt_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "purpose"],
            ["campaign.id", "campaign.purpose"],
            name=op.f("fk_escalation_campaign_id_purpose"),
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["user_account.id"], name=op.f("fk_escalation_closed_by")),
        sa.ForeignKeyConstraint(["raised_by"], ["user_account.id"], name=op.f("fk_escalation_raised_by")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_escalation_respondent_id")),
        sa.ForeignKeyConstraint(["taken_by"], ["user_account.id"], name=op.f("fk_escalation_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
    )
    op.create_index(
        op.f("ix_escalation_campaign_id_state_created_at"),
        "escalation",
        ["campaign_id", "state", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_escalation_respondent_id"), "escalation", ["respondent_id"], unique=False)

    op.create_table(
        "interview",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("respondent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("script_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("comment", sa.String(length=2000), nullable=False),
        sa.Column("cut_off", sa.Boolean(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("rating BETWEEN 1 AND 10", name=op.f("ck_interview_rating")),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_interview_attempt_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_interview_respondent_id")),
        sa.ForeignKeyConstraint(
            ["script_version_id"], ["script_version.id"], name=op.f("fk_interview_script_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview")),
    )
    op.create_index(
        "uq_interview_attempt",
        "interview",
        ["attempt_id"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_index(
        "uq_interview_respondent",
        "interview",
        ["respondent_id"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )

    op.create_table(
        "recording",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("audio_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("match_rule", sa.String(length=32), nullable=False),
        sa.Column("source_name", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(state = 'matched') = (attempt_id IS NOT NULL)", name=op.f("ck_recording_matched_has_call")
        ),
        sa.CheckConstraint("state IN ('matched', 'unmatched', 'orphan', 'rejected')", name=op.f("ck_recording_state")),
        sa.ForeignKeyConstraint(["added_by"], ["user_account.id"], name=op.f("fk_recording_added_by")),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_recording_attempt_id")),
        sa.ForeignKeyConstraint(["audio_sha256"], ["audio.sha256"], name=op.f("fk_recording_audio_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_audio_sha256"), "recording", ["audio_sha256"], unique=False)
    op.create_index(
        "uq_recording_matched",
        "recording",
        ["attempt_id"],
        unique=True,
        sqlite_where=sa.text("state = 'matched'"),
        postgresql_where=sa.text("state = 'matched'"),
    )

    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("spoken_name", sa.String(length=100), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("shown_result_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_shift_campaign_id")),
        sa.ForeignKeyConstraint(["shown_result_id"], ["call_attempt.id"], name=op.f("fk_shift_shown_result_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_shift_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_campaign_id_ended_at"), "shift", ["campaign_id", "ended_at"], unique=False)
    op.create_index(
        "uq_shift_open",
        "shift",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "telephony_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("dedup", sa.String(length=120), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_telephony_event_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_event")),
        sa.UniqueConstraint("dedup", name=op.f("uq_telephony_event_dedup")),
    )
    op.create_index(op.f("ix_telephony_event_attempt_id_at"), "telephony_event", ["attempt_id", "at"], unique=False)

    op.create_table(
        "unsuitable_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("script_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["call_attempt.id"], name=op.f("fk_unsuitable_answer_attempt_id")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_unsuitable_answer_by")),
        sa.ForeignKeyConstraint(
            ["script_version_id"], ["script_version.id"], name=op.f("fk_unsuitable_answer_script_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsuitable_answer")),
    )
    op.create_index(
        op.f("ix_unsuitable_answer_script_version_id_step"),
        "unsuitable_answer",
        ["script_version_id", "step"],
        unique=False,
    )

    op.create_table(
        "escalation_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("escalation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("kind IN ('note', 'answer', 'close')", name=op.f("ck_escalation_note_kind")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_escalation_note_by")),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalation.id"], name=op.f("fk_escalation_note_escalation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_note")),
    )
    op.create_index(op.f("ix_escalation_note_escalation_id"), "escalation_note", ["escalation_id"], unique=False)

    op.create_table(
        "interview_reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("interview_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prompt", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["interview_id"], ["interview.id"], name=op.f("fk_interview_reason_interview_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_reason")),
        sa.UniqueConstraint("interview_id", "prompt", name=op.f("uq_interview_reason_interview_id_prompt")),
    )
    op.create_table(
        "pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shift_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_pause_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    op.create_index(
        "uq_pause_open",
        "pause",
        ["shift_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    seed()
    guard_append_only()


def downgrade() -> None:
    raise NotImplementedError("the first release has nothing to go back to")
