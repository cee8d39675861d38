"""What a load remembers: faulty cells of a row, and the titles of the columns that a customer's people have mapped."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_row", sa.Column("faulty", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("column_mapping", sa.Column("titles", sa.JSON(), server_default="[]", nullable=False))
    for table, column in (("import_row", "faulty"), ("column_mapping", "titles")):
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, existing_type=sa.JSON(), server_default=None)
