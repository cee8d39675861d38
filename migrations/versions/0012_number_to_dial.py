"""The number of a client that the next call goes to, as the fold names it; and the extension in a command."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INDEX = "uq_respondent_phone_next"

#: The number added last, unless another was dialled since; else the one dialled last. If that is dead (or there is
#: none): the first live one. `{phone_id}` reads the event's detail.
FILL = """
UPDATE respondent_phone SET is_next = {true} WHERE id = COALESCE(
  (SELECT p.id FROM respondent_phone p
   WHERE p.respondent_id = respondent_phone.respondent_id AND p.state = 'live' AND p.id = COALESCE(
     (SELECT a.phone_id FROM call_attempt a
      WHERE a.respondent_id = respondent_phone.respondent_id AND a.closed_at IS NOT NULL AND a.source <> 'inbound'
        AND NOT EXISTS (SELECT 1 FROM case_event e
                        WHERE e.respondent_id = a.respondent_id AND e.kind = 'number_added' AND e.at >= a.dialled_at)
      ORDER BY COALESCE(a.ended_at, a.last_activity_at) DESC, a.dialled_at DESC LIMIT 1),
     (SELECT {phone_id} FROM case_event e
      WHERE e.respondent_id = respondent_phone.respondent_id AND e.kind = 'number_added'
      ORDER BY e.at DESC, e.id DESC LIMIT 1))),
  (SELECT p.id FROM respondent_phone p
   WHERE p.respondent_id = respondent_phone.respondent_id AND p.state = 'live' ORDER BY p.position, p.id LIMIT 1))
"""
DIALECT = {
    "sqlite": {"true": "1", "phone_id": "json_extract(e.detail, '$.phone_id')"},
    "postgresql": {"true": "true", "phone_id": "CAST(e.detail ->> 'phone_id' AS integer)"},
}


def upgrade() -> None:
    op.add_column("respondent_phone", sa.Column("is_next", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("line_command", sa.Column("dtmf", sa.String(10), nullable=False, server_default=""))
    op.execute(FILL.format(**DIALECT[op.get_bind().dialect.name]))
    op.create_index(
        _INDEX,
        "respondent_phone",
        ["respondent_id"],
        unique=True,
        sqlite_where=sa.text("is_next"),
        postgresql_where=sa.text("is_next"),
    )


def downgrade() -> None:
    op.drop_index(_INDEX, "respondent_phone")
    op.drop_column("line_command", "dtmf")
    op.drop_column("respondent_phone", "is_next")
