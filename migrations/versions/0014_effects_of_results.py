"""What the result of a call did beside its client's state is kept with the result, and events can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

_BEFORE = (
    "kind IN ('reopened', 'returned', 'number_added', 'organisation_refused', 'refused', 'stop_listed', "
    "'stop_lifted', 'withdrawn', 'unreached')"
)
_AFTER = _BEFORE.replace("'unreached'", "'unreached', 'taken_back'")


def upgrade() -> None:
    with op.batch_alter_table("attempt_outcome") as batch:
        batch.add_column(sa.Column("effects", sa.JSON(), server_default="{}", nullable=False))
    with op.batch_alter_table("attempt_outcome") as batch:
        batch.alter_column("effects", existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table("case_event") as batch:
        batch.drop_constraint(op.f("ck_case_event_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_case_event_kind"), _AFTER)
