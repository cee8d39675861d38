"""What the database's planner knows of its tables, brought up to date after they have grown at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)


def refresh(engine: Engine, tables: Sequence[str]) -> None:
    """Count the tables' contents anew, in a transaction of its own for each; what can't be counted now is left.

    PostgreSQL: autoanalyze wants fifty changes of a table and a minute; on the first day of a database it plans by
    guesses for hours. SQLite: not needed, its queue is read by an index whatever is known of it.
    """
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.exec_driver_sql(f'ANALYZE "{table}"')
    except DBAPIError as error:
        # Somebody rewrites a table, or the database goes down: the guesses serve until autoanalyze comes.
        log.warning("statistics are not refreshed: %s", type(error.orig).__name__)
