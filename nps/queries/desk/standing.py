"""What stands beside the call: the operator's day, pause and promises, and the contract's minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.budget import Budget
from nps.domain.desk import PAUSE_REASONS
from nps.domain.disposition import INTERVIEWS, REFUSALS
from nps.domain.local_time import clock, date_words, to_local, weekday_short
from nps.domain.wording import duration
from nps.models import Appointment, CallAttempt, Pause, Region, Respondent, Shift
from nps.queries.call_queue import in_nobodys_hands
from nps.queries.desk.views import BudgetView, OperatorView, PauseView, PromiseView

#: A promise is shown from so long before its time to so long after it.
_NEAR = timedelta(hours=12)


def operator_view(session: Session, actor: Actor, shift: Shift | None, office_zone: str, now: datetime) -> OperatorView:
    """Who sits at the desk, and his own figures of this day of the office (requirements §3)."""
    local = to_local(now, office_zone)
    surveyed, refused, talk_ms, talks = session.execute(
        select(
            func.count().filter(CallAttempt.disposition.in_(INTERVIEWS)),
            func.count().filter(CallAttempt.disposition.in_(REFUSALS)),
            func.coalesce(func.sum(CallAttempt.talk_ms), 0),
            func.count().filter(CallAttempt.talk_ms > 0),
        ).where(
            CallAttempt.operator_id == actor.id,
            CallAttempt.operator_day == local.date(),
            CallAttempt.purpose != "training",
        )
    ).one()
    return OperatorView(
        spoken_name=shift.spoken_name if shift else actor.spoken_name,
        full_name=actor.full_name,
        gender=actor.gender,
        clock_text=f"{local:%H:%M}, {weekday_short(local.date())} {date_words(local.date())}",
        surveyed_today=surveyed,
        refused_today=refused,
        talk_today_text=duration(talk_ms // 1000),
        mean_talk_text=duration(talk_ms // talks // 1000) if talks else "—",
    )


def pause_view(session: Session, shift: Shift, office_zone: str) -> PauseView | None:
    """The pause the operator is on."""
    pause = session.scalars(select(Pause).where(Pause.shift_id == shift.id, Pause.ended_at.is_(None))).one_or_none()
    if pause is None:
        return None
    return PauseView(
        reason=pause.reason,
        label=PAUSE_REASONS[pause.reason],
        since_ms=int(pause.started_at.timestamp() * 1000),
        since_text=clock(pause.started_at, office_zone),
    )


def promises(session: Session, operator_id: int, office_zone: str, now: datetime) -> list[PromiseView]:
    """The calls the operator has promised for about now and nobody is making, the earliest first."""
    rows = session.execute(
        select(Appointment.at, Respondent.organisation, Region.zone)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(Appointment.owner_id == operator_id, Appointment.state == "open", in_nobodys_hands())
        .where(Appointment.at > now - _NEAR, Appointment.at <= now + _NEAR)
        .order_by(Appointment.at)
    )
    return [
        PromiseView(clock(at, office_zone), clock(at, zone or office_zone), organisation, is_due=at <= now)
        for at, organisation, zone in rows
    ]


def budget_view(budget: Budget) -> BudgetView | None:
    """The contract's minutes once 80 % of them are used, or no call may begin; None before (R6)."""
    decision = budget.decide()
    if decision.code == "ok":
        return None
    return BudgetView(
        code=decision.code,
        used_min=-(-budget.used_s // 60),
        left_min=decision.left_s // 60,
        limit_min=budget.limit_s // 60,
    )
