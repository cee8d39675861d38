"""Events of calls that are none of ours are found by the day they came."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_telephony_event_strangers",
        "telephony_event",
        ["received_at"],
        sqlite_where=sa.text("attempt_id IS NULL"),
        postgresql_where=sa.text("attempt_id IS NULL"),
    )
