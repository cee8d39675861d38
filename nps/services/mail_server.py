"""Whether the mail server answers: after two failures in a row one letter a minute is its probe, the others wait.

So a server that hangs holds nobody for longer than one letter's time. The row is the only memory: worker and sweeper
are different processes, and each letter is sent in a process of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nps.adapters.mail import Result, Unknown, Unreachable
from nps.models import MailServer, Outbox
from nps.queries.escalations import SERVER_DOWN_AFTER

PROBE_EVERY = timedelta(minutes=1)


def is_down(s: Session) -> bool:
    """Whether letters wait for a probe to succeed."""
    return (s.scalar(select(MailServer.failures)) or 0) >= SERVER_DOWN_AFTER


def probe_is_due(s: Session, now: datetime) -> bool:
    """Whether one letter may be tried although the server is down."""
    at = s.scalar(select(MailServer.probe_at))
    return at is None or at <= now


def lock(s: Session) -> None:
    """Take the row of the server, before any letter's: the one order in which the two are locked. Inside a write."""
    s.execute(select(MailServer.id).with_for_update())


def admit(s: Session, now: datetime) -> bool:
    """Whether a letter may be tried now; when the server is down this takes the minute's probe. Inside a write."""
    row = s.scalar(select(MailServer).with_for_update().execution_options(populate_existing=True))
    if row is None or row.failures < SERVER_DOWN_AFTER:
        return True
    if row.probe_at is not None and row.probe_at > now:
        return False
    row.probe_at = now + PROBE_EVERY
    s.flush()
    return True


def learn(s: Session, result: Result, now: datetime) -> None:
    """Write down what a try has shown of the server; inside a write.

    Once it answers again, letters that found no server are due at once: their delays were for its sake.
    """
    if isinstance(result, Unreachable | Unknown):
        _failed(s, result.words, now)
        return
    answered = s.scalar(
        update(MailServer)
        .where(MailServer.failures > 0)
        .values(failures=0, failing_since=None, probe_at=None, said="")
        .returning(MailServer.id)
        .execution_options(synchronize_session=False)
    )
    if answered is not None:
        waiting = Outbox.unreached, Outbox.state == "waiting", Outbox.next_try_at > now
        s.execute(select(Outbox.id).where(*waiting).order_by(Outbox.id).with_for_update(key_share=True)).all()
        s.execute(update(Outbox).where(*waiting).values(next_try_at=now).execution_options(synchronize_session=False))


def _failed(s: Session, words: str, now: datetime) -> None:
    dialect = postgresql if s.get_bind().dialect.name == "postgresql" else sqlite
    s.execute(dialect.insert(MailServer).values(id=1, failures=0, said="").on_conflict_do_nothing())
    row = s.execute(select(MailServer).with_for_update().execution_options(populate_existing=True)).scalar_one()
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.said = words[:500]
    if row.failures == SERVER_DOWN_AFTER:
        row.probe_at = now + PROBE_EVERY
    s.flush()
