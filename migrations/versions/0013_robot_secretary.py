"""A result of its own for the assistants of mobile operators that answer in the client's place."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROW = {
    "code": "robot", "label": "Ответил робот-секретарь", "kind": "miss", "misses": True, "reaches_network": True,
    "conversation": False, "min_ring_s": 0, "note_needed": False, "aapor": "2.22",
}  # fmt: skip


def upgrade() -> None:
    op.bulk_insert(sa.table("disposition", *(sa.column(name) for name in ROW)), [ROW])
