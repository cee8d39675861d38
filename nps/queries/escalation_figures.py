"""Figures of a campaign's escalations: what waits now, and how fast letters arrived and clients were answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from nps.domain.answer_terms import AnswerTerms
from nps.domain.escalation import UNANSWERED, State
from nps.models import AnswerTerms as Row
from nps.models import Escalation, Outbox
from nps.queries.escalations import for_a_person


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the specialist: nobody's, in work, over the deadline; letters that need a person."""

    new: int
    taken: int
    overdue: int
    troubled: int

    @property
    def any(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.new or self.taken or self.overdue or self.troubled)


@dataclass(frozen=True, slots=True)
class Course:
    """How escalations went, for the reports.

    delivered: letters the server took. `*_s`: medians in seconds of plain time from the operator's press, None without
    any. in_time and due: answered before their deadline, of those that have one and are answered or over it. overdue:
    still in work after their deadline.
    """

    total: int
    delivered: int
    taken: int
    answered: int
    delivered_s: float | None
    taken_s: float | None
    answered_s: float | None
    in_time: int
    due: int
    overdue: int


def terms_of(session: Session, campaign_id: int) -> AnswerTerms:
    """The terms of a campaign; without any, everything is off."""
    row = session.get(Row, campaign_id)
    if row is None:
        return AnswerTerms()
    return AnswerTerms(
        within_h=row.within_h, opens=row.opens, closes=row.closes, zone=row.zone,
        remind_before_min=row.remind_before_min, digest_at=row.digest_at,
    )  # fmt: skip


def waiting(session: Session, campaign_id: int, at: datetime) -> Waiting:
    """What was raised before `at` (aware) and still waits."""
    raised = Escalation.campaign_id == campaign_id, Escalation.created_at <= at
    row = session.execute(
        select(
            func.count().filter(Escalation.state == State.OPEN).label("new"),
            func.count().filter(Escalation.state == State.TAKEN).label("taken"),
            func.count().filter(Escalation.state.in_(UNANSWERED), Escalation.due_at <= at).label("overdue"),
        ).where(*raised)
    ).one()
    troubled = select(func.count()).where(
        Outbox.campaign_id == campaign_id, Outbox.kind == "escalation", Outbox.created_at <= at, for_a_person()
    )
    return Waiting(row.new, row.taken, row.overdue, session.scalar(troubled) or 0)


def course(session: Session, campaign_id: int, now: datetime, *among: ColumnElement[bool]) -> Course:
    """The course of a campaign's escalations, or of those `among` them; those of training are left out (R9)."""
    rows = session.execute(
        select(
            Escalation.created_at, Escalation.taken_at, Escalation.answered_at, Escalation.due_at,
            Escalation.state.in_(UNANSWERED).label("working"), Outbox.sent_at, Outbox.state,
        )
        .outerjoin(Outbox, (Outbox.kind == "escalation") & (Outbox.subject_id == Escalation.id))
        .where(Escalation.campaign_id == campaign_id, Escalation.purpose != "training", *among)
    ).all()  # fmt: skip
    delivered = [row.sent_at - row.created_at for row in rows if row.state == "sent" and row.sent_at]
    taken = [row.taken_at - row.created_at for row in rows if row.taken_at]
    answered = [row.answered_at - row.created_at for row in rows if row.answered_at]
    due = [row for row in rows if row.due_at and (row.answered_at or row.due_at <= now)]
    return Course(
        total=len(rows),
        delivered=len(delivered),
        taken=len(taken),
        answered=len(answered),
        delivered_s=_median_s(delivered),
        taken_s=_median_s(taken),
        answered_s=_median_s(answered),
        in_time=sum(1 for row in due if row.answered_at and row.answered_at <= row.due_at),
        due=len(due),
        overdue=sum(1 for row in due if row.working and row.due_at <= now),
    )


def _median_s(times: Sequence[timedelta]) -> float | None:
    return median(time.total_seconds() for time in times) if times else None
