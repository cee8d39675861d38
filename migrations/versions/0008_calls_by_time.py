"""Calls in the order of their time, and the half of the day in what reports count by: indexes only."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_REPORT, _TIME = "ix_call_attempt_report", "ix_call_attempt_campaign_id_dialled_at_id"
_COLUMNS = [
    "campaign_id", "local_day", "operator_id", "disposition", "source", "region_code", "branch_id", "talk_ms",
    "ring_ms", "survey_ms",
]  # fmt: skip


def upgrade() -> None:
    op.drop_index(_REPORT, "call_attempt")
    op.create_index(_REPORT, "call_attempt", [*_COLUMNS, "local_minute"])
    op.create_index(_TIME, "call_attempt", ["campaign_id", "dialled_at", "id"])


def downgrade() -> None:
    op.drop_index(_TIME, "call_attempt")
    op.drop_index(_REPORT, "call_attempt")
    op.create_index(_REPORT, "call_attempt", _COLUMNS)
