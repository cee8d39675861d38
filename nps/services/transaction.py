"""The one way to write: a transaction that holds the write lock from its first statement."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from nps.extensions import WRITING
from nps.services import form_keys

AnySession = Session | scoped_session[Any]

_OPEN = "nps_write_open"
#: Whether the writing transaction that runs has taken the claim lock.
_CLAIMS_LOCKED = "nps_claims_locked"
#: One lock for all campaigns, since a phone can be in two.
_CLAIM_LOCK = text("SELECT pg_advisory_xact_lock(7051260)")
#: Longer than several looks of whoever waits for SQLite's write lock (`nps.extensions`).
_GIVE_WAY_S = 0.01
_COMMITTED = "nps_committed"


def has_committed(session: AnySession) -> bool:
    """Whether anything was written with this session (of a request: by this request)."""
    real = session() if isinstance(session, scoped_session) else session
    return bool(real.info.get(_COMMITTED))


def begin_act(session: Session) -> None:
    """What was written until now, that its person is at work say, is none of the act that begins."""
    session.info[_COMMITTED] = False


@contextmanager
def write(session: AnySession, *, counts: bool = True) -> Iterator[Session]:
    """Run the block in one writing transaction; commits at its end, rolls back on any exception.

    The request's read transaction (Flask-Login has begun one by then) ends first: upgrading it would fail at once
    with "database is locked" while another writer is at work, because SQLite does not wait in that case. A write
    inside a write is a programming error.

    The first of a request's writes belongs to its form (`form_keys.counting`): SentAgain when it came before. One that
    only makes ready for the act does not count (`counts=False`): the act may still be refused.
    """
    real = session() if isinstance(session, scoped_session) else session
    if real.info.get(_OPEN):
        raise RuntimeError("a service opened a transaction inside another one")
    real.rollback()
    real.info[_OPEN] = True
    try:
        real.connection(execution_options={WRITING: True})
        if counts:
            form_keys.take(real)
        yield real
        if counts:
            form_keys.told(real)
        real.commit()
        real.info[_COMMITTED] = True
    except BaseException:
        real.rollback()
        raise
    finally:
        real.info[_OPEN] = real.info[_CLAIMS_LOCKED] = False


def lock_claims(session: Session) -> None:
    """Make this transaction the only one that gives clients out, takes them back or folds cases; its first statement.

    SQLite: BEGIN IMMEDIATE has done it. PostgreSQL: a lock of its own statement, so that the next statement's
    snapshot sees every holder. What was read before it may be old: see `require_claims`.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_CLAIM_LOCK)
    session.info[_CLAIMS_LOCKED] = True


def require_claims(session: Session) -> None:
    """Refuse to write a hold or a fold in a transaction that has not taken the claim lock, on either engine.

    Without it the write may come after another's commit: a client who is being dialled was torn off his operator so.
    """
    if not session.info.get(_CLAIMS_LOCKED):
        raise RuntimeError("a hold or a fold is written without lock_claims(): take it first in this transaction")


def in_turns(session: AnySession, step: Callable[[], bool], most: int | None = None) -> bool:
    """Repeat a short transaction until it says that nothing is left, `most` times at the most; whether something is.

    Others write in between. PostgreSQL's locks are given in turn; on SQLite, where whoever waits looks again every few
    milliseconds, this steps back for a moment.
    """
    turns = 0
    while step():
        turns += 1
        if turns == most:
            return True
        if session.get_bind().dialect.name == "sqlite":
            time.sleep(_GIVE_WAY_S)
    return False
