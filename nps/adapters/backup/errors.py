"""What can go wrong with a copy, as sentences for the administrator."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from nps.domain.errors import DomainError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BackupError(DomainError):
    """A copy can't be made, read or put back."""


def bad_archive(why: str) -> BackupError:
    """The file is not a copy that this program made, or not all of it."""
    return BackupError("bad_archive", f"Копия испорчена или это не копия системы: {why}. Возьмите другую копию.")


@contextmanager
def disk_troubles(what: str) -> Iterator[None]:
    """Turn a refusal of the disk into a sentence that begins with `what`."""
    try:
        yield
    except OSError as error:
        full = error.errno in _NO_SPACE
        code, why = ("disk_full", "на диске нет места") if full else ("disk", error.strerror or str(error))
        raise BackupError(code, f"{what}: {why}.") from error
    except OperationalError as error:
        said = str(error.orig).splitlines()[0]
        raise BackupError("database", f"{what}: база данных не отвечает ({said}).") from error
    except sqlite3.Error as error:
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        code, why = ("disk_full", "на диске нет места") if full else ("database", f"база данных: {error}")
        raise BackupError(code, f"{what}: {why}.") from error
