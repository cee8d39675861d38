"""Which failures of the database pass by themselves or by an administrator's hand, and what people are told of them.

Nothing of the failed transaction is written, so whoever is told may simply send the same form again.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

FULL = "На сервере кончилось место на диске, ничего не записано. Сообщите администратору и повторите."
BUSY = "База данных занята, ничего не записано. Повторите через несколько секунд."
AWAY = "База данных не отвечает, ничего не записано. Повторите через несколько секунд."

_SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_IOERR: AWAY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
}
#: SQLSTATEs of PostgreSQL (its manual, appendix A): by the code, else by its class.
_POSTGRES = {
    "53100": FULL,
    "40001": BUSY,
    "40P01": BUSY,
    "55P03": BUSY,
    "25P03": BUSY,
    "53": BUSY,
    "08": AWAY,
    "57": AWAY,
}


def is_lost_race(error: BaseException) -> bool:
    """Whether another transaction was in the way in such a manner that the same act may go well the next time."""
    return is_taken(error) or (isinstance(error, DBAPIError) and _state(error) in ("40001", "40P01"))


def is_taken(error: BaseException) -> bool:
    """Whether somebody else has just written the like of a row that was to be written, or taken away the one meant."""
    if isinstance(error, StaleDataError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return _state(error) == "23505"


def _state(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def sentence(error: BaseException) -> str | None:
    """What to tell about the failure; None when it is none of the database's state, a mistake of ours say."""
    if isinstance(error, PoolTimeout):
        return BUSY
    if not isinstance(error, DBAPIError):
        return None
    original = error.orig
    if isinstance(original, sqlite3.Error):
        with suppress(AttributeError):  # an error of the driver itself has no code
            return _SQLITE.get(original.sqlite_errorcode & 0xFF)
        return None
    state = _state(error)
    if state is None:
        # Without an answer of the server there is no code: the connection was refused or cut.
        return AWAY if error.connection_invalidated or type(original).__name__ == "OperationalError" else None
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2])
