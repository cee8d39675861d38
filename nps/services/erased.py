"""Whether somebody's data is destroyed, asked so that the answer holds until what follows from it is written (R20)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from nps.models import CallAttempt, Erasure, Respondent
from nps.services.transaction import AnySession


def is_erased(s: Session, respondent_id: int) -> bool:
    """Inside the writing transaction, which an act of erasing then waits for; False for a client there is none of.

    PostgreSQL: FOR SHARE, so that several may write about one client. SQLite writes one at a time.
    """
    row = select(Respondent.erased_at).where(Respondent.id == respondent_id).with_for_update(read=True)
    return s.scalar(row) is not None


def is_call_erased(s: Session, attempt_id: UUID) -> bool:
    """`is_erased` of the client of a call."""
    whose = s.scalar(select(CallAttempt.respondent_id).where(CallAttempt.id == attempt_id))
    return whose is not None and is_erased(s, whose)


def last_act(session: AnySession) -> int:
    """The number of the newest act, 0 before the first: what began before it may hold what it destroyed."""
    return session.execute(select(func.coalesce(func.max(Erasure.id), 0))).scalar_one()


def lock_clients(s: Session, which: ColumnElement[bool]) -> None:
    """For an act: whoever is writing about the clients is waited for, whoever comes after finds them erased.

    Their calls first (ADR 54).
    """
    whose = select(Respondent.id).where(which)
    calls = select(CallAttempt.id).where(CallAttempt.respondent_id.in_(whose)).order_by(CallAttempt.id)
    s.execute(calls.with_for_update(key_share=True)).all()
    s.execute(select(Respondent.id).where(which).order_by(Respondent.id).with_for_update(key_share=True)).all()
