"""A telephone of the exchange belongs to one person: events of its calls were given to the wrong one."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_INDEX = "uq_user_account_extension"


def upgrade() -> None:
    # Of several who have the same one, whoever works here longest keeps it; the others dial by hand until it is told.
    op.execute(
        "UPDATE user_account SET extension = '' WHERE extension <> '' AND EXISTS ("
        "SELECT 1 FROM user_account other WHERE other.extension = user_account.extension AND other.id < user_account.id)"
    )
    given = sa.text("extension <> ''")
    op.create_index(_INDEX, "user_account", ["extension"], unique=True, sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="user_account")
