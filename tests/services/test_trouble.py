"""Which failures of the database are told as passing, by the engines' own codes."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nps.services import trouble


def raised(original: Exception, **given: bool) -> DBAPIError:
    return DBAPIError("INSERT", None, original, **given)


def sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("words differ from version to version")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (raised(errors.DiskFull()), trouble.FULL),
        (raised(errors.LockNotAvailable()), trouble.BUSY),
        (raised(errors.DeadlockDetected()), trouble.BUSY),
        (raised(errors.TooManyConnections()), trouble.BUSY),
        (raised(errors.AdminShutdown()), trouble.AWAY),
        (raised(errors.CannotConnectNow()), trouble.AWAY),
        (raised(psycopg.OperationalError("connection refused")), trouble.AWAY),
        (raised(psycopg.InterfaceError("the connection is closed"), connection_invalidated=True), trouble.AWAY),
        (raised(errors.UndefinedTable()), None),
        (raised(errors.UniqueViolation()), None),
        (raised(errors.StringDataRightTruncation()), None),
        (raised(sqlite(sqlite3.SQLITE_FULL)), trouble.FULL),
        (raised(sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT)), trouble.BUSY),
        (raised(sqlite(sqlite3.SQLITE_IOERR_WRITE)), trouble.AWAY),
        (raised(sqlite(sqlite3.SQLITE_ERROR)), None),
        (raised(sqlite3.OperationalError("of the driver itself")), None),
        (PoolTimeout(), trouble.BUSY),
        (InvalidRequestError(), None),
        (ValueError(), None),
    ],
    ids=repr,
)
def test_only_what_passes_is_told_as_passing(error: Exception, told: str | None) -> None:
    assert trouble.sentence(error) == told
