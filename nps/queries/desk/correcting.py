"""What decides whether an operator may still correct the result of his last call, read at once (§4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from nps.domain.correcting import LastCall, Word, why_not_corrected
from nps.domain.desk import Heard
from nps.models import (
    AttemptOutcome,
    CallAttempt,
    Campaign,
    CaseEvent,
    ClaimKey,
    Respondent,
    RespondentPhone,
    Shift,
    User,
)
from nps.queries.desk.card import short_name
from nps.queries.numbers import is_live

#: Words about a call that its operator may not take back.
_SAID_BY_OTHERS = ("manager", "review")
#: Acts of a manager that say what becomes of the client.
_DECISIONS = ("reopened", "returned", "refused", "withdrawn")


def last_call(session: Session, operator_id: int) -> UUID | None:
    """The operator's last call, whatever became of it."""
    return session.scalar(
        select(CallAttempt.id)
        .where(CallAttempt.operator_id == operator_id)
        .order_by(CallAttempt.dialled_at.desc(), CallAttempt.closed_at.is_(None).desc())
        .limit(1)
    )


def why_not(session: Session, operator_id: int, attempt_id: UUID, now: datetime) -> str:
    """Why this operator may not correct the result of this call any more, in a sentence; '' while he may."""
    return why_not_corrected(_facts(session, operator_id, attempt_id, now))


def heard_before(session: Session, attempt: CallAttempt) -> Heard:
    """What the line had told of a settled call before its result: an answer that only the result says is none."""
    words = select(AttemptOutcome.effects).where(AttemptOutcome.attempt_id == attempt.id)
    done = session.scalar(words.order_by(AttemptOutcome.n.desc()).limit(1)) or {}
    told = attempt.answered_at is not None and not (done.get("answered") and attempt.source != "exchange")
    return Heard(told, timedelta(milliseconds=attempt.ring_ms))


def _facts(session: Session, operator_id: int, attempt_id: UUID, now: datetime) -> LastCall | None:
    """One statement, so that page and act see the same; None for a call that is not this operator's."""
    later, held, mine = aliased(CallAttempt), aliased(User), CallAttempt.operator_id == operator_id
    # Of two calls of one instant the one that goes on is the later.
    at_once = and_(later.dialled_at == CallAttempt.dialled_at, later.id != attempt_id, later.closed_at.is_(None))
    since = or_(later.dialled_at > CallAttempt.dialled_at, at_once)
    word = (
        select(AttemptOutcome.source, AttemptOutcome.at)
        .where(AttemptOutcome.attempt_id == attempt_id)
        .order_by(AttemptOutcome.n.desc())
        .limit(1)
        .subquery()
    )
    decided = exists().where(
        CaseEvent.respondent_id == CallAttempt.respondent_id,
        CaseEvent.kind.in_(_DECISIONS),
        CaseEvent.at >= word.c.at,
        CaseEvent.by != operator_id,
    )
    row = session.execute(
        select(
            CallAttempt,
            Campaign.closed_at,
            Respondent.erased_at,
            Respondent.state,
            word.c.source,
            decided.label("decided"),
            exists().where(later.operator_id == operator_id, since).label("dialled"),
            exists().where(later.respondent_id == CallAttempt.respondent_id, since).label("called"),
            _of_shift(operator_id).label("of_shift"),
            held.full_name.label("holder"),
            _on_phone(operator_id, now).label("on_phone"),
        )
        .join(Campaign, Campaign.id == CallAttempt.campaign_id)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .outerjoin(word, literal(True))
        .outerjoin(held, and_(held.id == Respondent.held_by, held.id != operator_id, _is_held(now)))
        .where(CallAttempt.id == attempt_id, mine)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    attempt: CallAttempt = row[0]
    return LastCall(
        is_settled=attempt.closed_at is not None,
        is_last=not row.dialled,
        of_shift=row.of_shift,
        word=Word.MANAGER if row.source in _SAID_BY_OTHERS else Word.OPERATOR,
        is_handed_over=attempt.handed_over_at is not None,
        is_closed=row.closed_at is not None,
        is_erased=row.erased_at is not None,
        is_withdrawn=row.state == "withdrawn",
        decided=bool(row.decided),
        called_since=row.called,
        holder=short_name(row.holder) if row.holder else "",
        on_phone=short_name(row.on_phone) if row.on_phone else "",
    )


def _is_held(now: datetime) -> ColumnElement[bool]:
    """A client shown whose lease is over is nobody's."""
    return or_(Respondent.held_until.is_(None), Respondent.held_until >= now)


def _of_shift(operator_id: int) -> ColumnElement[bool]:
    return exists().where(
        Shift.user_id == operator_id,
        Shift.ended_at.is_(None),
        Shift.campaign_id == CallAttempt.campaign_id,
        Shift.started_at <= CallAttempt.dialled_at,
    )


def _on_phone(operator_id: int, now: datetime) -> ColumnElement[str | None]:
    """Who has a number of the client in use on another client's row; a card he himself is shown goes back anyway."""
    other = aliased(Respondent)
    lapsed = and_(other.held_until.is_not(None), or_(other.held_until < now, other.held_by == operator_id))
    return (
        select(User.full_name)
        .join(ClaimKey, ClaimKey.operator_id == User.id)
        .join(RespondentPhone, literal("p:") + RespondentPhone.e164 == ClaimKey.key)
        .join(other, other.id == ClaimKey.respondent_id)
        .where(RespondentPhone.respondent_id == CallAttempt.respondent_id)
        .where(or_(is_live(), RespondentPhone.id == CallAttempt.phone_id))
        .where(other.id != CallAttempt.respondent_id, ~lapsed)
        .limit(1)
        .correlate(CallAttempt)
        .scalar_subquery()
    )
