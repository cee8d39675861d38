"""What decides whether an operator may still correct the result of his last call, read at once (§4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, Uuid, and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from nps.domain.correcting import LastCall, Word, why_not_corrected
from nps.domain.desk import Heard
from nps.domain.wording import short_name
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
from nps.models.types import UtcDateTime
from nps.queries.numbers import is_live

#: Words about a call that its operator may not take back.
_SAID_BY_OTHERS = ("manager", "review")
#: Acts of a manager that say what becomes of the client.
_DECISIONS = ("reopened", "returned", "refused", "withdrawn")


def last_call(session: Session, operator_id: int, now: datetime) -> tuple[CallAttempt | None, str]:
    """The operator's last call, None without one, and why he may not correct its result; '' while he may."""
    row = _read(session, operator_id, None, now)
    return (row[0] if row else None), why_not_corrected(_facts(row))


def why_not(session: Session, operator_id: int, attempt_id: UUID, now: datetime) -> str:
    """Why this operator may not correct the result of this call any more, in a sentence; '' while he may."""
    return why_not_corrected(_facts(_read(session, operator_id, attempt_id, now)))


def heard_before(attempt: CallAttempt, effects: dict[str, Any]) -> Heard:
    """What the line had told of a settled call before its result: an answer that only the result says is none.

    `effects` are those of the last word about the call.
    """
    told = attempt.answered_at is not None and not (effects.get("answered") and attempt.source != "exchange")
    return Heard(told, timedelta(milliseconds=attempt.ring_ms))


_ME: BindParameter[int] = bindparam("operator", type_=CallAttempt.__table__.c.operator_id.type)
_NOW: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
_latest, _later, _holder = aliased(CallAttempt), aliased(CallAttempt), aliased(User)
_last_id = (
    select(_latest.id)
    .where(_latest.operator_id == _ME)
    .order_by(_latest.dialled_at.desc(), _latest.closed_at.is_(None).desc())
    .limit(1)
    .scalar_subquery()
)
# Of two calls of one instant the one that goes on is the later.
_at_once = and_(_later.dialled_at == CallAttempt.dialled_at, _later.id != CallAttempt.id, _later.closed_at.is_(None))
_since = or_(_later.dialled_at > CallAttempt.dialled_at, _at_once)


def _last_word(column: Any) -> Any:
    word = select(column).where(AttemptOutcome.attempt_id == CallAttempt.id).order_by(AttemptOutcome.n.desc())
    return word.limit(1).correlate(CallAttempt).scalar_subquery()


def _is_held() -> ColumnElement[bool]:
    """A client shown whose lease is over is nobody's."""
    return or_(Respondent.held_until.is_(None), Respondent.held_until >= _NOW)


def _of_shift() -> ColumnElement[bool]:
    return exists().where(
        Shift.user_id == _ME,
        Shift.ended_at.is_(None),
        Shift.campaign_id == CallAttempt.campaign_id,
        Shift.started_at <= CallAttempt.dialled_at,
    )


def _on_phone() -> ColumnElement[str | None]:
    """Who has a number of the client in use on another client's row; a card he himself is shown goes back anyway."""
    other = aliased(Respondent)
    lapsed = and_(other.held_until.is_not(None), or_(other.held_until < _NOW, other.held_by == _ME))
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


_decided = exists().where(
    CaseEvent.respondent_id == CallAttempt.respondent_id,
    CaseEvent.kind.in_(_DECISIONS),
    CaseEvent.at >= _last_word(AttemptOutcome.at),
    CaseEvent.by != _ME,
)
#: One statement, so that page and act see the same.
_FACTS = (
    select(
        CallAttempt,
        Campaign.closed_at,
        Respondent,
        _last_word(AttemptOutcome.source).label("source"),
        _decided.label("decided"),
        exists().where(_later.operator_id == _ME, _since).label("dialled"),
        exists().where(_later.respondent_id == CallAttempt.respondent_id, _since).label("called"),
        _of_shift().label("of_shift"),
        _holder.full_name.label("holder"),
        _on_phone().label("on_phone"),
    )
    .join(Campaign, Campaign.id == CallAttempt.campaign_id)
    .join(Respondent, Respondent.id == CallAttempt.respondent_id)
    .outerjoin(_holder, and_(_holder.id == Respondent.held_by, _holder.id != _ME, _is_held()))
    .where(
        CallAttempt.id == func.coalesce(bindparam("attempt", type_=Uuid()), _last_id), CallAttempt.operator_id == _ME
    )
)


def _read(session: Session, operator_id: int, attempt_id: UUID | None, now: datetime) -> Row[*tuple[Any, ...]] | None:
    """What is true of this call, of the last one for None; None for a call that is not this operator's."""
    binds = {"operator": operator_id, "attempt": attempt_id, "now": now}
    return session.execute(_FACTS, binds, execution_options={"populate_existing": True}).one_or_none()


def _facts(row: Row[*tuple[Any, ...]] | None) -> LastCall | None:
    if row is None:
        return None
    attempt, client = row.CallAttempt, row.Respondent
    return LastCall(
        is_settled=attempt.closed_at is not None,
        is_last=not row.dialled,
        of_shift=row.of_shift,
        word=Word.MANAGER if row.source in _SAID_BY_OTHERS else Word.OPERATOR,
        is_handed_over=attempt.handed_over_at is not None,
        is_closed=row.closed_at is not None,
        is_erased=client.erased_at is not None,
        is_withdrawn=client.state == "withdrawn",
        decided=bool(row.decided),
        called_since=row.called,
        holder=short_name(row.holder) if row.holder else "",
        on_phone=short_name(row.on_phone) if row.on_phone else "",
    )
