"""A row of a later base may ask whether it means a client, and be a client of its own; words beside a number."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_CHECK = "proposal IN ('asked', 'proposed', 'skipped', 'separate', 'applied', 'stale')"


def upgrade() -> None:
    with op.batch_alter_table("import_row") as batch:
        batch.drop_constraint(op.f("ck_import_row_proposal"), type_="check")
        batch.create_check_constraint(op.f("ck_import_row_proposal"), _CHECK)
    op.add_column("import_row", sa.Column("is_question", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("import_row", sa.Column("phone_words", sa.String(200), nullable=True))
    op.add_column("respondent_phone", sa.Column("words", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("respondent_phone", "words")
    op.drop_column("import_row", "phone_words")
    op.drop_column("import_row", "is_question")
    op.execute("UPDATE import_row SET proposal = 'skipped' WHERE proposal IN ('asked', 'separate')")
    with op.batch_alter_table("import_row") as batch:
        batch.drop_constraint(op.f("ck_import_row_proposal"), type_="check")
        batch.create_check_constraint(
            op.f("ck_import_row_proposal"), "proposal IN ('proposed', 'skipped', 'applied', 'stale')"
        )
