"""Answers that the customer sees after the manager has checked them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("answers_after_check", sa.Boolean(), server_default=sa.false(), nullable=False))
