"""After a restore the database believes in the moment of its copy; what happened since is known to nobody.

A letter that waited then may have been sent since: it waits for a person instead, and nothing is sent twice. What the
queue in Redis still says is only a nudge: `letters.send` finds a held letter not due, and a number that has been given
anew a letter that is due anyway or is not; the text and the Message-ID are the row's own, never the job's. Reminders
are written under a unique key. A session that was ended since would be alive again: all are ended.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Update, update

from nps.models import Outbox, UserSession
from nps.services.journal import record
from nps.services.transaction import AnySession, write

HELD = "После восстановления из копии: проверьте, пришло ли письмо, и если нет, отправьте ещё раз."


class HeldBack(NamedTuple):
    """How many letters wait for a person now, and how many sessions were ended."""

    letters_held: int
    sessions_ended: int


def hold_back(session: AnySession, made_at: str, now: datetime) -> HeldBack:
    """Hold what could be sent a second time, end all sessions, and write down that the system was restored.

    `made_at`: when the copy was made, ISO 8601. Letters that stay inside the house go on: nobody receives them twice.
    """
    in_doubt = Outbox.state.in_(("waiting", "sending")) | Outbox.next_try_at.is_not(None)
    hold = (
        update(Outbox)
        .where(Outbox.outside, in_doubt)
        .values(state="unknown", phase="", next_try_at=None, lease_token=None, lease_until=None, server_said=HELD)
        .returning(Outbox.id)
    )
    end = update(UserSession).where(UserSession.revoked_at.is_(None)).values(revoked_at=now).returning(UserSession.id)
    with write(session) as s:
        held = HeldBack(_count(s, hold), _count(s, end))
        record(s, at=now, action="restored", object_kind="backup", object_id=made_at[:16], after=held._asdict())
    return held


def _count(s: Any, statement: Update) -> int:
    return len(s.scalars(statement.execution_options(synchronize_session=False)).all())
