"""Runs migrations inside the application's engine.

SQLite rebuilds a table to alter it. Foreign keys are off meanwhile (a rebuilt parent would otherwise touch its
children), checked afterwards, and the row counts of all tables are compared: a migration that lost rows is rolled
back.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, inspect

from nps.extensions import WRITING, db
from nps.models.types import UtcDateTime
from nps.models.views import VIEWS


class MigrationError(Exception):
    """A migration did harm and was rolled back. Not a RuntimeError: Flask-Migrate turns those into a silent exit."""


def render_item(kind, item, autogen_context):
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen_context.imports.add("from nps.models.types import UtcDateTime")
        return "UtcDateTime()"
    return False


def row_counts(connection: Connection) -> dict[str, int]:
    return {
        table: connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').scalar_one()
        for table in inspect(connection).get_table_names()
        if table != "alembic_version"
    }


def check(connection: Connection, before: dict[str, int]) -> None:
    """Raise when a table that still exists holds fewer rows than before, or a SQLite foreign key points nowhere."""
    lost = {name: (n, after) for name, after in row_counts(connection).items() if (n := before.get(name, 0)) > after}
    if lost:
        raise MigrationError(f"the migration lost rows: {lost}")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise MigrationError(f"the migration broke foreign keys: {broken[:5]}")


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=False,
        **{
            key: value
            for key, value in current_app.extensions["migrate"].configure_args.items()
            if key not in ("render_as_batch", "compare_type")
        },
    )
    if context.get_context().get_current_heads() == context.script.get_heads():
        return
    before = row_counts(connection)
    for view in VIEWS:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view}")
    context.run_migrations()
    for view, select in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {view} AS {select}")
    check(connection, before)


def main() -> None:
    """Migrate the connection of the caller, who has a transaction open on it, or the application's database."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    engine = db.engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # Outside of a transaction: the pragma is silently ignored inside one.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.execution_options(**{WRITING: True}).begin():
                run(connection)
        finally:
            if sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("migrations run online only: they compare row counts")
main()
