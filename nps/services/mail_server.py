"""Whether the mail server takes letters: after two failures in a row one letter is its probe, the others wait.

It fails when it is away, and when it refuses our house: login, sender, relaying, limits (`domain.mail_answer`).

So a server that hangs holds nobody for longer than one letter's time. The row is the only memory: worker and sweeper
are different processes, and each letter is sent in a process of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nps.adapters.mail import Result, Unknown, Unreachable
from nps.domain.actor import Actor
from nps.models import MailServer, Outbox
from nps.queries.escalations import SERVER_DOWN_AFTER
from nps.services.acting import act
from nps.services.transaction import AnySession

PROBE_EVERY = timedelta(minutes=1)
#: A server that has been failing for long is asked more seldom: failures -> minutes between two probes.
_GROWING = ((7, 1), (12, 5))
_SELDOM_MIN = 15


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
    if row.failures >= SERVER_DOWN_AFTER:
        minutes = next((minutes for most, minutes in _GROWING if row.failures <= most), _SELDOM_MIN)
        row.probe_at = now + timedelta(minutes=minutes)
    s.flush()


def probe_now(session: AnySession, actor: Actor, now: datetime) -> int | None:
    """Try the server at once, with the letter that has waited longest; its id, None when nothing waits for it.

    For whoever has put something right and does not want to wait for the next probe.
    """
    with act(session, actor.id, now) as a:
        row = a.s.scalar(select(MailServer).with_for_update().execution_options(populate_existing=True))
        waiting = select(Outbox).where(Outbox.state == "waiting", Outbox.outside).order_by(Outbox.id).limit(1)
        letter = a.s.scalars(
            waiting.with_for_update(key_share=True), execution_options={"populate_existing": True}
        ).first()
        if row is None or row.failures < SERVER_DOWN_AFTER or letter is None:
            return None
        row.probe_at = letter.next_try_at = now
        a.record("mail_server_probed", "letter", letter.id, campaign_id=letter.campaign_id)
        return letter.id
