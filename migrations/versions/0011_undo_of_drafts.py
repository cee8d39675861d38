"""What a draft of a script said before its last change, so that the change can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("script_draft", sa.Column("before", sa.JSON(none_as_null=True), nullable=True))
