"""What a load remembers: faulty cells of a row, changes of clients, titles of the columns that people have mapped."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("column_mapping") as batch:
        batch.add_column(sa.Column("titles", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("column_mapping") as batch:
        batch.alter_column("titles", existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table("import_row") as batch:
        batch.add_column(sa.Column("faulty", sa.JSON(), server_default="[]", nullable=False))
        batch.add_column(sa.Column("before", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("proposal", sa.String(length=16), nullable=True))
        batch.drop_constraint(op.f("ck_import_row_fate"), type_="check")
        batch.drop_constraint(op.f("ck_import_row_clients_known"), type_="check")
        batch.create_check_constraint(
            op.f("ck_import_row_fate"),
            "fate IN ('accepted', 'corrected', 'duplicate', 'rejected', 'empty', 'update')",
        )
        batch.create_check_constraint(
            op.f("ck_import_row_clients_known"),
            "(fate IN ('accepted', 'corrected', 'update')) = (identity IS NOT NULL)",
        )
        batch.create_check_constraint(
            op.f("ck_import_row_proposal"), "proposal IN ('proposed', 'skipped', 'applied', 'stale')"
        )
        batch.create_check_constraint(
            op.f("ck_import_row_updates_proposed"), "(fate = 'update') = (proposal IS NOT NULL)"
        )
    with op.batch_alter_table("import_row") as batch:
        batch.alter_column("faulty", existing_type=sa.JSON(), server_default=None)
