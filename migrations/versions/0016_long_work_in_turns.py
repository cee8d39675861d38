"""What is left to do with a campaign after its windows were changed, or after it was closed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("campaign", sa.Column("undecided_after", BigId, nullable=True))
    op.add_column("campaign", sa.Column("closing", sa.JSON(none_as_null=True), nullable=True))
